"""Strict YAML with positions, checked against models: the face of ``document`` and ``validation``.

document = load_document(path)
settings = validate(document, Settings)
...
raise ConfigError([problem(document, ("rules", 0, "name"), "two rules have this name; rename one")])
"""

from bot.config.document import Document, DocumentPath, load_document, path_text, problem
from bot.config.validation import StrictModel, validate

__all__ = ["Document", "DocumentPath", "StrictModel", "load_document", "path_text", "problem", "validate"]
