"""Who takes the pages when nobody shall be paged? Local stand-ins for PagerDuty and Slack, for the demo and the tests.

They share no code with `integrations/`: what they demand was written down from the vendors' documentation a second
time, so that a mistake has to be made twice to pass.
"""
