"""Asks a child process for the rows of people's SQL; the child is ``answering``."""

from __future__ import annotations

import contextlib
import json
import pickle
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from bot.adapters.store.history.opening import open_history
from bot.adapters.store.history.selecting import TOO_LARGE, too_long
from bot.core.errors import AftershockError, StoreBusyError, StoreError, StoreVersionError, UsageError

ROOT = Path(__file__).resolve().parents[4]
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from bot.adapters.store.history.answering import main; main()"
HEAD = struct.Struct(">cI")
"""Before each part of an answer: its kind, and its size in bytes."""
COLUMNS, ROWS, FAILED, END = b"c", b"r", b"f", b"."
ERRORS: dict[str, type[AftershockError]] = {
    kind.__name__: kind for kind in (UsageError, StoreError, StoreBusyError, StoreVersionError)
}


@contextlib.contextmanager
def asked(
    path: Any, sql: str, parameters: tuple[Any, ...], seconds: float
) -> Iterator[tuple[list[str], Iterator[tuple[Any, ...]]]]:
    """See ``select``. The child is gone when the block ends."""
    with open_history(path):
        pass  # what is wrong with the file is said by us
    file = str(Path(path).expanduser().absolute())
    try:
        question = json.dumps({"path": file, "sql": sql, "parameters": parameters, "seconds": seconds}).encode()
    except (TypeError, ValueError) as error:
        raise UsageError(f"a parameter is neither text nor a number: {error}") from error
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(ROOT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=1 << 16,
        start_new_session=True,  # Ctrl-C is for us
    ) as child:
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            with contextlib.suppress(BrokenPipeError):  # it has ended; why is found out when it is read
                child.stdin.write(question + b"\n")
                child.stdin.flush()  # and stays open: the child ends when we do
            parts = _parts(child, child.stdout, seconds)
            names = next(parts)
            yield names, (row for rows in parts for row in rows)
        finally:
            child.kill()
            for pipe in (child.stdin, child.stdout):
                with contextlib.suppress(OSError):
                    if pipe is not None:
                        pipe.close()


def _parts(child: subprocess.Popen[bytes], answer: IO[bytes], seconds: float) -> Iterator[Any]:
    """The column names, and then lists of rows."""
    while True:
        head = answer.read(HEAD.size)
        if len(head) < HEAD.size:
            raise _ended(child, seconds)
        kind, size = HEAD.unpack(head)
        if kind == END:
            return
        body = answer.read(size)
        if len(body) < size:
            raise _ended(child, seconds)
        if kind == FAILED:
            name, words = json.loads(body)
            raise ERRORS.get(name, StoreError)(words)
        yield json.loads(body) if kind == COLUMNS else _Plain(BytesIO(body)).load()


def _ended(child: subprocess.Popen[bytes], seconds: float) -> StoreError:
    """Why the child ended without an answer: the kernel ends it at its time, and its memory is limited."""
    code = child.wait()
    return StoreError(too_long(seconds) if code == -signal.SIGALRM else TOO_LARGE)


class _Plain(pickle.Unpickler):
    """Text, numbers and bytes; nothing that would run."""

    def find_class(self, module: str, name: str) -> Any:
        """Refused, whatever it is."""
        raise pickle.UnpicklingError(f"{module}.{name}")
