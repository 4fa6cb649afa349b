-- Which incident of PagerDuty is which page of ours: notes and replies name theirs alone.

CREATE TABLE pagerduty_incidents (
    id TEXT COLLATE "C" NOT NULL,
    page TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id, page)
);
CREATE INDEX pagerduty_incidents_at ON pagerduty_incidents (at);
