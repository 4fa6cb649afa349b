-- Instants are integers: microseconds since 1970-01-01 UTC. JSON is text. Rows of events never change.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Every SOP version that an incident was opened under, by its content hash.
CREATE TABLE sop_versions (
    version TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    stored_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE incident_numbers (
    year INTEGER PRIMARY KEY,
    last INTEGER NOT NULL
) WITHOUT ROWID;

-- `state` is a cache of the fold of the incident's events; the other columns are read from it, for queries.
CREATE TABLE incidents (
    id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    is_open INTEGER NOT NULL,
    status TEXT NOT NULL,
    severity TEXT,
    severity_rank INTEGER NOT NULL,
    service TEXT NOT NULL,
    title TEXT NOT NULL,
    group_key TEXT,
    opened_at INTEGER NOT NULL,
    wake_at INTEGER,
    state TEXT NOT NULL
) WITHOUT ROWID;

-- At most one open incident for each group of alerts (invariant 3).
CREATE UNIQUE INDEX incidents_open_group ON incidents (group_key) WHERE is_open = 1 AND group_key IS NOT NULL;
CREATE INDEX incidents_wake ON incidents (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX incidents_open ON incidents (severity_rank, opened_at) WHERE is_open = 1;
CREATE INDEX incidents_by_age ON incidents (opened_at);
CREATE INDEX incidents_by_service ON incidents (service, opened_at);

CREATE TABLE events (
    incident TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    via TEXT NOT NULL,
    kind TEXT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (incident, seq)
) WITHOUT ROWID;

-- One row for each alert in each incident; the newest row of a fingerprint is the alert's present.
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    incident TEXT,
    status TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER,
    first_seen_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    received INTEGER NOT NULL,
    labels TEXT NOT NULL,
    annotations TEXT NOT NULL,
    generator_url TEXT NOT NULL
);
CREATE INDEX alerts_fingerprint ON alerts (fingerprint, id);
CREATE INDEX alerts_incident ON alerts (incident, status);

-- What is to be sent. A row is leased, sent, settled; never marked as sent before it is.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    incident TEXT NOT NULL,
    provider TEXT NOT NULL,
    lane TEXT NOT NULL,
    page TEXT,
    rank INTEGER NOT NULL,
    effect TEXT NOT NULL,
    status TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    settled_at INTEGER,
    note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outbox_due ON outbox (provider, due_at) WHERE status = 'pending';
CREATE INDEX outbox_lane ON outbox (lane, id);
CREATE INDEX outbox_page ON outbox (page) WHERE page IS NOT NULL;
CREATE INDEX outbox_incident ON outbox (incident);

-- What may leave once it is due: pending, and every earlier row of its lane is finished.
CREATE VIEW outbox_next AS
    SELECT id, provider, due_at, rank FROM outbox AS mine
    WHERE status = 'pending' AND NOT EXISTS (
        SELECT 1 FROM outbox AS earlier
        WHERE earlier.lane = mine.lane AND earlier.id < mine.id AND earlier.status IN ('pending', 'leased')
    );

CREATE TABLE tokens (
    hash TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
