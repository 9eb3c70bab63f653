"""Limits for whoever takes what outsiders send: of a child process, of connections to a server, of repeats in a log.

Each stands alone and imports nothing of ours.
"""
