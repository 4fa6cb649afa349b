"""Apprise: SMS, calls, push and chat through its library; sans I/O."""
