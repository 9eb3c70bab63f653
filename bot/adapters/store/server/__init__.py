"""The history on a PostgreSQL server: a connection on which the statements of this package run as they do on SQLite's,
the schema that makes up for what differs, the lease of the one process that writes, and the ports on all that.

Only this package imports psycopg, which the extra ``server`` brings.
"""
