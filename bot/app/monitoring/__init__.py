"""Monitoring of the running bot: status, metrics, health, heartbeat and logs."""
