"""What the running bot does about prices: polls, the stream, histories and dates of results."""
