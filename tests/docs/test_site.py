"""The documentation as a site: every page has its place, links lead somewhere, nothing is fetched from elsewhere."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tests.processes import run

FIVE_AND_TEN = ("tests/rules_docs/five/rules.yaml", "tests/rules_docs/ten/rules.yaml")
"""Rules that are held to what is said of them."""


def tool(repository: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, repository / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_of_the_configuration_is_as_the_program_is(repository: Path) -> None:
    reference = tool(repository, "reference")
    assert (repository / "docs/configuration.md").read_text() == reference.page(), "run python tools/reference.py"


def test_the_reference_has_a_meaning_and_an_example_for_every_key(repository: Path) -> None:
    rows = [line for line in tool(repository, "reference").page().splitlines() if line.startswith("| `")]
    assert len(rows) > 90
    for row in rows:
        _, key, _, meaning, example, _ = row.replace("\\|", "").split("|")
        assert meaning.strip(), key
        assert example.strip(), key


def test_every_recipe_is_a_rule_that_tests_hold_to_what_it_says(repository: Path) -> None:
    held: dict[str, object] = {}
    for file in FIVE_AND_TEN:
        data = yaml.safe_load((repository / file).read_text())
        held |= {rule["name"]: rule for rule in data["rules"]} | data.get("conditions", {})
    page = (repository / "docs/recipes.md").read_text()
    shown: dict[str, object] = {}
    for block in page.split("```yaml\n")[1:]:
        data = yaml.safe_load(block.partition("```")[0])
        shown |= {rule["name"]: rule for rule in data["rules"]} | data.get("conditions", {})
    assert len(shown) >= 12
    assert shown == {name: held[name] for name in shown}


def test_every_page_has_its_place_on_the_site(repository: Path, tmp_path: Path) -> None:
    site = tool(repository, "site")
    site.lay_out(tmp_path)  # a link that leads nowhere ends it
    pages = {p.name for p in (tmp_path / "pages").glob("*.md")}
    placed = [page for pages in site.NAVIGATION.values() for page in pages]
    assert sorted(placed) == sorted(pages)
    assert (tmp_path / "pages/files/config.yaml").read_text() == (repository / "config.yaml").read_text()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<a href='other.html'>", []),
        ("<a href='other.html#there'>", []),
        ("<a href='https://elsewhere.example/'>", []),
        ("<a href='gone.html'>", ["index.html: gone.html leads nowhere"]),
        ("<a href='other.html#gone'>", ["index.html: there is no other.html#gone"]),
        ("<a href='#gone'>", ["index.html: there is no #gone"]),
        ("<img src='gone.png'>", ["index.html: gone.png leads nowhere"]),
        ("<script src='https://cdn.example/x.js'>", ["index.html: fetches https://cdn.example/x.js"]),
        ("<link rel=stylesheet href='//fonts.example/x.css'>", ["index.html: fetches //fonts.example/x.css"]),
    ],
)
def test_what_is_wrong_with_a_site_is_found(repository: Path, tmp_path: Path, body: str, said: list[str]) -> None:
    (tmp_path / "index.html").write_text(body)
    (tmp_path / "other.html").write_text("<p id='there'>")
    assert list(tool(repository, "site").faults(tmp_path)) == said


def test_the_site_is_built_strictly_and_its_links_lead_somewhere(repository: Path, tmp_path: Path) -> None:
    python = repository / ".venv-site" / "bin" / "python"
    if not python.exists():
        pytest.skip("what builds the site is not installed: make site installs it")
    script = "import runpy, pathlib, sys; sys.exit(runpy.run_path(sys.argv[1])['build'](pathlib.Path(sys.argv[2])))"
    command = [str(python), "-c", script, str(repository / "tools/site.py"), str(tmp_path / "build")]
    done = run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    built = {file.stem for file in (tmp_path / "build/site").glob("*.html")}
    assert built > {file.stem for file in (repository / "docs").glob("*.md")}
