"""News of the running bot beyond the feeds: sources of releases, headlines on demand, the language model."""
