"""The reference page of rules: every example works, every key is on it, and it is enough to write rules from."""
