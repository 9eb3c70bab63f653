"""Episodes: recorded from the history, checked, listed."""
