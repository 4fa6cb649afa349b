-- What was done under a key that its sender chose, so that a request that comes again is done once.

CREATE TABLE done_once (
    sender TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    incident TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (sender, key)
) WITHOUT ROWID;
CREATE INDEX done_once_at ON done_once (at);

-- Who reads the audit log asks for one person, or for one incident.
CREATE INDEX audit_log_actor ON audit_log (actor, at);
CREATE INDEX audit_log_target ON audit_log (target, at);
