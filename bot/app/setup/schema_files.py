"""The JSON Schemas in ``rules/schema/``: what they should say for this configuration, and whether they do."""

from __future__ import annotations

from pathlib import Path

from bot.app.project import World
from bot.config.schemas import SCHEMAS, Offered, schema_text
from bot.core.errors import StoreError


def offered(world: World) -> Offered:
    """The names that editors offer: those of this configuration, its topics and companies."""
    settings = world.settings
    companies = {name for name in world.companies.group_names if name not in world.companies.exposures}
    return Offered(
        topics=tuple(sorted(world.topics.names)),
        exposures=tuple(sorted({*world.topics.exposure_names, *world.companies.exposures})),
        groups=tuple(sorted({*settings.watchlist, *companies})),
        benchmarks=tuple(settings.benchmarks),
    )


def schema_files(world: World) -> dict[Path, str]:
    """Path and text of every schema."""
    names = offered(world)
    return {world.settings.rules / "schema" / file: schema_text(file, names) for file in SCHEMAS}


def outdated(world: World) -> list[Path]:
    """The schemas that are missing or say something else than they should."""
    return [path for path, text in schema_files(world).items() if not path.is_file() or path.read_text("utf-8") != text]


def write_schemas(world: World) -> list[Path]:
    """Write those that are not as they should be, and return them. Raises StoreError where a file cannot be written."""
    wanted = schema_files(world)
    changed = outdated(world)
    for path in changed:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    return changed
