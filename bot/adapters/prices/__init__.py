"""Price sources, one package each."""
