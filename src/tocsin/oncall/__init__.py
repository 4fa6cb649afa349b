"""Who is on call? Rotations, rosters and business time. Pure: no clock, no I/O; instants UTC, intervals half-open."""
