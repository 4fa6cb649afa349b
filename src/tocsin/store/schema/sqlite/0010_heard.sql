-- What vendors have told already: the ids of webhooks and interactions, so that each is done once.

CREATE TABLE heard (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (source, id)
) WITHOUT ROWID;
CREATE INDEX heard_at ON heard (at);
