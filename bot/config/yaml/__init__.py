"""YAML that people edit: strictly read, with positions, checked against models, in plain words."""
