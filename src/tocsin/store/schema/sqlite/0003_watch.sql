-- The watchman: what is looked at all the time is found by an index; jobs that must call; calls for help.

CREATE INDEX outbox_waiting ON outbox (provider, created_at) WHERE status = 'pending';
CREATE INDEX incidents_unwoken ON incidents (status, id) WHERE is_open = 1 AND wake_at IS NULL;
CREATE INDEX incidents_open_ids ON incidents (id) WHERE is_open = 1;
CREATE INDEX events_reaching ON events (at) WHERE kind IN ('step_fired', 'page_failed');

-- One row a job that must call: `excused_for` is our own downtime since its last call, in microseconds; `missed_at` is
-- when it was found missing, until it calls again.
CREATE TABLE monitors (
    name TEXT PRIMARY KEY,
    last_at INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    excused_for INTEGER NOT NULL,
    missed_at INTEGER
) WITHOUT ROWID;

-- Calls to the emergency contacts: until when nobody calls them again because of this alarm.
CREATE TABLE cries (
    alarm TEXT PRIMARY KEY,
    quiet_until INTEGER NOT NULL
) WITHOUT ROWID;
