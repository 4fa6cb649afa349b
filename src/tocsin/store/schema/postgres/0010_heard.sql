-- What vendors have told already: the ids of webhooks and interactions, so that each is done once.

CREATE TABLE heard (
    source TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (source, id)
);
CREATE INDEX heard_at ON heard (at);
