"""How do people at a terminal talk to Tocsin? One module a command group; heavy parts are imported lazily."""
