"""Aftershock's command line: ``python main.py --help``."""

from bot.environment import require

require()

try:
    from bot.cli import main  # nothing else can be imported before require() has looked

    if __name__ == "__main__":
        main()
except KeyboardInterrupt:  # while it is imported
    raise SystemExit(130) from None
