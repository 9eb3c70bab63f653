"""Quotations in stories: who said what, and whether the words argue against the fall."""
