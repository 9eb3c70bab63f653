"""``history``: what people ask of the alert history."""
