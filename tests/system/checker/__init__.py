"""Did a run keep its promises? Evidence from outside against the invariants of the escalation engine, by number.

It shares no code with the server. Every check is turned against forged evidence in `test_checker.py`.
"""
