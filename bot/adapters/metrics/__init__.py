"""The small server that gives out numbers about the running bot and its health, and the heartbeat."""
