"""What makes it run? The imperative shell: writer, waker, delivery workers; the only place with loops and a clock."""
