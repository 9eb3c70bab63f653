"""What followed alerts, and the record of rules that is made of it."""
