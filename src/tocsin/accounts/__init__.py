"""Who may do what? The rules of accounts, sessions and tokens: pure, without I/O and without a clock."""
