"""The licences of all dependencies, as their packages state them: ``python tools/licences.py`` prints docs/licences.md.

Of every package in a lock that is installed here. Run it after ``make lock``; ``tests/platform`` compares.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {
    "requirements.lock": "to run",
    "requirements-web.lock": "web",
    "requirements-parquet.lock": "parquet",
    "requirements-apprise.lock": "apprise",
    "requirements-server.lock": "server",
    "requirements-dev.lock": "to develop",
    "requirements-site.lock": "the site",
}
"""Each with who has its packages; the first that names a package counts."""
READ = {
    "click-default-group": "BSD-3-Clause",
    "peewee": "MIT",
    "colorama": "BSD-3-Clause",
}
"""Read in the package's own LICENSE where its metadata say nothing; colorama is for Windows, never installed here."""
_NAMED = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
_CLASSIFIER = "License :: OSI Approved :: "
_SPDX = {
    "MIT License": "MIT", "MIT license": "MIT", "The MIT License": "MIT", "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0", "Apache 2.0": "Apache-2.0", "Apache License, Version 2.0": "Apache-2.0",
    "Apache-2": "Apache-2.0", "Apache": "Apache-2.0", "Apache 2": "Apache-2.0",
    "BSD License": "BSD", "BSD 3-Clause License": "BSD-3-Clause", "BSD-3-Clause License": "BSD-3-Clause",
    "BSD-2-Clause License": "BSD-2-Clause", "New BSD": "BSD-3-Clause", "3-Clause BSD License": "BSD-3-Clause",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "Python Software Foundation License": "PSF-2.0",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only", "ISC License (ISCL)": "ISC",
    "The Unlicense (Unlicense)": "Unlicense",
}  # fmt: skip


def packages(lock: str) -> list[str]:
    """The packages a lock names."""
    return [name.lower() for name in _NAMED.findall((ROOT / lock).read_text())]


def stated(package: str) -> str:
    """The licence that an installed package states, as an SPDX expression where it can be told; "" if not installed.

    Core metadata: License-Expression (PEP 639), else the trove classifiers, else the first line of License.
    """
    if package in READ:
        return READ[package]
    try:
        found = metadata(package)
    except PackageNotFoundError:
        return ""
    if expression := found.get("License-Expression"):
        return str(expression)
    classifiers = [c.removeprefix(_CLASSIFIER) for c in found.get_all("Classifier") or () if c.startswith(_CLASSIFIER)]
    free = str(found.get("License") or "").strip().splitlines()[:1]
    names = classifiers or free or ["not stated"]
    return " AND ".join(sorted({_SPDX.get(name.strip(), name.strip()) for name in names}))


def table() -> dict[str, tuple[str, str]]:
    """Every package of every lock: its licence, and who has it."""
    rows: dict[str, tuple[str, str]] = {}
    for lock, who in LOCKS.items():
        for package in packages(lock):
            rows.setdefault(package, (stated(package), who))
    return dict(sorted(rows.items()))


def main() -> None:
    """Print the table's rows."""
    for package, (licence, who) in table().items():
        sys.stdout.write(f"| {package} | {licence or 'not installed here'} | {who} |\n")


if __name__ == "__main__":
    main()
