"""Episodes: ``rules/episodes/*.yaml``, read and written."""
