"""The picture of an incident in the browser, for docs/pictures/: ``python -m tests.web.picture``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.command import run_command
from tests.web.browsing import browser, looking
from tests.web.conftest import REPOSITORY, serving

PICTURE = REPOSITORY / "docs" / "pictures" / "history-web.png"


def main() -> None:
    """Play the week, serve it, look at its incident."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "deepseek.db"
        run_command("replay", "deepseek-2025-01", "--notify", "console", "--database", database)
        run_command("performance", "--database", database)
        with (
            serving(database) as address,
            browser() as chrome,
            looking(chrome, address.rstrip("/"), (1100, 1080)) as look,
        ):
            look.go("/incident/20250127-1")
            look.page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
