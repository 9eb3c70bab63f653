"""The history in a browser: Datasette over the live file, with a front page and pages for incidents and alerts.

Datasette brings tables, filters, facets, SQL, CSV and JSON; the pages about incidents and alerts are ours. Nothing here
writes: every connection is read-only, and the server answers only GET and HEAD.
"""
