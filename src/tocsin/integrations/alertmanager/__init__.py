"""How are Prometheus and its Alertmanager listened to? Alerts come in by the API v2 and by the webhook."""
