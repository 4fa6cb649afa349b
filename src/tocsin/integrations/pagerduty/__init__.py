"""How is PagerDuty spoken to? Pages go out by its Events API v2."""
