"""Tocsin: self-hosted incident response, run exactly as the organisation's SOP says."""

__version__ = "0.1.0"
