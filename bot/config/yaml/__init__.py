"""Reading YAML strictly: documents with positions, validation against models, and the wording of mistakes."""
