"""Price sources and notifiers by name: our own from a table, those of other packages from their entry points."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from bot.config.yaml.validation import one_of
from bot.core.errors import ConfigError, UsageError

T = TypeVar("T")


def make(kind: type[T], group: str, name: str, built_in: Mapping[str, Any], *given: Any) -> T:
    """What ``name`` makes of what it is given: a ``kind`` from the table, or by an entry point of ``group``.

    Raises UsageError with one line that says what is wrong where there is none or several of that name, where it
    cannot be loaded or does not take its options, and where it makes something else. ConfigError passes.
    """
    what = {"PriceSource": "price source"}.get(kind.__name__, kind.__name__.lower())
    maker = built_in[name] if name in built_in else _loaded(what, group, name, built_in)
    try:
        made = maker(*given)
    except (ConfigError, UsageError):
        raise
    except Exception as error:
        raise UsageError(f"the {what} '{name}' cannot be set up: {_said(error)}") from error
    if not isinstance(made, kind):
        raise UsageError(
            f"the {what} '{name}' makes a {type(made).__name__}, which is no {kind.__name__}; derive it from"
            f" bot.core.ports.{kind.__name__}"
        )
    return made


def _loaded(what: str, group: str, name: str, built_in: Mapping[str, Any]) -> Any:
    installed = entry_points(group=group)
    named = [point for point in installed if point.name == name]
    if not named:
        raise UsageError(
            f"{one_of(name, sorted({*built_in, *installed.names}), what)}, or install the package that brings it"
        )
    if len(named) > 1:
        packages = " and ".join(sorted(map(_package, named)))
        raise UsageError(f"several packages have a {what} called '{name}': {packages}; uninstall all but one")
    try:
        return named[0].load()
    except Exception as error:
        raise UsageError(f"the {what} '{name}' of {_package(named[0])} cannot be loaded: {_said(error)}") from error


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.module


def _said(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
