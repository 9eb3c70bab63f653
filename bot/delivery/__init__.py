"""From an announcement to a delivered message: who receives it, when, and how fast a channel may be used."""
