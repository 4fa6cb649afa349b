"""The SOP as data: its types, loading, checking and rendering. Pure: no clock, no network, no database."""
