"""What does a response do? Incidents, commands, events, decisions and deadlines. Pure: time, SOP and roster are arguments."""
