"""How is somebody reached with no account anywhere? By the built-in inbox: the browser rings, the console says it."""
