"""Who is on call? Rotations, rosters and business time. Pure: no clock, no I/O; instants aware UTC, intervals half-open."""
