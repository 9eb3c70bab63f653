"""The schemas that editors read say what the models say, and every key has a description and an example."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter

from bot.app.project import Project, load_project
from bot.app.setup.schema_files import outdated, write_schemas
from bot.cli import main
from bot.config.schemas import REFERENCES, SCHEMAS, Offered, example_of, examples, keys_of, models_of, schema_of
from bot.config.yaml.document import load_document
from bot.config.yaml.validation import validate

MODELS = sorted({m for root, _ in SCHEMAS.values() for m in models_of(root)}, key=lambda m: (m.__module__, m.__name__))
KEYS = [(model, key) for model in MODELS for key in keys_of(model)]


@pytest.fixture(scope="module")
def world(repository: Path) -> Project:
    return load_project(repository / "config.yaml")


def test_the_shipped_schemas_are_what_the_models_say(world: Project) -> None:
    late = [path.name for path in outdated(world)]
    assert not late, f"{late} are out of date; run: python main.py schema write"


def test_nothing_else_lies_beside_the_schemas(repository: Path) -> None:
    assert {p.name for p in (repository / "rules" / "schema").iterdir()} == set(SCHEMAS)


@pytest.mark.parametrize(("model", "key"), KEYS, ids=lambda v: v if isinstance(v, str) else v.__name__)
def test_every_key_has_a_description_and_an_example_that_may_be_written(model: type[BaseModel], key: str) -> None:
    info = keys_of(model)[key]
    assert info.description, f"{model.__name__}.{key} has no docstring"
    example = example_of(model, key)
    accepted: TypeAdapter[Any] = TypeAdapter(Annotated[info.annotation, *info.metadata, info.description])
    accepted.validate_python(example)


def test_no_example_is_for_a_key_that_is_gone() -> None:
    known = {f"{model.__name__}.{key}" for model, key in KEYS}
    assert set(examples()) <= known
    assert set(REFERENCES) <= known


def shipped(repository: Path) -> list[Path]:
    """Every file that people edit."""
    rules = repository / "rules"
    return [repository / "config.yaml", *sorted(rules.glob("*.yaml")), *sorted(rules.glob("*/*.yaml"))]


def test_every_shipped_file_names_its_schema_and_meets_its_model(repository: Path) -> None:
    files = shipped(repository)
    assert len(files) > 8
    for file in files:
        first = file.read_text(encoding="utf-8").split("\n", 1)[0]
        named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        assert named, f"{file} does not name its schema in its first line"
        schema = (file.parent / named[1]).resolve()
        assert schema.parent == (repository / "rules" / "schema").resolve()
        model, _ = SCHEMAS[schema.name]
        validate(load_document(file), model)


@pytest.mark.parametrize("file", SCHEMAS)
def test_a_schema_refuses_unknown_keys_everywhere_and_has_no_loose_ends(file: str) -> None:
    schema = schema_of(file, Offered(topics=("ai-model",), groups=("memory",)))
    text = json.dumps(schema)
    for reference in re.findall(r'"\$ref": "#/\$defs/([^"]+)"', text):
        assert reference in schema["$defs"]
    objects = [schema, *schema.get("$defs", {}).values()]
    assert all(o.get("additionalProperties") is False for o in objects if "properties" in o)
    assert '"null"' not in text
    assert "NaN" not in text


def test_names_of_the_configuration_are_offered_and_others_not_refused() -> None:
    schema = schema_of("rules.json", Offered(topics=("mine",), groups=("memory",), exposures=("ai-chips",)))
    definitions = schema["$defs"]
    assert definitions["topics"] == {"anyOf": [{"enum": ["mine"]}, {"type": "string"}]}
    assert definitions["selectors"]["anyOf"][0]["enum"] == [
        "all", "group:watchlist", "group:benchmarks", "group:memory", "exposure:ai-chips",
    ]  # fmt: skip
    assert {"$ref": "#/$defs/topics"} in definitions["NewsSpec"]["properties"]["topic"]["anyOf"]


def test_one_word_may_stand_for_a_list_where_the_model_takes_it() -> None:
    properties = schema_of("rules.json", Offered())["$defs"]["RuleSpec"]["properties"]
    kinds = [part.get("type", part.get("$ref")) for part in properties["symbols"]["anyOf"]]
    assert kinds == ["#/$defs/selectors", "array"]


def test_defaults_are_written_as_people_write_them() -> None:
    definitions = schema_of("rules.json", Offered())["$defs"]
    assert definitions["RuleSpec"]["properties"]["cooldown"]["default"] == "1 session"
    assert "default" not in definitions["NewsSpec"]["properties"]["score"], "it is another without a topic"
    assert definitions["PriceSpec"]["properties"]["since"]["default"] == "previous close"
    config = schema_of("config.json", Offered())["$defs"]
    assert config["PriceSettings"]["properties"]["stale_after"]["default"] == "20m"


def test_schemas_are_written_where_they_lack_or_lag_and_only_there(
    tmp_path: Path, repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(repository / "rules", tmp_path / "rules", ignore=shutil.ignore_patterns("episodes", "tests"))
    text = (repository / "config.yaml").read_text(encoding="utf-8")
    (tmp_path / "config.yaml").write_text(text.replace("  ai-chips:", "  my-own-group: [KO]\n  ai-chips:", 1))
    (tmp_path / "rules" / "schema" / "topics.json").unlink()
    (tmp_path / "rules" / "schema" / "config.json").write_text("{}")

    def schema_write(*more: str) -> tuple[int, list[str]]:
        monkeypatch.setattr(
            "sys.argv", ["main.py", "schema", "write", "--config", str(tmp_path / "config.yaml"), *more]
        )
        with pytest.raises(SystemExit) as ending:
            main()
        return int(ending.value.code or 0), sorted(Path(line).name for line in capsys.readouterr().out.splitlines())

    assert schema_write("--check") == (1, ["config.json", "rules.json", "topics.json"])
    assert schema_write() == (0, ["config.json", "rules.json", "topics.json"])
    assert schema_write() == (0, [])
    assert schema_write("--check") == (0, [])
    assert '"group:my-own-group"' in (tmp_path / "rules" / "schema" / "rules.json").read_text()
    assert write_schemas(load_project(tmp_path / "config.yaml")) == []
