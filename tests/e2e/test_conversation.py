"""The running bot, spoken to over HTTP: every command and every button, in private, group and channel, by an admin, a
subscriber and a stranger."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bot.adapters.notifiers.webhook import SIGNATURE, signature
from bot.app.chat.commands import COMMANDS
from bot.core.secret import Secret
from tests.e2e.desk import ADMIN, GROUP, READER, Desk, opened
from tests.servers.botapi_chats import Sent
from tests.waiting import wait_until

SECOND, THIRD = 8, 9
CHANNEL, STRANGER, ELSEWHERE = -1009, 666, -4321
MEMBER = 77
FALL = {"NVDA": -0.13, "AVGO": -0.12, "VRT": -0.14}


SECRET = "a-secret-of-the-desk-s-program"


@dataclass
class Program:
    """Somebody's program that takes alerts by webhook."""

    port: int
    got: list[dict[str, Any]] = field(default_factory=list)
    signed: list[bool] = field(default_factory=list)


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.signed.append(
                self.headers[SIGNATURE] == signature(Secret(SECRET), self.headers["X-Aftershock-Timestamp"], body)
            )
            made.got.append(json.loads(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
    made = Program(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, program: Program) -> Iterator[Desk]:
    """A bot with three recipients, after a fall that all of them were told of."""
    with opened(tmp_path_factory.mktemp("talk")) as desk:
        hook = f'{{name: desk, url: "http://127.0.0.1:{program.port}/", secret_env: AFTERSHOCK_DESK_SECRET}}'
        (desk.folder / ".env").write_text(f"AFTERSHOCK_DESK_SECRET={SECRET}\n")
        desk.settings["more"] = f"webhooks: [{hook}]"
        desk.write_config(allow=f"[{READER}, {SECOND}, {THIRD}, {GROUP}, {CHANNEL}]")
        desk.start()
        desk.subscribe(ADMIN, READER, SECOND, THIRD, GROUP)
        desk.api.post(CHANNEL, "/start")
        wait_until(lambda: desk.texts(CHANNEL), "the channel is answered")
        assert "Quiet from 00:00 to 23:59 UTC" in said(desk, SECOND, SECOND, "/quiet 00:00-23:59 UTC")
        desk.tell_news()
        desk.fall(FALL)
        wait_until(lambda: all(desk.alerts(c) for c in (ADMIN, READER, GROUP, CHANNEL)), "the alert everywhere")
        wait_until(lambda: any(m.photo for m in desk.api.messages(READER)), "the picture that follows")
        yield desk


def said(desk: Desk, chat: int, user: int, text: str, *, thread: int | None = None) -> str:
    """Say something, and the one answer to it."""
    before = {m.id for m in desk.api.messages(chat)}
    desk.api.say(chat, user, text, thread=thread)
    new = wait_until(
        lambda: [m for m in desk.api.messages(chat) if m.id not in before and not m.photo and not alert(m)],
        f"an answer to {text!r}",
        lambda: desk.bots[-1].log,
    )
    return str(new[0].text)


def alert(message: Sent) -> bool:
    return "What happened" in message.text and "Status" not in message.text


def incident(desk: Desk) -> str:
    return str(desk.rows("SELECT id FROM incidents ORDER BY started_at DESC LIMIT 1")[0][0])


def test_what_came_in_quiet_hours_comes_as_one_message_when_they_are_over(day: Desk) -> None:
    assert day.alerts(SECOND) == []
    assert day.rows("SELECT recipient_id FROM notifications WHERE suppressed_by = 'quiet hours'") == [
        (f"telegram:{SECOND}",)
    ]
    assert "messages held back come now" in said(day, SECOND, SECOND, "/quiet off")
    wait_until(lambda: any("Held back: 1 message" in t for t in day.texts(SECOND)), "all that was held, at once")
    day.after_polls(3)  # it is looked for again
    told = [t for t in day.texts(SECOND) if "Held back" in t]
    assert len(told) == 1
    assert f"/incident {incident(day)}" in told[0]


LOOKS = re.compile("/(alerts|incident|why|price|help|whoami|status|severity)")
CHOOSES = re.compile("/(watch|unwatch|mywatch|quiet|digest)")


def lead(desk: Desk) -> str:
    return str(desk.rows("SELECT lead FROM incidents")[0][0])


READERS = [
    ("/help", "/alerts .SYMBOL. .7d."),
    ("/help quiet", "22:00-07:00"),
    ("/status", "Aftershock is watching"),
    ("/alerts", r"(?s)Alerts, last 7 days.*Vertiv \(VRT\) −14\.0\s%"),
    ("/alerts nvda 30d", "Alerts of NVDA, last 30 days"),
    ("/alerts MSFT", "No alerts of MSFT in the last 7 days"),
    ("/alerts ZZZZ", "ZZZZ is not watched"),
    ("/incident", r"(?s)What happened.*Status.*open"),
    ("/incident ../../etc/passwd", "not the id"),
    ("/why", r"(?s)why ai-model-shock fired.*✓ price change < −10\s%.* on AI models, \d+ source"),
    ("/why nothing-of-that", "not the id"),
    ("/price NVDA", r"Nvidia \(NVDA\) 124\.08, −13\.0\s%"),
    ("/price nvda, avgo; drop", "Not watched"),
    ("/price NVDA AVGO", r"(?s)NVDA.*AVGO"),
    ("/price", "Which stocks"),
    ("/news", "(?s)AI-model news.*DeepSeek R1"),
    ("/news NVDA", "that reaches NVDA"),
    ("/news ZZZ", "not watched"),
    ("/watch", "Which stocks"),
    ("/watch ZZZ", "Not watched by this bot: ZZZ"),
    ("/watch NVDA group:memory", "only alerts on NVDA and MU"),
    ("/mywatch", "NVDA and MU; any severity; no quiet hours; no digests"),
    ("/unwatch AVGO", "Not watched here: AVGO"),
    ("/unwatch NVDA", "Still watched here: MU"),
    ("/unwatch all", "Alerts on every stock come here again"),
    ("/severity", "Which one"),
    ("/severity high", "severity high and above"),
    ("/severity info", "every severity"),
    ("/quiet", "Quiet hours here: none"),
    ("/quiet 25:00-07:00", "no such hour"),
    ("/quiet 22:00-07:00 Mars/Base", "No such time zone"),
    ("/quiet 22-7 europe/paris", "Quiet from 22:00 to 07:00 Europe/Paris"),
    ("/quiet off", "No quiet hours"),
    ("/digest", "now it is off"),
    ("/digest on", "after each close"),
    ("/digest off", "No digests here"),
    ("/numbers", "now it is 1,234.5"),
    ("/style", "Messages here are classic"),
    ("/style rich yes", "rich from now on"),
    ("/style classic", "classic from now on"),
    ("/rules", r"(?s)ai-model-shock: A stock falls more than 10%.*3 alerts in 1 incident"),
    ("/rule ai-model-shock", r"(?s)Rule ai-model-shock.*change: \"< -10%\""),
    ("/rule nonsense", "There is no rule nonsense"),
    ("/precedents", "(?s)episodes"),
    ("/whoami", "You are {who}; this chat is telegram:{who}"),
    ("/nonsense", "I did not understand"),
    ("hello?", "I did not understand"),
]


@pytest.mark.parametrize(("asked", "answered"), READERS, ids=[a for a, _ in READERS])
def test_a_subscriber_asks(day: Desk, asked: str, answered: str) -> None:
    # a minute has room for twenty questions from each
    who = READER if LOOKS.match(asked) else SECOND if CHOOSES.match(asked) else THIRD
    text = said(day, who, who, asked)
    assert re.search(answered.format(who=who), text), text
    assert len(text) < 4096


def test_a_chat_reads_numbers_as_it_writes_them(day: Desk) -> None:
    assert "like 1.234,5 from now on" in said(day, THIRD, THIRD, "/numbers 1.234,5")
    assert re.search(r"Nvidia \(NVDA\) 124,08, −13,0\s%", said(day, THIRD, THIRD, "/price NVDA AVGO"))
    assert "like 1,234.5 from now on" in said(day, THIRD, THIRD, "/numbers 1,234.5")


ADMINS = [
    ("/silence", "Silence what"),
    ("/silence MU 2h", "Silenced until .*: MU"),
    ("/silences", "MU, until"),
    ("/unsilence all", "Ended: "),
    ("/ack", "acknowledged by Ada"),
    ("/pause", "Paused"),
    ("/pause", "Already paused"),
    ("/resume", "go out again"),
    ("/resume", "Nothing is paused"),
    ("/health", "(?s)All is well|Health"),
    ("/resolve", "/resolve 1a2b3c4d done"),
    ("/resolve abcd1234 done", "No message in doubt"),
    ("/chats", r"(?s)7 recipients.*telegram:-1009"),
    ("/allow", "Write the id"),
    (f"/allow {ELSEWHERE}", f"{ELSEWHERE} is allowed"),
    (f"/allow {ELSEWHERE}", "is allowed already"),
    (f"/deny {ELSEWHERE}", "no longer receives"),
    (f"/deny {ELSEWHERE}", "was not allowed anyway"),
    (f"/deny {ADMIN}", "That is an admin"),
    ("/reload", "The rules are up to date"),
]


def test_the_picture_of_a_stock_follows_its_price(day: Desk) -> None:
    known = {m.id for m in day.api.messages(THIRD)}
    assert "Microsoft" in said(day, THIRD, THIRD, "/price MSFT"), "one that no incident is about"
    wait_until(lambda: any(m.photo for m in day.api.messages(THIRD) if m.id not in known), "the picture")


def test_a_program_gets_the_alert_signed_and_the_secret_is_nowhere(day: Desk, program: Program) -> None:
    wait_until(lambda: program.got, "the webhook is called")
    first = program.got[0]
    assert (first["kind"], first["reason"], first["incident"]) == ("message", "first", incident(day))
    assert "NVDA" in first["text"]
    assert all(program.signed)
    for file in (*day.folder.glob("*.txt"), *day.folder.glob("aftershock.db*")):
        assert SECRET not in file.read_text(errors="replace"), f"{file.name} holds the secret"


def test_every_command_is_in_this_script() -> None:
    asked = {words.split()[0].lstrip("/") for words, _ in (*READERS, *ADMINS)} | {"start", "stop"}
    assert {c.name for c in COMMANDS} <= asked


@pytest.mark.parametrize(("asked", "answered"), ADMINS)
def test_an_admin_asks(day: Desk, asked: str, answered: str) -> None:
    text = said(day, ADMIN, ADMIN, asked)
    assert re.search(answered, text), text


@pytest.mark.parametrize("command", [c.name for c in COMMANDS if c.rights.value == "admin"][:4])
def test_a_subscriber_is_no_admin(day: Desk, command: str) -> None:
    assert "Only an admin" in said(day, GROUP, MEMBER, f"/{command} NVDA 24h")


def test_in_a_group_everybody_may_ask_and_only_an_admin_may_choose(day: Desk) -> None:
    assert "Alerts" in said(day, GROUP, MEMBER, "/alerts", thread=5)
    assert day.api.messages(GROUP)[-1].thread == 5
    assert "only an admin" in said(day, GROUP, MEMBER, "/severity high")
    assert "severity high and above" in said(day, GROUP, ADMIN, "/severity high")
    assert "every severity" in said(day, GROUP, ADMIN, "/severity info")


def test_a_stranger_gets_one_refusal_and_no_button_works_for_them(day: Desk) -> None:
    assert "private bot" in said(day, STRANGER, STRANGER, "/start")
    day.api.say(STRANGER, STRANGER, "/alerts")
    pressed(day, STRANGER, STRANGER, "why", answers=False)
    said(day, ADMIN, ADMIN, "/silences")
    assert len(day.texts(STRANGER)) == 1
    assert day.count("SELECT count(*) FROM chats WHERE id LIKE '%666'") == 0


def test_added_to_an_unknown_group_only_the_admin_hears_of_it(day: Desk) -> None:
    day.api.join(ELSEWHERE, MEMBER)
    wait_until(lambda: any("The bot was added to" in t for t in day.texts(ADMIN)), "the admin is told")
    told = next(t for t in day.texts(ADMIN) if "The bot was added to" in t)
    assert f"id {ELSEWHERE}" in told
    assert "/allow" not in told, "no command to tap that has a stranger's group in it"
    assert day.texts(ELSEWHERE) == []


def pressed(desk: Desk, chat: int, user: int, what: str, *, answers: bool = True) -> str:
    """Press a button under the chat's alert, and the words of the small window."""
    message = next((m for m in desk.api.messages(chat) if alert(m)), None)
    button = next((d for _, d in message.buttons if f":{what}:" in d), "") if message else f"1:{what}:20250127-1"
    assert button, "the message has that button"
    before = len(desk.api.answers)
    desk.api.press(chat, user, message.id if message else 1, button)
    if not answers:
        return ""
    return str(wait_until(lambda: desk.api.answers[before:], "the button is answered")[0].get("text", ""))


@pytest.mark.parametrize(("chat", "user"), [(READER, READER), (GROUP, MEMBER)])
def test_buttons_that_tell_more_answer_the_message(day: Desk, chat: int, user: int) -> None:
    message = next(m for m in day.api.messages(chat) if alert(m))
    assert len(message.buttons) == 7
    for what, words in (("why", "why ai-model-shock fired"), ("stories", f"({lead(day)})"), ("chart", "")):
        known = {m.id for m in day.api.messages(chat)}
        pressed(day, chat, user, what)
        new = wait_until(lambda known=known: [m for m in day.api.messages(chat) if m.id not in known], what)
        assert words in new[0].text
        assert new[0].photo is (what == "chart")
        assert new[0].reply_to == message.id
    assert "just answered" in pressed(day, chat, user, "why")


def test_verdicts_count_once_for_a_person_and_the_last_word_stays(day: Desk) -> None:
    assert "Thank you" in pressed(day, READER, READER, "right")
    pressed(day, GROUP, READER, "not ai")
    pressed(day, GROUP, MEMBER, "right")
    brief = pressed(day, CHANNEL, MEMBER, "why")
    assert "DeepSeek R1" in brief
    assert len(brief) <= 200
    assert "2 readers" in pressed(day, CHANNEL, MEMBER, "not news")
    found = day.rows("SELECT person, verdict, incident_id FROM verdicts ORDER BY person")
    assert found == [
        (f"telegram:{READER}", "not ai", incident(day)),
        (f"telegram:{MEMBER}", "not news", incident(day)),
    ]
    assert "Readers: 1 not ai, 1 not news" in said(day, THIRD, THIRD, "/incident")


def test_muting_holds_back_what_is_about_that_symbol_alone_in_that_chat(day: Desk) -> None:
    assert "only an admin" in pressed(day, GROUP, MEMBER, "mute")
    assert f"{lead(day)} is muted here" in pressed(day, READER, READER, "mute")
    assert day.rows("SELECT json_extract(matcher, '$.recipient') FROM silences WHERE made_by = 'Ada' AND until > ?",
                    day.now().isoformat())[-1:] == [(f"telegram:{READER}",)]  # fmt: skip


def test_buttons_and_choices_outlive_a_restart(day: Desk) -> None:
    said(day, THIRD, THIRD, "/watch MU")
    said(day, ADMIN, ADMIN, f"/allow {ELSEWHERE}")
    day.bots[-1].kill()
    day.start()
    assert "MU; any severity" in said(day, THIRD, THIRD, "/mywatch")
    assert "is allowed already" in said(day, ADMIN, ADMIN, f"/allow {ELSEWHERE}")
    known = {m.id for m in day.api.messages(THIRD)}
    pressed(day, THIRD, THIRD, "why")
    new = wait_until(lambda: [m for m in day.api.messages(THIRD) if m.id not in known], "an old button works")
    assert "fired" in new[0].text


def test_stop_ends_the_alerts(day: Desk) -> None:
    assert "No more alerts here" in said(day, THIRD, THIRD, "/stop")
    assert "send /start first" in said(day, THIRD, THIRD, "/mywatch")
    assert day.rows("SELECT enabled FROM chats WHERE id = ?", f"telegram:{THIRD}") == [(0,)]
