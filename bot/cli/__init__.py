"""The command line: reads arguments, calls ``bot.app``, prints. Data goes to stdout, words for people to stderr."""
