-- Who is on call instead; what may fire and wake nobody; which ways to a person work; where a word was written.

-- An override that was cancelled ends at that instant, or where it starts if it hadn't begun.
CREATE TABLE overrides (
    id INTEGER PRIMARY KEY,
    team TEXT NOT NULL,
    layer TEXT NOT NULL,
    person TEXT NOT NULL,
    instead_of TEXT,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    cancelled_at INTEGER,
    cancelled_by TEXT
);
CREATE INDEX overrides_end ON overrides (ends_at);

CREATE TABLE silences (
    id TEXT PRIMARY KEY,
    matchers TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    author TEXT NOT NULL,
    comment TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX silences_end ON silences (ends_at);

-- Firing alerts of no incident, each with the silence that keeps it from opening one: when that ends, it does.
CREATE TABLE muted (
    alert INTEGER PRIMARY KEY,
    silence TEXT NOT NULL
);
CREATE INDEX muted_by ON muted (silence);
-- Of two nodes that hear of a silenced alert at once, one remembers it.
CREATE UNIQUE INDEX alerts_of_no_incident ON alerts (fingerprint) WHERE incident IS NULL AND status = 'firing';

-- What can be found by its words, brought up to date some time after the events that it is taken from.
CREATE TABLE search_documents (
    id INTEGER PRIMARY KEY,
    incident TEXT NOT NULL,
    part TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    text TEXT NOT NULL,
    words TEXT NOT NULL
);
CREATE UNIQUE INDEX search_documents_once ON search_documents (incident, part);

CREATE VIRTUAL TABLE search_words USING fts5 (
    words, content = 'search_documents', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 0'
);
CREATE TRIGGER search_added AFTER INSERT ON search_documents BEGIN
    INSERT INTO search_words (rowid, words) VALUES (new.id, new.words);
END;
CREATE TRIGGER search_removed AFTER DELETE ON search_documents BEGIN
    INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', old.id, old.words);
END;
CREATE TRIGGER search_changed AFTER UPDATE ON search_documents BEGIN
    INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', old.id, old.words);
    INSERT INTO search_words (rowid, words) VALUES (new.id, new.words);
END;

-- What somebody is writing on a postmortem and has not put on record; `version` never goes back.
CREATE TABLE postmortem_drafts (
    incident TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    content TEXT,
    saved_at INTEGER NOT NULL,
    saved_by TEXT NOT NULL
) WITHOUT ROWID;
