-- Browsers that ring for the person of an account by Web Push. `endpoint` is their push service's, `p256dh` and `auth`
-- are their keys, `hash` is that of a secret that the browser keeps, to be known again.

CREATE TABLE push_browsers (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL,
    endpoint TEXT NOT NULL UNIQUE,
    p256dh TEXT NOT NULL,
    auth TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    taken_at INTEGER
);
CREATE INDEX push_browsers_account ON push_browsers (account);
