"""The JSON Schemas in ``rules/schema/``: their text for this configuration, and whether they are up to date."""

from __future__ import annotations

from pathlib import Path

from bot.app.project import Project
from bot.config.schemas import SCHEMAS, Offered, schema_text
from bot.core.errors import StoreError


def offered(project: Project) -> Offered:
    """The names that editors complete: those of this configuration, its topics and companies."""
    settings = project.settings
    companies = {name for name in project.companies.group_names if name not in project.companies.exposures}
    return Offered(
        topics=tuple(sorted(project.topics.names)),
        exposures=tuple(sorted({*project.topics.exposure_names, *project.companies.exposures})),
        groups=tuple(sorted({*settings.watchlist, *companies})),
        benchmarks=tuple(settings.benchmarks),
    )


def schema_files(project: Project) -> dict[Path, str]:
    """Path and text of every schema."""
    names = offered(project)
    return {project.settings.rules / "schema" / file: schema_text(file, names) for file in SCHEMAS}


def outdated(project: Project) -> list[Path]:
    """The schemas that are missing or out of date."""
    return [
        path for path, text in schema_files(project).items() if not path.is_file() or path.read_text("utf-8") != text
    ]


def write_schemas(project: Project) -> list[Path]:
    """Write those that are out of date, and return them. Raises StoreError if a file cannot be written."""
    wanted = schema_files(project)
    changed = outdated(project)
    for path in changed:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    return changed
