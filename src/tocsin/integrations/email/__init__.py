"""E-mail: pages over SMTP, sans I/O."""
