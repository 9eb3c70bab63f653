"""First contact: setting up, checking what a run needs, sending a sample."""
