"""The life of alerts and incidents: grouping, follow-ups, corrections, outcomes, and when each is announced."""
