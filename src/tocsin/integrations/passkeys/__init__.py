"""Passkeys: what browsers are asked for, and what authenticators answer (WebAuthn Level 3, https://www.w3.org/TR/webauthn-3/)."""
