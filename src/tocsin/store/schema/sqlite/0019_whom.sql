-- What was sent to whom: `recipient` without its rank, `page alice apprise:sms`. Rows that were finished before migration 8
-- have had none.

UPDATE outbox SET recipient =
    CASE WHEN rank = 1 THEN '1 ' ELSE '2 ' END
    || json_extract(effect, '$.urgency') || ' ' || json_extract(effect, '$.reach.person')
    WHERE page IS NOT NULL AND recipient IS NULL;
CREATE INDEX outbox_whom ON outbox (substr(recipient, 3), id) WHERE page IS NOT NULL;
