"""One's own rules, topics, companies, episodes, feeds and groups over those that ship."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app.lab.workbench import open_workbench
from bot.app.project import check_rules, load_project
from bot.app.setup.new_folder import copy_rule, make_folder
from bot.config.episodes.file import episode_path, episode_paths
from bot.config.news.companies_document import companies_document
from bot.config.news.topics import load_topics
from bot.config.rules import rule_files
from bot.config.rules.dump import Origin, full_rules
from bot.config.settings.model import Settings, load_settings
from bot.core.errors import ConfigError, StoreError, UsageError

RULE = """
  - name: {name}
    symbols: [NVDA]
    when: {{price: {{change: "{change}", since: previous close}}}}
"""


def write(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")


def switch(config: Path, part: str, written: str) -> None:
    """What the configuration says of a part."""
    lines = config.read_text(encoding="utf-8").splitlines()
    changed = [f"  {part}: {written}" if line.startswith(f"  {part}: true") else line for line in lines]
    assert changed != lines
    config.write_text("\n".join(changed), encoding="utf-8")


def mistakes(config: Path) -> list[str]:
    """What is wrong, with places but without the folder."""
    with pytest.raises(ConfigError) as raised:
        load_project(config)
    return [str(problem).replace(f"{config.parent}/", "") for problem in raised.value.problems]


def origins(config: Path) -> dict[str, tuple[Origin | None, bool]]:
    """Where each rule comes from, and whether it is on."""
    settings = load_settings(config)
    rules = full_rules(rule_files(settings.rules), settings.benchmark, settings.beneath("rules"))
    return {rule.name: (rule.origin, rule.data["enabled"]) for rule in rules}


# ---------------------------------------------------------------------------------------------------- a new folder


def test_a_new_folder_says_the_same_as_the_shipped_one(config: Path, repository: Path) -> None:
    mine, shipped = load_project(config), load_project(repository / "config.yaml")
    own = {"shipped", "rules", "storage"}
    assert mine.settings.model_dump(exclude=own) == shipped.settings.model_dump(exclude=own)
    assert [r.name for r in mine.rules if r.name != "my-first-rule"] == [r.name for r in shipped.rules]
    assert {r.name: r.version for r in shipped.rules}.items() <= {r.name: r.version for r in mine.rules}.items()
    assert mine.topics == shipped.topics
    assert list(mine.companies) == list(shipped.companies)
    assert mine.episodes == shipped.episodes


def test_the_rule_of_a_new_folder_is_off(config: Path) -> None:
    assert origins(config)["my-first-rule"] == (Origin.OWN, False)


def test_a_checkout_stands_alone(repository: Path) -> None:
    settings = load_settings(repository / "config.yaml")
    assert all(settings.beneath(part) is None for part in ("rules", "topics", "companies", "episodes"))
    assert {origin for origin, _ in origins(repository / "config.yaml").values()} == {None}


def test_the_shipped_folder_lies_not_beneath_itself(config: Path, repository: Path) -> None:
    text = config.read_text(encoding="utf-8")
    config.write_text(f"{text}\nrules: {repository / 'rules'}\n", encoding="utf-8")
    assert load_settings(config).beneath("rules") is None


def test_nothing_is_overwritten(config: Path) -> None:
    before = {path: path.read_bytes() for path in config.parent.rglob("*") if path.is_file()}
    (config.parent / "rules" / "my-rules.yaml").unlink()
    with pytest.raises(UsageError, match=r"config\.yaml exists already; nothing was written"):
        make_folder(config.parent)
    assert {path: path.read_bytes() for path in before if path.exists()} == {
        path: text for path, text in before.items() if path.name != "my-rules.yaml"
    }


def test_where_one_file_is_there_the_others_are_not_left_behind(tmp_path: Path) -> None:
    write(tmp_path / "mine" / ".env.example", "mine")
    with pytest.raises(UsageError, match=r"\.env\.example exists already"):
        make_folder(tmp_path / "mine")
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", ".env.example"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    write(tmp_path / "mine", "")
    with pytest.raises(UsageError, match="is a file; name a folder"):
        make_folder(tmp_path / "mine")


def test_a_folder_among_the_program_s_own_files_is_refused(repository: Path) -> None:
    for place in (repository, repository / "rules" / "mine"):
        with pytest.raises(UsageError, match="choose another place"):
            make_folder(place)
    assert not (repository / "rules" / "mine").exists()


def test_where_nothing_can_be_written_it_says_so() -> None:
    with pytest.raises(StoreError, match=r"config\.yaml cannot be written"):
        make_folder(Path("/proc/self/mine"))


def test_without_a_configuration_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no such file; python main\.py init FOLDER makes"):
        load_settings(tmp_path / "config.yaml")


# ------------------------------------------------------------------------------------------------------------- rules


def test_a_rule_of_the_same_name_stands_in_place_of_the_shipped_one(config: Path) -> None:
    write(config.parent / "rules" / "z.yaml", "rules:" + RULE.format(name="ai-model-shock", change="< -3%"))
    assert origins(config)["ai-model-shock"] == (Origin.REPLACING, True)
    rules, files = check_rules(config)
    rule = rules.named("ai-model-shock")
    assert rule is not None
    assert rule.symbols == {"NVDA"}
    assert [r.name for r in rules].count("ai-model-shock") == 1
    assert config.parent / "rules" / "z.yaml" in files


def test_shipped_rules_are_switched_off_and_on(config: Path) -> None:
    switch(config, "rules", "{abnormal-fall: false, winner: true}")
    rules, _ = check_rules(config)
    enabled = {rule.name: rule.enabled for rule in rules}
    assert (enabled["abnormal-fall"], enabled["winner"]) == (False, True)
    found = origins(config)
    assert found["abnormal-fall"] == (Origin.SWITCHED_OFF, False)
    assert found["winner"] == (Origin.SWITCHED_ON, True)
    assert found["group-fall"] == (Origin.SHIPPED, True)


def test_shipped_rules_can_be_left_out_altogether(config: Path) -> None:
    switch(config, "rules", "false")
    assert set(origins(config)) == {"my-first-rule"}


def test_two_rules_of_one_name_in_one_s_own_folder_are_a_mistake(config: Path) -> None:
    for name in "ab":
        rule = RULE.format(name="ai-model-shock", change="< -3%")
        write(config.parent / "rules" / f"{name}.yaml", f"rules:{rule}")
    assert mistakes(config) == [
        "rules/b.yaml:2:11: rules[0].name: a rule named 'ai-model-shock' is already at rules/a.yaml:2; rename one"
    ]


def test_a_mistake_in_one_s_own_rule_is_told_in_its_own_file(config: Path) -> None:
    write(config.parent / "rules" / "mine.yaml", "rules:" + RULE.format(name="winner", change="8%"))
    assert [line.split(": ")[0] for line in mistakes(config)] == ["rules/mine.yaml:4:28"]


def test_a_shipped_rule_is_copied_to_be_edited(config: Path) -> None:
    copied = copy_rule(config, "large-fall")
    assert copied == config.parent / "rules" / "large-fall.yaml"
    assert origins(config)["large-fall"][0] is Origin.REPLACING
    with pytest.raises(UsageError, match="exists already"):
        copy_rule(config, "large-fall")
    with pytest.raises(UsageError, match="unknown shipped rule 'large-fal'; did you mean 'large-fall'"):
        copy_rule(config, "large-fal")


def test_tests_are_missed_of_one_s_own_rules_only(config: Path) -> None:
    copy_rule(config, "winner")
    workbench = open_workbench(config, None, datetime(2026, 1, 5, tzinfo=UTC))
    assert workbench.own_rules == ["my-first-rule", "winner"]
    assert len(workbench.rules()) > 10


def test_in_a_checkout_there_is_nothing_to_copy(repository: Path) -> None:
    with pytest.raises(UsageError, match="takes no shipped rules; edit them in"):
        copy_rule(repository / "config.yaml", "large-fall")


# ---------------------------------------------------------------------------------------------------------- switches


def test_switches_of_what_does_not_ship_are_all_told_at_once(config: Path) -> None:
    for part in ("rules", "topics", "companies", "episodes", "feeds", "watchlist"):
        switch(config, part, "{noone: false}")
    said = mistakes(config)
    things = ["rule", "topic", "company", "episode", "feed", "group"]
    assert [line.split("unknown shipped ")[1].split()[0] for line in said] == things
    assert all(line.startswith("config.yaml:") for line in said)


def test_a_switch_that_is_no_switch_is_a_mistake(config: Path) -> None:
    switch(config, "rules", "some")
    assert any("shipped.rules" in line for line in mistakes(config))


# ------------------------------------------------------------------------------------------------- feeds and groups


def added(config: Path, text: str) -> Settings:
    """The settings with ``text`` at the end of the configuration."""
    config.write_text(config.read_text(encoding="utf-8") + text, encoding="utf-8")
    return load_settings(config)


def test_feeds_of_one_s_own_are_beside_the_shipped_ones_or_in_their_place(config: Path) -> None:
    shipped = {feed.name: feed for feed in load_settings(config).feeds}
    same = shipped["techcrunch"].url
    settings = added(
        config,
        "\nfeeds:\n"
        "  - {name: new, url: 'https://new.example/rss'}\n"
        "  - {name: openai, url: 'https://elsewhere.example/rss'}\n"
        f"  - {{name: tc, url: '{same}', min_interval: 5m}}\n",
    )
    feeds = {feed.name: feed for feed in settings.feeds}
    assert set(feeds) == {*shipped, "new", "tc"} - {"techcrunch"}
    assert feeds["openai"].url == "https://elsewhere.example/rss"


def test_shipped_feeds_are_switched_off_and_on(config: Path) -> None:
    switch(config, "feeds", "{hacker-news: false, pr-newswire: true}")
    names = {spec.name for spec in load_settings(config).feed_specs}
    assert "hacker-news" not in names
    assert "pr-newswire" in names


def test_a_mistake_in_one_s_own_feed_is_told_at_its_place(config: Path) -> None:
    config.write_text(config.read_text(encoding="utf-8") + "\nfeeds:\n  - {name: x}\n", encoding="utf-8")
    last = len(config.read_text(encoding="utf-8").splitlines())
    assert mistakes(config) == [f"config.yaml:{last}:5: feeds[0]: 'url' is missing; add 'url: …'"]


def test_groups_are_added_replaced_and_left_out(config: Path) -> None:
    switch(config, "watchlist", "{games: false}")
    settings = added(config, "\nwatchlist:\n  mine: [TSLA]\n  memory: [MU]\n")
    assert settings.watchlist["mine"] == ("TSLA",)
    assert settings.watchlist["memory"] == ("MU",)
    assert "games" not in settings.watchlist
    assert "NVDA" in settings.watched


def test_a_watchlist_of_one_s_own_alone(config: Path) -> None:
    switch(config, "watchlist", "false")
    assert added(config, "\nwatchlist: {mine: [TSLA]}\n").watched == ("TSLA",)


# ------------------------------------------------------------------------------------- topics, companies, episodes


TOPIC = """
topics:
  ai-capex:
    title: my spending
    about: [my-words]
    signals: [{name: mine, weight: 1, all: [my-words]}]
