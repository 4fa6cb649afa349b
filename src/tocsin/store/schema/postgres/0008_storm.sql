-- A storm: one page leaves for many. A row that is `counted` stands in the page of the row `counted_in`.

ALTER TABLE outbox ADD COLUMN recipient TEXT COLLATE "C";
ALTER TABLE outbox ADD COLUMN counted_in BIGINT;
UPDATE outbox SET recipient =
    CASE WHEN rank = 1 THEN '1 ' ELSE '2 ' END
    || (effect::json ->> 'urgency') || ' ' || (effect::json -> 'reach' ->> 'person')
    WHERE page IS NOT NULL AND status IN ('pending', 'leased');

-- What waits for whom, by time and by gravity; what is under way; what is counted. And all the rest that waits.
CREATE INDEX outbox_recipient_due ON outbox (provider, recipient, due_at)
    WHERE status = 'pending' AND recipient IS NOT NULL;
CREATE INDEX outbox_recipient_rank ON outbox (provider, recipient, rank, created_at, id)
    WHERE status = 'pending' AND recipient IS NOT NULL;
CREATE INDEX outbox_under_way ON outbox (provider, recipient) WHERE status = 'leased';
CREATE INDEX outbox_counted ON outbox (counted_in) WHERE status = 'counted';
CREATE INDEX outbox_others_due ON outbox (provider, due_at) WHERE status = 'pending' AND recipient IS NULL;
CREATE INDEX outbox_others_urgent ON outbox (provider, rank, created_at DESC, id, due_at)
    WHERE status = 'pending' AND recipient IS NULL;
DROP INDEX outbox_urgent;
DROP INDEX outbox_gravest;

DROP VIEW outbox_next;
CREATE VIEW outbox_next AS
    SELECT id, provider, due_at, rank FROM outbox AS mine
    WHERE status = 'pending' AND NOT EXISTS (
        SELECT 1 FROM outbox AS earlier
        WHERE earlier.lane = mine.lane AND earlier.id < mine.id AND earlier.status IN ('pending', 'leased', 'counted')
    );

-- Of each recipient the page that left last, and when it first left or was taken; whose row is locked has the turn.
CREATE TABLE last_pages (
    provider TEXT COLLATE "C" NOT NULL,
    recipient TEXT COLLATE "C" NOT NULL,
    page BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (provider, recipient)
);
CREATE INDEX last_pages_page ON last_pages (page);
