-- Of how many attempts at a delivery it is certain that nothing came of them: after any other one it is looked for first.

ALTER TABLE outbox ADD COLUMN untaken INTEGER NOT NULL DEFAULT 0;
