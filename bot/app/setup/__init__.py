"""Setup: connecting Telegram, checking what a run needs, sending a sample alert, editor schemas."""
