-- Backup and restore: what is held after a restoration; what of a delivery never changes, so that `verify` can prove it.

ALTER TABLE incidents ADD COLUMN held_at BIGINT;
CREATE INDEX incidents_held ON incidents (held_at) WHERE held_at IS NOT NULL;

ALTER TABLE outbox ADD COLUMN digest TEXT COLLATE "C";

-- Events of the first version have no hash. Every later one has: their count never grows.
INSERT INTO meta (name, value) SELECT 'unchained_events', CAST(count(*) AS TEXT) FROM events WHERE hash IS NULL;
