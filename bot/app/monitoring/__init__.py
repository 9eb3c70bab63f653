"""How the running bot is doing: status, metrics, health, heartbeat and logs."""
