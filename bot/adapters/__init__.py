"""What talks to the world: one module or folder per technology. Adapters never import each other."""
