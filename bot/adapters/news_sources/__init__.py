"""News sources, one package each."""
