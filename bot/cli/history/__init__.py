"""The ``history`` commands: querying, exporting and maintaining the alert history."""
