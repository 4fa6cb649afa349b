-- Accounts: who may sign in, their sessions and one-time links, what else a token may be; and what everybody did.

-- `email` is the one form in which addresses are compared; `person` is who they are in the SOP; `password` an argon2 hash.
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    person TEXT,
    role TEXT NOT NULL,
    password TEXT,
    issuer TEXT,
    subject TEXT,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER,
    signed_in_at INTEGER
);
CREATE UNIQUE INDEX accounts_identity ON accounts (issuer, subject) WHERE issuer IS NOT NULL;

-- Of secrets only hashes are kept.
CREATE TABLE sessions (
    hash TEXT PRIMARY KEY,
    account INTEGER NOT NULL,
    began_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_account ON sessions (account);

-- A link that works once: without an account it makes the first admin, else it sets that account's password.
CREATE TABLE links (
    hash TEXT PRIMARY KEY,
    account INTEGER,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Attempts to sign in that failed, by account and by address.
CREATE TABLE attempts (
    subject TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Tokens that people make: `scope` may hold several words then. Without `created_by` it is one of the files'.
ALTER TABLE tokens ADD COLUMN prefix TEXT;
ALTER TABLE tokens ADD COLUMN owner INTEGER;
ALTER TABLE tokens ADD COLUMN created_by TEXT;
ALTER TABLE tokens ADD COLUMN expires_at INTEGER;
ALTER TABLE tokens ADD COLUMN used_at INTEGER;

-- What anybody did. Each entry's hash covers it and the one before it in its lane, so that nodes needn't wait for each
-- other: a lane is written by one transaction at a time.
CREATE TABLE audit_log (
    lane INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    via TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash_before TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (lane, seq)
) WITHOUT ROWID;
CREATE INDEX audit_log_at ON audit_log (at);

CREATE TRIGGER audit_log_unchanged BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only ever added to');
END;
CREATE TRIGGER audit_log_undeleted BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only ever added to');
END;
