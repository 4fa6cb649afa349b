-- When a page of the recipient's was taken last, whichever has left since: what was refused must not make that forgotten.

ALTER TABLE last_pages ADD COLUMN taken_at BIGINT NOT NULL DEFAULT 0;
