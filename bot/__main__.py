"""The console command ``aftershock``, and ``python -m bot``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit."""
    try:
        from bot.cli import main as command_line

        command_line()
    except KeyboardInterrupt:  # while it is imported
        sys.exit(130)


if __name__ == "__main__":
    main()
