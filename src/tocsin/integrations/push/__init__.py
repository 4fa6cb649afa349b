"""Web Push: browsers that ring while no page of Tocsin's is open in them; sans I/O."""
