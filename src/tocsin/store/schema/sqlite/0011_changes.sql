-- What people change (a deployment, a setting): told by other tools, shown beside the incidents of the service.

CREATE TABLE changes (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    service TEXT NOT NULL,
    integration TEXT NOT NULL,
    summary TEXT NOT NULL,
    source TEXT NOT NULL,
    link TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX changes_of_service ON changes (service, at);
CREATE INDEX changes_at ON changes (at);
