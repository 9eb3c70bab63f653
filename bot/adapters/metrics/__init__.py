"""The HTTP server for metrics and health, and the heartbeat."""
