"""The pages that people look at: rendered on the server, live, over the same questions and commands as the API."""
