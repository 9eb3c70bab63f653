"""Which signals end a command that runs until it is stopped."""

from __future__ import annotations

import signal


def stopping_signals() -> tuple[signal.Signals, ...]:
    """Ctrl-C, what service managers send, and that the terminal has gone, unless whoever started it (``nohup``) wants
    it to go on."""
    gone = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)
    return (signal.SIGINT, signal.SIGTERM, *gone)
