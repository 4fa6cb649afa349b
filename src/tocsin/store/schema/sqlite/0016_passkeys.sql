-- Passkeys: public keys by which people sign in, and the challenges that were answered, so that none is answered twice.

-- `id` is what the authenticator calls it, `public_key` COSE; both base64url. `is_synced`: it lies on several devices.
CREATE TABLE passkeys (
    id TEXT PRIMARY KEY,
    account INTEGER NOT NULL,
    public_key TEXT NOT NULL,
    sign_count INTEGER NOT NULL,
    label TEXT NOT NULL,
    is_synced INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER
) WITHOUT ROWID;
CREATE INDEX passkeys_account ON passkeys (account);

CREATE TABLE spent_challenges (
    hash TEXT PRIMARY KEY,
    ends_at INTEGER NOT NULL
) WITHOUT ROWID;

-- By what a session began: a password, oidc, a link, a passkey; and by which one. It is over when that is removed.
ALTER TABLE sessions ADD COLUMN how TEXT;
ALTER TABLE sessions ADD COLUMN passkey TEXT;
