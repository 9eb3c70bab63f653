"""docs/web.md is true: its options are the command's, its addresses answer, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from typer.main import get_command

from bot.cli import app
from bot.cli.web import LEAST, VARIABLE
from tests.web.conftest import HOST, REPOSITORY

PAGE = (REPOSITORY / "docs" / "web.md").read_text(encoding="utf-8")


def test_its_options_are_those_of_the_command() -> None:
    command = get_command(app).commands["web"]  # type: ignore[attr-defined]
    known = {name for parameter in command.params for name in parameter.opts}
    told = set(re.findall(r"^\| `(--[a-z-]+)", PAGE, re.MULTILINE))
    assert told | {"--config", "--help"} >= known
    assert told <= known


def test_its_password_is_the_commands() -> None:
    assert f"{VARIABLE}=…" in PAGE
    assert LEAST == 12
    assert "at least twelve characters" in PAGE


@pytest.mark.parametrize("path", re.findall(rf"^{HOST}(/\S+)$", PAGE, re.MULTILINE))
async def test_its_addresses_answer(pages: httpx.AsyncClient, path: str) -> None:
    answer = await pages.get(path)
    assert answer.status_code == 200
    assert answer.json()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!https?:)([^)]+)\)", PAGE))))
def test_its_links_lead_somewhere(target: str) -> None:
    name, _, anchor = target.partition("#")
    file = REPOSITORY / "docs" / name if name else REPOSITORY / "docs" / "web.md"
    assert file.exists()
    if anchor:
        text = Path(file).read_text(encoding="utf-8")
        headings = [re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.+)$", text, re.M)]
        assert anchor in headings


def test_the_picture_is_of_the_size_the_page_shows() -> None:
    header = (REPOSITORY / "docs" / "pictures" / "history-web.png").read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")) == (1100, 1080)
