"""What if a whole machine fails? Networks, disks, clocks and a PostgreSQL of three nodes that break on request."""
