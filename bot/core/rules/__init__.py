"""What people ask for: conditions, compiled rules, and which of them an observation concerns."""
