"""The live bot: starting, polling, reloading rules, outages, and who and what it sends to."""
