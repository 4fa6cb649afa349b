-- Passkeys: public keys by which people sign in, and the challenges that were answered, so that none is answered twice.

-- `id` is what the authenticator calls it, `public_key` COSE; both base64url. `is_synced`: it lies on several devices.
CREATE TABLE passkeys (
    id TEXT COLLATE "C" PRIMARY KEY,
    account BIGINT NOT NULL,
    public_key TEXT COLLATE "C" NOT NULL,
    sign_count BIGINT NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    is_synced BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX passkeys_account ON passkeys (account);

CREATE TABLE spent_challenges (
    hash TEXT COLLATE "C" PRIMARY KEY,
    ends_at BIGINT NOT NULL
);

-- By what a session began: a password, oidc, a link, a passkey; and by which one. It is over when that is removed.
ALTER TABLE sessions ADD COLUMN how TEXT COLLATE "C";
ALTER TABLE sessions ADD COLUMN passkey TEXT COLLATE "C";
