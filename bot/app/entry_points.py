"""Price sources and notifiers by name: our own from a table, those of other packages from their entry points."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from bot.config.yaml.validation import one_of
from bot.core.errors import ConfigError, UsageError

T = TypeVar("T")


def make(kind: type[T], group: str, name: str, built_in: Mapping[str, Any], *arguments: Any) -> T:
    """Make the ``kind`` called ``name``, from the ``built_in`` table or an entry point of ``group``.

    Raises UsageError, in one line, where there is none or several of that name, where it cannot be loaded or rejects
    its options, and where it makes something else. ConfigError passes.
    """
    noun = {"PriceSource": "price source", "NewsSource": "news source"}.get(kind.__name__, kind.__name__.lower())
    maker = built_in[name] if name in built_in else _loaded(noun, group, name, built_in)
    try:
        made = maker(*arguments)
    except (ConfigError, UsageError):
        raise
    except Exception as error:
        raise UsageError(f"the {noun} '{name}' cannot be set up: {_in_one_line(error)}") from error
    if not isinstance(made, kind):
        raise UsageError(
            f"the {noun} '{name}' makes a {type(made).__name__}, which is not a {kind.__name__}; derive it from"
            f" bot.core.ports.{kind.__name__}"
        )
    return made


def _loaded(noun: str, group: str, name: str, built_in: Mapping[str, Any]) -> Any:
    installed = entry_points(group=group)
    named = [point for point in installed if point.name == name]
    if not named:
        raise UsageError(
            f"{one_of(name, sorted({*built_in, *installed.names}), noun)}, or install the package that provides it"
        )
    if len(named) > 1:
        packages = " and ".join(sorted(map(_package, named)))
        raise UsageError(f"several packages have a {noun} called '{name}': {packages}; uninstall all but one")
    try:
        return named[0].load()
    except Exception as error:
        message = f"the {noun} '{name}' of {_package(named[0])} cannot be loaded: {_in_one_line(error)}"
        raise UsageError(message) from error


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.module


def _in_one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
