"""Does Tocsin itself do its work? Alarms, readiness, figures, heartbeats, the auditor, the emergency contacts."""
