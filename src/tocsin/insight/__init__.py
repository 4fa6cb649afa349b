"""What does a record tell? Folds over timelines: durations, compliance, the postmortem draft."""
