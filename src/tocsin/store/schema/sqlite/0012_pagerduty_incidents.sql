-- Which incident of PagerDuty is which page of ours: notes and replies name theirs alone.

CREATE TABLE pagerduty_incidents (
    id TEXT NOT NULL,
    page TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (id, page)
) WITHOUT ROWID;
CREATE INDEX pagerduty_incidents_at ON pagerduty_incidents (at);
