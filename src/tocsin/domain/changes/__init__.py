"""What does each event change? One module a topic; the table from event to function is in `domain/apply.py`."""
