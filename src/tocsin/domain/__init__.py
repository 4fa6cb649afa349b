"""What does a response do? Incidents, commands, events, decisions, deadlines. Pure: time and SOP are arguments."""
