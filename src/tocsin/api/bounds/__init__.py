"""What may a client cost us? Limits on connections, time, bytes, memory and nesting, kept before anything is parsed."""
