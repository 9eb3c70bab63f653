"""``config.yaml`` and ``.env``, read and edited."""
