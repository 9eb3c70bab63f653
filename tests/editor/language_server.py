"""A real yaml-language-server, spoken to over its standard input and output as editors do.

    with LanguageServer(install(folder), root) as editor:
        editor.open(file, text)
        editor.problems(file)                    # [(line, message)]
        editor.completions(file, "sin|")         # what it offers at the bar

The server comes from npm by the lock beside this file, into a folder of the test's: a child process fetches it, the
test itself never reaches for the network.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.npm import MissingError, installed
from tests.processes import Processes

__all__ = ["LanguageServer", "MissingError", "install"]

HERE = Path(__file__).parent
ANSWERS_WITHIN = 30.0
QUIET_FOR = 0.6
"""No further diagnostics for this long means the server has made up its mind."""


def install(folder: Path) -> Path:
    """Install the locked server into ``folder``; the program to run. Raises MissingError with the reason."""
    return installed(HERE, folder, "node_modules/yaml-language-server/bin/yaml-language-server")


class LanguageServer:
    """The server as a process, and one editor that talks to it. A context manager."""

    def __init__(self, program: Path, root: Path) -> None:
        self._root = root
        self._program = program
        self._processes = Processes()
        self._next = 1
        self._answers: dict[int, dict[str, Any]] = {}
        self._told: queue.Queue[dict[str, Any]] = queue.Queue()
        self._diagnostics: dict[str, list[dict[str, Any]]] = {}
        self._arrived: dict[str, float] = {}
        self._versions: dict[str, int] = {}
        self._texts: dict[str, str] = {}

    def __enter__(self) -> Self:
        node = shutil.which("node")
        assert node is not None
        self._process = self._processes.start(
            [node, str(self._program), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        threading.Thread(target=self._read, daemon=True).start()
        self._ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": self._root.as_uri(),
                "capabilities": {
                    "textDocument": {
                        "completion": {"completionItem": {"documentationFormat": ["markdown", "plaintext"]}},
                        "hover": {"contentFormat": ["markdown", "plaintext"]},
                        "publishDiagnostics": {},
                    },
                    "workspace": {"configuration": True},
                },
                "workspaceFolders": [{"uri": self._root.as_uri(), "name": "aftershock"}],
            },
        )
        self._say("initialized", {})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._processes.__exit__(kind, error, trace)

    # -------------------------------------------------------------------------------------------------- what editors do

    def open(self, file: Path, text: str) -> None:
        """Open ``file`` with ``text``, or replace its text where it is open."""
        uri = file.as_uri()
        self._texts[uri] = text
        self._arrived.pop(uri, None)
        self._diagnostics.pop(uri, None)
        version = self._versions[uri] = self._versions.get(uri, 0) + 1
        if version == 1:
            document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
            self._say("textDocument/didOpen", {"textDocument": document})
        else:
            changed = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]}
            self._say("textDocument/didChange", changed)

    def problems(self, file: Path) -> list[tuple[int, str]]:
        """Line (from 1) and message of everything the editor would underline."""
        uri = file.as_uri()
        ends = time.monotonic() + ANSWERS_WITHIN
        while time.monotonic() < ends:
            self._pump(0.05)
            last = self._arrived.get(uri)
            if last is not None and time.monotonic() - last > QUIET_FOR:
                found = self._diagnostics[uri]
                return sorted((d["range"]["start"]["line"] + 1, d["message"]) for d in found)
        raise AssertionError(f"the language server said nothing about {file} within {ANSWERS_WITHIN} s")

    def completions(self, file: Path, text: str) -> dict[str, str]:
        """What is offered at the bar ``|`` in ``text``: label and documentation."""
        before, _, after = text.partition("|")
        self.open(file, before + after)
        answer = self._ask("textDocument/completion", self._at(file, before)) or {}
        items = answer.get("items", []) if isinstance(answer, dict) else answer
        return {item["label"]: _words(item.get("documentation")) for item in items}

    def hover(self, file: Path, text: str) -> str:
        """What is shown when the pointer rests at the bar ``|`` in ``text``."""
        before, _, after = text.partition("|")
        self.open(file, before + after)
        answer = self._ask("textDocument/hover", self._at(file, before))
        return _words(answer["contents"]) if answer else ""

    @staticmethod
    def _at(file: Path, before: str) -> dict[str, Any]:
        line, column = before.count("\n"), len(before) - before.rfind("\n") - 1
        return {"textDocument": {"uri": file.as_uri()}, "position": {"line": line, "character": column}}

    # --------------------------------------------------------------------------------------------------------- the wire

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        number, self._next = self._next, self._next + 1
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        ends = time.monotonic() + ANSWERS_WITHIN
        while number not in self._answers:
            assert time.monotonic() < ends, f"no answer to {method} within {ANSWERS_WITHIN} s"
            self._pump(0.05)
        answer = self._answers.pop(number)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def _say(self, method: str, params: dict[str, Any]) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _read(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        while True:
            length = 0
            while line := pipe.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not length:
                return
            self._told.put(json.loads(pipe.read(length)))

    def _pump(self, within: float) -> None:
        """Take what the server said."""
        try:
            message = self._told.get(timeout=within)
        except queue.Empty:
            return
        if "method" not in message:
            self._answers[message["id"]] = message
        elif message["method"] == "textDocument/publishDiagnostics":
            uri = message["params"]["uri"]
            self._diagnostics[uri] = message["params"]["diagnostics"]
            self._arrived[uri] = time.monotonic()
        elif message["method"] == "workspace/configuration":
            self._send(
                {"jsonrpc": "2.0", "id": message["id"], "result": [_SETTINGS for _ in message["params"]["items"]]}
            )
        elif "id" in message:
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": None})


_SETTINGS = {"schemaStore": {"enable": False}, "validate": True, "hover": True, "completion": True}


def _words(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(_words(c) for c in content)
    return content.get("value", "") if isinstance(content, dict) else content or ""
