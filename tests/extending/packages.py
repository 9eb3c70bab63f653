"""Packages as docs/extending.md shows them, installed into a folder of their own the way pip leaves them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```\w+\n# file: (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
"""The files of the page, by their names."""


def installed(site: Path, package: str) -> Path:
    """The example of that name, in ``site``."""
    project = tomllib.loads(FILES[f"{package}/pyproject.toml"])
    (module,) = project["tool"]["setuptools"]["py-modules"]
    ((group, points),) = project["project"]["entry-points"].items()
    return install(site, project["project"]["name"], group, points, {module: FILES[f"{package}/{module}.py"]})


def install(site: Path, name: str, group: str, points: dict[str, str], modules: dict[str, str]) -> Path:
    """A package of these modules and entry points."""
    information = site / f"{name.replace('-', '_')}-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    listed = "".join(f"{point} = {target}\n" for point, target in points.items())
    (information / "entry_points.txt").write_text(f"[{group}]\n{listed}")
    for module, text in modules.items():
        (site / f"{module}.py").write_text(text)
    return site
