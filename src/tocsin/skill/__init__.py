"""What does an AI agent get? The Agent Skill folder `incident-response`, rendered from the SOP, scripts included."""
