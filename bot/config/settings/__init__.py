"""Reading and editing ``config.yaml`` and ``.env``."""
