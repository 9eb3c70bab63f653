"""What a message says: an incident as blocks without markup, and the picture beside it."""
