"""What is done in PagerDuty is known here: its webhooks are heard, its REST API is asked for what was missed."""
