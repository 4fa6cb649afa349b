"""OpenID Connect, sans I/O: requests to an identity provider, and what its replies mean."""
