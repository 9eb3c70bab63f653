"""Aftershock's command line: ``python main.py --help``."""

from bot.environment import require

require()

from bot.cli import main  # noqa: E402  # nothing else can be imported before require() has looked

if __name__ == "__main__":
    main()