words:
  my-words: [mine alone]
  {joined}: [an added word]
labs:
  Mine: {names: [Mine Labs]}
"""


def test_a_topic_replaces_the_shipped_one_and_word_lists_are_joined(config: Path) -> None:
    settings = load_settings(config)
    before = load_topics(settings.rules / "topics", settings.beneath("topics"))
    joined = next(iter(before.words))
    write(config.parent / "rules" / "topics" / "mine.yaml", TOPIC.replace("{joined}", joined))
    topics = load_topics(settings.rules / "topics", settings.beneath("topics"))
    assert {t.name: t.title for t in topics.topics}["ai-capex"] == "my spending"
    assert sorted(t.name for t in topics.topics) == sorted(t.name for t in before.topics)
    assert len(topics.words[joined]) == len(before.words[joined]) + 1
    assert [lab.name for lab in topics.labs if lab.name == "Mine"] == ["Mine"]


def test_a_company_is_added_and_replaced(config: Path) -> None:
    file = config.parent / "rules" / "companies.yaml"
    write(
        file,
        "companies:\n"
        "  TSLA: {name: Tesla Mine, exchange: XNAS}\n"
        "  ZZZZ: {name: New One, exchange: XNAS, same_as: NVDA}\n"
        "groups: {few: [NVDA, TSLA]}\n",
    )
    switch(config, "companies", "{CHGG: false}")
    companies = load_project(config).companies
    found = {company.symbol: company for company in companies}
    assert (found["TSLA"].name, found["ZZZZ"].same_as) == ("Tesla Mine", "NVDA")
    assert "CHGG" not in found
    assert "NVDA" in found
    assert companies.group("few") == ("NVDA", "TSLA")


def test_a_mistake_in_one_s_own_companies_is_told_at_its_place(config: Path) -> None:
    write(config.parent / "rules" / "companies.yaml", "companies:\n  TSLA: {name: T, exchange: XNAS, same_as: QQQQ}\n")
    [said] = mistakes(config)
    assert said.startswith("rules/companies.yaml:2:44: companies.TSLA.same_as: ")


def test_companies_need_no_file_of_one_s_own(config: Path) -> None:
    settings = load_settings(config)
    beneath = settings.beneath("companies")
    assert beneath is not None
    document = companies_document(settings.rules / "companies.yaml", beneath)
    assert document.file == str(beneath.folder / "companies.yaml")


def test_episodes_are_added_replaced_and_left_out(config: Path) -> None:
    switch(config, "episodes", "{bard-2023-02: false}")
    own = config.parent / "rules" / "episodes"
    write(own / "meta-2022-02.yaml", "")
    write(own / "mine.yaml", "")
    settings = load_settings(config)
    beneath = settings.beneath("episodes")
    assert beneath is not None
    paths = episode_paths(own, beneath)
    assert list(paths) == sorted(paths)
    assert "bard-2023-02" not in paths
    assert paths["meta-2022-02"] == own / "meta-2022-02.yaml"
    assert paths["mine"] == own / "mine.yaml"
    assert episode_path(own, "deepseek-2025-01", beneath) == beneath.folder / "episodes" / "deepseek-2025-01.yaml"
