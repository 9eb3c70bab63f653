"""Where the parts are joined: the world from its files, the live bot, replay, and what they report."""
