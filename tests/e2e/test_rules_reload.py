"""A saved edit of a rule is in force within two seconds, in the real process; a bad one is told and changes nothing."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

from tests.e2e.desk import ADMIN, Bot, Desk, opened
from tests.waiting import allowed, wait_until

WITHIN = 2.0
IN_FORCE = "SELECT count(*) FROM rule_versions WHERE instr(text, ?)"


def edited(desk: Desk, old: str, new: str) -> float:
    """Save the rule with ``old`` replaced, as an editor that renames does; the moment it was saved."""
    file = desk.folder / "rules" / "plain.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    beside = file.with_suffix(".yaml.saving")
    beside.write_text(text.replace(old, new), encoding="utf-8")
    os.replace(beside, file)
    return time.monotonic()


def started(desk: Desk) -> Bot:
    desk.write_config()
    bot = desk.start()
    bot.until_logged("started feeds=")
    return bot


def test_a_saved_edit_is_in_force_within_two_seconds(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        started(desk)
        took = []
        for n in range(10, 5, -1):
            time.sleep(0.13 * n)  # at another point between two looks each time
            saved = edited(desk, f"< -{n}%", f"< -{n - 1}%")
            wait_until(
                partial(desk.count, IN_FORCE, f"< -{n - 1}%"),
                "the edit is in force",
            )
            took.append(time.monotonic() - saved)
        assert max(took) < allowed(WITHIN), took


def test_a_bad_edit_is_told_on_stderr_and_to_the_operator_and_so_is_its_end(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        bot = started(desk)
        desk.api.say(chat=ADMIN, user=ADMIN, text="/start")
        wait_until(lambda: desk.api.texts(ADMIN), "the admin is greeted")
        edited(desk, '"< -10%"', '"<< -10%"')
        lines = (desk.folder / "rules" / "plain.yaml").read_text(encoding="utf-8").splitlines()
        number, line = next((n, text) for n, text in enumerate(lines, 1) if "<< -10%" in text)
        column = line.index('"') + 1
        place = f"rules/plain.yaml:{number}:{column}: rules[0].when.all[0].price.change: "
        where = f"{desk.folder}/{place}"
        wait_until(lambda: where in bot.log, "stderr says where", lambda: bot.log)
        told = "An edit of the rules has a mistake; the last good rules stay in force"
        wait_until(lambda: [t for t in desk.api.texts(ADMIN) if told in t], "the operator is told", lambda: bot.log)
        notice = next(t for t in desk.api.texts(ADMIN) if told in t)
        assert place in notice
        assert str(desk.folder) not in notice
        edited(desk, '"<< -10%"', '"< -9%"')
        wait_until(
            lambda: [t for t in desk.api.texts(ADMIN) if "The rules are good again" in t],
            "the operator is told",
            lambda: bot.log,
        )
        assert sum(told in t for t in desk.api.texts(ADMIN)) == 1
        assert desk.count(IN_FORCE, "< -9%") == 1
