"""Quotations in stories: who said what, and which of them argue against the fall."""
