"""``setup`` as a new user meets it, answers given line by line."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest

from bot.adapters.store import open_store
from bot.config.settings.model import load_settings
from bot.core.model import Recipient
from tests.servers.botapi import TOKEN
from tests.setup.places import OWNER, STRANGER, Place, writes

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def recipients(place: Place) -> list[Recipient]:
    with open_store(place.database, mode="live", run_name="live", now=NOW, read_only=True) as store:
        return list(store.recipients())


def test_from_nothing_to_a_bot_with_an_admin(place: Place) -> None:
    writes(place.api, OWNER, "/start", last_name="Lovelace", username="ada")
    ran = place.command("setup", answers=f"{TOKEN}\ny\ny\n")
    assert place.env.read_text(encoding="utf-8") == f"TELEGRAM_BOT_TOKEN={TOKEN}\n"
    assert place.files()[".env"][1] == 0o600
    assert "  admins: [42]     # who\n" in place.config.read_text(encoding="utf-8")
    assert [(r.id, r.name, r.operator, r.enabled) for r in recipients(place)] == [
        ("telegram:42", "Ada Lovelace", True, True)
    ]
    greeting, alert = place.api.texts(OWNER)
    assert greeting.startswith("You are now the admin of Aftershock.")
    assert alert.startswith("TEST: Furukawa Electric falls 11.3\N{NO-BREAK SPACE}%")
    assert alert.endswith("Not investment advice.")
    menus = place.api.menus
    everybody, longer = menus["default"], next(menu for scope, menu in menus.items() if "42" in scope)
    assert [c["command"] for c in everybody][:2] == ["start", "stop"]
    assert longer[: len(everybody)] == everybody
    assert "silence" in {c["command"] for c in longer} - {c["command"] for c in everybody}
    assert set(place.api.said_of_itself) == {"description", "short_description"}
    assert ran.stdout == ""
    assert "Received /start from Ada Lovelace (@ada, id 42), without the code" in ran.stderr
    assert "https://t.me/aftershock_test_bot?start=" in ran.stderr
    assert TOKEN.encode() not in place.database.read_bytes()


def test_a_second_time_everything_is_kept_and_nothing_asked_of_the_owner(place: Place) -> None:
    place.configure(admins=[OWNER])
    place.keep(f"A=1\nTELEGRAM_BOT_TOKEN={TOKEN}\n")
    before = place.files()
    ran = place.command("setup", answers="\n\nn\n")
    assert place.files() == before
    assert "Everything is saved already." in ran.stderr
    assert not place.api.made("getUpdates")
    assert not place.api.texts(OWNER)
    place.command("setup", "--yes")
    assert place.files() == before
    assert len(place.api.texts(OWNER)) == 1


def test_an_admin_who_ended_its_alerts_is_not_brought_back_by_running_setup_again(place: Place) -> None:
    place.configure(admins=[OWNER])
    place.keep(f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    with open_store(place.database, mode="live", run_name="live", now=NOW) as store:
        store.save_recipients([Recipient("telegram:42", "telegram", "Ada", enabled=False)])
    place.command("setup", "--yes")
    assert [r.enabled for r in recipients(place)] == [False]
    writes(place.api, OWNER, "/start")
    place.command("setup", answers="\ny\ny\nn\n")
    assert [r.enabled for r in recipients(place)] == [True]


def test_a_token_that_is_there_is_replaced_only_when_asked_and_other_lines_stay(place: Place) -> None:
    place.keep(f"A=1\nTELEGRAM_BOT_TOKEN={TOKEN[:-1]}x\nB=2\n", 0o644)
    ran = place.command("setup", "--admin", OWNER, "--no-test", answers=f"{TOKEN}\n")
    assert "does not know the token in" in ran.stderr
    assert place.env.read_text(encoding="utf-8") == f"A=1\nTELEGRAM_BOT_TOKEN={TOKEN}\nB=2\n"
    before = place.files()
    ran = place.command("setup", "--admin", OWNER, "--no-test", code=2, answers="n\n")
    assert "Keep using this bot? [Y/n]" in ran.stderr
    assert "the input ended before the last question" in ran.stderr
    assert place.files() == before


def test_permissions_of_a_token_that_is_kept_are_mended(place: Place) -> None:
    place.keep(f"TELEGRAM_BOT_TOKEN={TOKEN}\n", 0o644)
    ran = place.command("setup", "--yes", "--admin", OWNER, "--no-test")
    assert "was readable by others; now only you can" in ran.stderr
    assert place.files()[".env"][1] == 0o600


def test_wrong_tokens_are_said_and_asked_again(place: Place) -> None:
    answers = f"nonsense\n\n{TOKEN[:-1]}x\n{TOKEN}\n"
    ran = place.command("setup", "--admin", OWNER, "--no-test", answers=answers)
    assert ran.stderr.count("Paste the token here (it is not shown):") == 4
    assert "This does not look like a Telegram token" in ran.stderr
    assert "No token was given; paste the one from BotFather." in ran.stderr
    assert "Telegram does not know this token; copy the whole token from @BotFather and try again." in ran.stderr
    assert load_settings(place.config).telegram.admins == (OWNER,)


def test_the_token_from_the_environment_is_written_down_where_none_is(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    place.command("setup", "--yes", "--admin", OWNER, "--no-test")
    assert place.env.read_text(encoding="utf-8") == f"TELEGRAM_BOT_TOKEN={TOKEN}\n"
    place.keep(f"TELEGRAM_BOT_TOKEN={TOKEN[:-1]}x\n")
    ran = place.command("setup", "--admin", OWNER, "--no-test", answers="\n")
    assert "holds a different token. Replace it? [y/N]" in ran.stderr
    assert place.env.read_text(encoding="utf-8") == f"TELEGRAM_BOT_TOKEN={TOKEN[:-1]}x\n"


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (TOKEN[:-1] + "x", "Telegram does not know the token in TELEGRAM_BOT_TOKEN; correct it, or unset it"),
        ("nonsense", "TELEGRAM_BOT_TOKEN: this does not look like a Telegram token"),
        ("", "there is no working token; set TELEGRAM_BOT_TOKEN, or leave out --yes"),
    ],
)
def test_without_a_token_that_works_nobody_is_bothered(
    place: Place, monkeypatch: pytest.MonkeyPatch, token: str, said: str
) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", token)
    before = place.files()
    ran = place.command("setup", "--yes", code=2)
    assert said in ran.stderr
    assert place.files() == before
    assert not place.database.exists()


def test_a_configured_token_file_gets_the_token(place: Place) -> None:
    place.configure(more="")
    text = place.config.read_text(encoding="utf-8").replace("telegram:\n", "telegram:\n  token_file: keys/telegram\n")
    place.config.write_text(text, encoding="utf-8")
    place.command("setup", "--admin", OWNER, "--no-test", answers=f"{TOKEN}\n")
    assert (place.folder / "keys" / "telegram").read_text(encoding="utf-8") == f"{TOKEN}\n"
    assert not place.env.exists()


def test_a_mistake_in_the_configuration_comes_before_any_question(place: Place) -> None:
    place.configure(more="colour: red\n")
    ran = place.command("setup", code=2)
    assert "colour" in ran.stderr
    assert "Step 1" not in ran.stderr


# ---------------------------------------------------------------------------------------------------------- who is it


def test_a_stranger_is_asked_about_once_and_the_owner_still_gets_in(place: Place) -> None:
    place.keep(f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    for _ in range(3):
        writes(place.api, STRANGER, "/start KNOWNOT1", first_name="Mal\x1b[2J\u202elory\n", username="mal")
    writes(place.api, STRANGER, "hello")
    writes(place.api, OWNER, "/start", chat=-100)
    writes(place.api, OWNER, "/start@aftershock_test_bot")
    ran = place.command("setup", "--no-test", answers="y\nn\ny\n")
    assert ran.stderr.count("id 666") == 1
    assert "\x1b" not in ran.stderr
    assert "\u202e" not in ran.stderr
    assert "Ada (id 42) sent /start in the group Desk; send it to the bot itself instead." in ran.stderr
    assert load_settings(place.config).telegram.admins == (OWNER,)
    assert not place.api.texts(STRANGER)
    assert [r.id for r in recipients(place)] == ["telegram:42"]


def test_unattended_only_the_code_counts_and_waiting_ends(place: Place) -> None:
    place.keep(f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    before = place.files()
    writes(place.api, STRANGER, "/start")
    ran = place.command("setup", "--yes", "--wait", "1s", code=1)
    assert "without the code: it may be a stranger" in ran.stderr
    assert "the owner did not write to the bot; nothing was changed" in ran.stderr
    assert place.files() == before
    assert not place.database.exists()


def test_an_admin_given_by_number_who_never_wrote_is_told_what_to_do(place: Place) -> None:
    place.keep(f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    place.api.rooms.known = {STRANGER}
    ran = place.command("setup", "--yes", "--admin", OWNER, code=1)
    assert "The test alert was not sent" in ran.stderr
    assert "Has 42 pressed Start at https://t.me/aftershock_test_bot? A bot cannot write first." in ran.stderr
    assert load_settings(place.config).telegram.admins == (OWNER,)
    assert not place.database.exists()


# -------------------------------------------------------------------------------------------------------- what goes on


def test_a_webhook_is_taken_away(place: Place) -> None:
    place.keep(f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    place.api.webhook = "https://hooks.example/secret/path"
    writes(place.api, OWNER, "/start")
    ran = place.command("setup", "--no-test", answers="y\ny\n")
    assert "The bot had a webhook to hooks.example; it was removed" in ran.stderr
    assert "secret/path" not in ran.stderr
    assert place.api.webhook == ""


def test_another_process_that_listens_is_said_and_waited_for(place: Place) -> None:
    place.keep(f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    writes(place.api, OWNER, "/start")
    place.api.fault("409", "getUpdates", times=2)
    ran = place.command("setup", "--no-test", answers="y\n\ny\n")
    assert "Another process is receiving with this token: most likely the bot is running." in ran.stderr
    assert load_settings(place.config).telegram.admins == (OWNER,)


def test_telegram_out_of_reach_is_said_and_tried_again(place: Place) -> None:
    place.api.fault("502", "getMe", times=2)
    ran = place.command("setup", "--admin", OWNER, "--no-test", answers=f"{TOKEN}\n\n\n")
    assert ran.stderr.count("Press Enter to try again (or Ctrl-C to quit).") == 2
    place.configure(base_url="http://127.0.0.1:9")
    ran = place.command("setup", "--admin", OWNER, "--no-test", code=2)
    assert "Could not reach Telegram: " in ran.stderr


def test_beside_a_bot_on_the_same_history_the_start_is_left_for_it(place: Place) -> None:
    place.keep(f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    writes(place.api, OWNER, "/start")
    with contextlib.closing(open_store(place.database, mode="live", run_name="live", now=NOW)):
        ran = place.command("setup", "--no-test", answers="y\ny\n")
    assert "A bot is running on this history: restart it" in ran.stderr
    assert not recipients(place)
    assert all(call.params.get("offset", 0) <= 1 for call in place.api.made("getUpdates")), "it is still unread"


def test_what_could_not_be_set_is_said_and_the_files_are_written_all_the_same(place: Place) -> None:
    place.keep(f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    place.api.fault("400", "setMyDescription", description="Bad Request: description refused")
    ran = place.command("setup", "--yes", "--admin", OWNER, "--no-test", code=1)
    assert "The command menu could not be set (Description refused); run setup again to set it." in ran.stderr
    assert load_settings(place.config).telegram.admins == (OWNER,)
