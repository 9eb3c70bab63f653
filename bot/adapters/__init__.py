"""Everything that talks to the outside: one module or folder per technology. Adapters never import each other."""
