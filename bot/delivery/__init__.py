"""From announcements to delivered messages: routing, quiet hours, rate limits, sending, recipients that are gone."""
