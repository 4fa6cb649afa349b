"""Slack's way in, sans I/O: what people say and press there, as values; dialogs to ask them for more."""
