"""What follows from each command? One module a kind of command; `decide` brings them together."""
