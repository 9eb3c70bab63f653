"""How the program came here: where the files are that ship with it, and what it is called there.

In a checkout they are the checkout's own; a wheel brings copies of them inside the package. Nobody else looks for them.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_BROUGHT = _PACKAGE / "shipped"
"""Where ``pyproject.toml`` has the wheel put them."""

INSTALLED = _BROUGHT.is_dir()
"""Whether this is an installed wheel; false in a checkout."""
SHIPPED = _BROUGHT if INSTALLED else _PACKAGE.parent
"""The folder of ``config.yaml``, ``rules/`` and ``docs/`` as they ship."""
PROGRAM = "aftershock" if INSTALLED else "python main.py"
"""What people type to run a command."""


def default_config() -> Path:
    """The configuration of who names none: that of the checkout, or of the folder one is in."""
    return Path("config.yaml") if INSTALLED else SHIPPED / "config.yaml"
