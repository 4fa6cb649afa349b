-- Repetitions are counted in narrow rows: a storm repeats, and an alert's row with all its labels is fifty times as wide.
CREATE TABLE alert_sightings (
    alert BIGINT PRIMARY KEY,
    times BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);

-- `alerts_once` finds a fingerprint as well, and each index costs a page of random place for each new alert.
DROP INDEX alerts_fingerprint;
