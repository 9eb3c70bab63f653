"""The history in a browser: Datasette over the live file, with a front page and pages for incidents and alerts.

Datasette brings tables, filters, facets, SQL, CSV and JSON; what is ours is how an incident is told. Nothing here
writes: every connection can only read, and the server answers GET and HEAD alone.
"""
