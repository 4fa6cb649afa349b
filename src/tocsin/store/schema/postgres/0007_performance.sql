-- However much there is: what is asked for again and again is found by an index, in the order in which it is wanted.

-- What may leave next, the gravest first, then the newest; what is not due yet is passed over in the index.
CREATE INDEX outbox_urgent ON outbox (provider, rank, created_at DESC, id, due_at) WHERE status = 'pending';
CREATE INDEX outbox_gravest ON outbox (provider, due_at) WHERE status = 'pending' AND page IS NOT NULL AND rank = 1;

-- The lists of what is over, of what nobody has acknowledged, and of what is held.
CREATE INDEX incidents_ended ON incidents (opened_at) WHERE is_open = 0;
CREATE INDEX incidents_triggered ON incidents (severity_rank, opened_at) WHERE is_open = 1 AND status = 'triggered';
CREATE INDEX incidents_held_order ON incidents (severity_rank, opened_at) WHERE held_at IS NOT NULL;

-- What a pattern counts.
CREATE INDEX incidents_counted ON incidents (service, severity, opened_at) WHERE status != 'cancelled';
