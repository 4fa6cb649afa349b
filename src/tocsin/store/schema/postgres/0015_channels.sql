-- Which incident a chat channel belongs to: found by the beginning of the event that tells of it.

CREATE INDEX events_channel ON events (event) WHERE kind = 'channel_opened';
