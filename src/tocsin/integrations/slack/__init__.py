"""How is Slack spoken to? Channels, messages and direct messages go out by its Web API."""
