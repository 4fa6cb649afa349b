-- Several nodes on one database: leases that end by themselves, one row an alert and incident, a chain of hashes.

ALTER TABLE outbox ADD COLUMN claimed_by TEXT;
ALTER TABLE outbox ADD COLUMN leased_until INTEGER;
ALTER TABLE outbox ADD COLUMN stopped_at INTEGER;
CREATE INDEX outbox_leased ON outbox (leased_until) WHERE status = 'leased';

-- Where the record ends: engine time goes on from there.
CREATE INDEX events_at ON events (at);
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE settled_at IS NOT NULL;

CREATE UNIQUE INDEX alerts_once ON alerts (fingerprint, incident);

ALTER TABLE events ADD COLUMN hash TEXT;

-- Who works on this database: each node tells of itself every few seconds, by the database's clock.
CREATE TABLE nodes (
    id TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    version TEXT NOT NULL,
    url TEXT NOT NULL,
    sop TEXT NOT NULL,
    providers TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) WITHOUT ROWID;

-- What came in and could not be taken because of a fault of ours: kept as it came, once a body.
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    body BLOB NOT NULL,
    error TEXT NOT NULL,
    times INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL
);
