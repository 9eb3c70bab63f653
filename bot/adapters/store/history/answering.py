"""The child process in which people's SQL runs: one question on stdin, its answer on stdout.

It ends with whoever asked: the question's stream stays open for as long as somebody waits.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import threading
from typing import Any, BinaryIO

from bot.adapters.store.history.asking import COLUMNS, END, ERRORS, FAILED, HEAD, ROWS
from bot.adapters.store.history.selecting import TOO_LARGE, selected
from bot.bounds.child import confine, confine_sqlite
from bot.core.errors import AftershockError, StoreError

_HEAP = 512 << 20
"""Bytes SQLite may take."""
_MEMORY = 768 << 20
"""Bytes the process may take beyond what it has when it starts: SQLite's, and a part of the answer."""
_TEMPORARY = 1 << 30
"""Bytes of a temporary file, as a large sort writes."""


def main() -> None:
    """Run as the child: limit memory and files, answer, end."""
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    question = json.loads(questions.readline())
    threading.Thread(target=_end_with, args=(questions,), daemon=True).start()
    confine_sqlite(_HEAP)
    confine(_MEMORY, _TEMPORARY)
    try:
        answer(question, answers)
    except AftershockError as error:
        kind = next((c.__name__ for c in type(error).__mro__ if c.__name__ in ERRORS), StoreError.__name__)
        _send(answers, FAILED, json.dumps([kind, str(error)]).encode())
    except MemoryError:
        _send(answers, FAILED, json.dumps([StoreError.__name__, TOO_LARGE]).encode())
    answers.flush()
    os._exit(0)


def _end_with(questions: BinaryIO) -> None:
    questions.read()
    os._exit(1)


def answer(question: dict[str, Any], out: BinaryIO) -> None:
    """Write the answer: column names, rows, the end."""
    arguments = question["path"], question["sql"], tuple(question["parameters"]), question["seconds"]
    with selected(*arguments) as (names, batches):
        _send(out, COLUMNS, json.dumps(names).encode())
        for batch in batches:
            if batch:
                _send(out, ROWS, pickle.dumps(batch, pickle.HIGHEST_PROTOCOL))
                out.flush()
    _send(out, END, b"")


def _send(out: BinaryIO, kind: bytes, body: bytes) -> None:
    out.write(HEAD.pack(kind, len(body)) + body)
