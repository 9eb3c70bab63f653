"""What the architecture tests look at: the project's files, and what Python source says without running it."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of a rule."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


def report(findings: list[Finding]) -> str:
    """All of them, a line each, for an assertion's message."""
    return "\n" + "\n".join(map(str, findings))


@cache
def project_files() -> tuple[str, ...]:
    """Every file of the project, relative to its root: those git tracks or would, all of them where there is no git."""
    if (ROOT / ".git").exists():
        command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
        return tuple(sorted(name for name in listed if name and (ROOT / name).is_file()))
    every = (path for path in ROOT.rglob("*") if path.is_file() and not NOT_OURS & set(path.parts))
    return tuple(sorted(path.relative_to(ROOT).as_posix() for path in every))


@cache
def program_files() -> tuple[str, ...]:
    """The program's own Python files: ``main.py`` and everything under ``bot/``."""
    return tuple(n for n in project_files() if n.endswith(".py") and (n == "main.py" or n.startswith("bot/")))


@cache
def text_of(file: str) -> str:
    """The text of a project file."""
    return (ROOT / file).read_text(encoding="utf-8")


@cache
def nodes_of(source: str) -> tuple[ast.AST, ...]:
    """Every node of the program's source, as ``ast.walk`` gives them; kept, because a dozen checks ask for the same."""
    return tuple(ast.walk(ast.parse(source)))


def module_of(file: str) -> str:
    """``bot/core/engine.py`` is ``bot.core.engine``; a package's ``__init__.py`` is the package."""
    parts = file.removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@dataclass(frozen=True, slots=True)
class Import:
    """One name a module imports: ``from a import b`` is ``a.b``, ``import a.b`` is ``a.b`` with no ``name``."""

    module: str
    name: str
    line: int

    @property
    def full(self) -> str:
        """The dotted whole."""
        return f"{self.module}.{self.name}" if self.name else self.module


def imports(file: str, source: str) -> Iterator[Import]:
    """Everything ``source`` imports, at the top, inside functions, for type checking or by ``import_module``."""
    package = module_of(file) if file.endswith("__init__.py") else module_of(file).rpartition(".")[0]
    for node in nodes_of(source):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, "", node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (Import(base, alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                yield Import(node.args[0].value, "", node.lineno)


def aliases(file: str, source: str) -> dict[str, str]:
    """Local names for imported things: ``from datetime import datetime as dt`` gives ``dt: datetime.datetime``."""
    found: dict[str, str] = {}
    for node in nodes_of(source):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def dotted(node: ast.expr, names: dict[str, str]) -> str:
    """``dt.now`` as ``datetime.datetime.now`` where ``dt`` is an alias; empty for what is no dotted name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.get(node.id, node.id), *reversed(parts)])
