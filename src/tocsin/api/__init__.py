"""How do programs talk to Tocsin? The HTTP API: v1 resources, and the doors that speak other products' protocols."""
