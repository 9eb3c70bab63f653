"""Chat commands and buttons.

- ``commands``: every command, with its permissions.
- ``handlers``: dispatches each command and button to one of the others.
- ``alert_answers``, ``news_answers``: read-only queries on alerts, incidents, prices, news and rules.
- ``preferences``: what a chat subscribes to.
- ``admin``, ``silences``, ``access``: what only admins may do.
"""
