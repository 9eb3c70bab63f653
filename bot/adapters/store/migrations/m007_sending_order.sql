-- The queue in the order it is sent, so that a claim reads only what it takes; and the edits in it.

CREATE INDEX notifications_sending ON notifications (channel, edits IS NOT NULL, severity_rank DESC, created_at)
  WHERE state = 'queued';
CREATE INDEX notifications_queued_edits ON notifications (edits) WHERE state = 'queued' AND edits IS NOT NULL;
