"""How is it played through without anybody being paged? The sandbox vendors and the demo's story."""
