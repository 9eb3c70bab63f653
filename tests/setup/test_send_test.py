"""``send-test``: everyone configured gets a sample, each outcome is said, and a running bot is not disturbed."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from datetime import UTC, datetime

import pytest

from bot.adapters.notifiers.telegram import Permissions
from bot.adapters.store import open_store
from bot.app.chat.access import AccessLists
from bot.app.setup.sample import SAMPLE
from bot.clock import SystemClock
from bot.core.model import Recipient
from bot.render import html, plain
from tests.command import REPOSITORY
from tests.servers.botapi import TOKEN
from tests.setup.places import OWNER, STRANGER, Place

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
GROUP, OTHER_GROUP, READER, SILENT, INVITED, DENIED = -1001, -1002, 7, 8, 9, 10


@pytest.fixture
def desk(place: Place) -> Place:
    """An admin, a reader, a group that receives in a topic, one that never said /start, and others."""
    place.configure(admins=[OWNER], allow=[READER, GROUP, OTHER_GROUP, SILENT, DENIED])
    place.keep(f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    people = [
        Recipient("console", "console", "console", operator=True),
        Recipient(f"telegram:{OWNER}", "telegram", "Ada", operator=True),
        Recipient(f"telegram:{GROUP}/5", "telegram", "Desk"),
        Recipient(f"telegram:{SILENT}", "telegram", "Bob", enabled=False),
        Recipient(f"telegram:{INVITED}", "telegram", "Cy\x1b[2J"),
        Recipient(f"telegram:{DENIED}", "telegram", "Dan"),
        Recipient(f"telegram:{STRANGER}", "telegram", "no longer on the list"),
    ]
    with open_store(place.database, mode="live", run_name="live", now=NOW) as store:
        store.save_recipients(people)
        listed = Permissions(frozenset([OWNER]), frozenset([READER, GROUP, OTHER_GROUP, SILENT, DENIED]))
        admission = AccessLists(store, SystemClock(), listed)
        admission.allow(INVITED)
        admission.deny(DENIED)
    return place


def told(place: Place) -> set[int]:
    return {message.chat for message in place.api.sent.values()}


def test_everyone_who_may_receive_gets_one_sample_and_nobody_else(desk: Place) -> None:
    ran = desk.command("send-test")
    assert ran.stdout.splitlines() == [
        "ok   telegram:42 (Ada): sent",
        "ok   telegram:-1002: sent",
        "ok   telegram:7: sent",
        "ok   telegram:9 (Cy [2J): sent",
        "ok   telegram:-1001/5 (Desk): sent",
    ]
    assert told(desk) == {OWNER, READER, GROUP, OTHER_GROUP, INVITED}
    assert len(desk.api.sent) == 5
    assert [message.thread for message in desk.api.messages(GROUP)] == [5]
    assert all(text.startswith("TEST: ") for message in desk.api.sent.values() if (text := message.text))
    assert "skipped telegram:8 (Bob): unsubscribed with /stop" in ran.stderr


def test_beside_a_running_bot_it_reads_no_updates_and_writes_nothing(desk: Place) -> None:
    def rows() -> list[int]:
        with contextlib.closing(sqlite3.connect(desk.database)) as connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return [connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in sorted(tables)]

    desk.api.say(OWNER, OWNER, "/status")
    with contextlib.closing(open_store(desk.database, mode="live", run_name="live", now=NOW)):
        before = rows()
        desk.command("send-test")
        assert rows() == before
    assert {call.method for call in desk.api.calls} == {"sendMessage"}


@pytest.mark.parametrize("wanted", ["-1001/5", f"telegram:{GROUP}/5", "desk"])
def test_one_recipient_by_number_id_or_name(desk: Place, wanted: str) -> None:
    desk.command("send-test", "--to", wanted)
    assert told(desk) == {GROUP}


def test_one_who_ended_its_alerts_is_told_when_named(desk: Place) -> None:
    desk.command("send-test", "--to", str(SILENT))
    assert told(desk) == {SILENT}


@pytest.mark.parametrize("wanted", [str(STRANGER), str(DENIED), "Nobody", "telegram:1", "", "../x"])
def test_who_is_not_configured_is_not_told(desk: Place, wanted: str) -> None:
    ran = desk.command("send-test", "--to", wanted, code=2)
    assert "is not configured; name one of: telegram:42 (Ada), " in ran.stderr
    assert not desk.api.sent


@pytest.mark.parametrize(
    ("fault", "options", "said"),
    [
        ("403", {}, "bot was blocked by the user; send /start to the bot from there"),
        (
            "migrate",
            {"to": -100777},
            "the group moved to telegram:-100777; replace 7 by -100777 under telegram:",
        ),
        ("cut_after", {}, "may or may not have arrived"),
        ("502", {}, "may or may not have arrived"),
        ("429", {"retry_after": 3600}, "Retry in"),
    ],
)
def test_a_failure_is_said_the_others_are_told_and_the_exit_code_is_one(
    desk: Place, fault: str, options: dict[str, int], said: str
) -> None:
    desk.api.fault(fault, chat=READER, **options)
    ran = desk.command("send-test", "--json", code=1)
    went = {(line := json.loads(text))["recipient"]: line for text in ran.stdout.splitlines()}
    assert [recipient for recipient, line in went.items() if not line["ok"]] == [f"telegram:{READER}"]
    assert said.lower() in went[f"telegram:{READER}"]["words"].lower()
    assert len(went) == 5


def test_a_short_pause_that_telegram_asks_for_is_kept(desk: Place) -> None:
    desk.api.fault("429", chat=READER, retry_after=1)
    desk.command("send-test", "--to", str(READER))
    first, second = (call.at for call in desk.api.made("sendMessage"))
    assert second - first >= 1


def test_markup_that_is_refused_goes_as_plain_text(desk: Place) -> None:
    desk.api.fault("400", chat=READER)
    desk.command("send-test", "--to", str(READER))
    assert desk.api.texts(READER)[0].startswith("TEST: ")


def test_without_a_token_the_sample_is_shown_where_alerts_are_shown(place: Place) -> None:
    ran = place.command("send-test")
    assert "TEST: Furukawa Electric falls 11.3 %" in ran.stdout
    assert ran.stdout.endswith("ok   console: sent\n")
    ran = place.command("send-test", "--to", "42", code=2)
    assert "there is no Telegram token; run: python main.py setup" in ran.stderr


def test_where_nobody_is_configured_it_says_what_to_do(place: Place) -> None:
    place.keep(f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    assert "run: python main.py setup" in place.command("send-test", code=2).stderr


def test_many_are_told_only_after_asking(place: Place) -> None:
    place.configure(admins=[OWNER], allow=list(range(100, 110)))
    place.keep(f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    ran = place.command("send-test", answers="\n")
    assert "This sends a test to 11 recipients. Continue? [y/N]" in ran.stderr
    assert not place.api.sent
    place.command("send-test", code=2)
    assert not place.api.sent
    place.command("send-test", "--yes")
    assert len(place.api.sent) == 11


def test_the_sample_says_that_it_is_one_at_both_ends_and_its_figures_are_those_of_the_first_message() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    told = next(block for block in re.findall(r"```text\n(.*?)```", readme, re.DOTALL))
    figures = set(re.findall(r"[−+]?\d[\d.,:]*\d|\d+", told))
    text = plain(SAMPLE, width=None)
    without_mark = [line for line in text.splitlines() if "test" not in line.lower() or "falls" in line]
    ours = set(re.findall(r"[−+]?\d[\d.,:]*\d|\d+", "\n".join(without_mark)))
    assert len(ours) > 15
    assert ours <= figures, ours - figures
    assert text.startswith("TEST: ")
    assert "This is a test: nothing has happened today." in text
    assert text.splitlines()[-1] == "A test, sent by hand. Written by a machine (Aftershock). Not investment advice."
    assert len(html(SAMPLE)) < 4096
