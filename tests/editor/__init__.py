"""What an editor makes of the schemas in ``rules/schema``: in a real language server, and without one."""
