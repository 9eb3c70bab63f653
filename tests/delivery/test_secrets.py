"""The token never shows: not in a repr, a log, a traceback or an error."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import traceback
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from bot.adapters.notifiers.telegram import RedactingFilter, TelegramNotifier, quiet_libraries
from bot.core.errors import DeliveryError
from bot.core.secret import Secret
from tests.delivery.makers import outgoing
from tests.servers.botapi import BotApi

TOKEN = "987654321:AAF-very-secret-token-value-0123456"


LIBRARIES = ("httpx", "httpcore", "telegram", "telegram.ext", "hpack", "telegram.request")


@pytest.fixture(autouse=True)
def library_levels() -> Iterator[None]:
    """The libraries log everything at first, and what a test changes ends with it."""
    before = {name: logging.getLogger(name).level for name in LIBRARIES}
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.NOTSET)
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What a redacting handler on the root logger wrote, everything from DEBUG up."""
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter([Secret(TOKEN)]))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret(TOKEN)
    assert secret.reveal() == TOKEN
    for shown in (str(secret), repr(secret), f"{secret}", f"{secret!r:>9}", "%s" % secret, repr([secret])):  # noqa: UP031
        assert "AAF" not in shown
    assert secret == Secret(TOKEN) != Secret("other")
    assert len({secret, Secret(TOKEN)}) == 1
    assert secret
    assert not Secret("")
    assert copy.deepcopy(secret).reveal() == TOKEN
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)


def test_the_token_is_taken_out_of_message_arguments_traceback_and_stack(logged: io.StringIO) -> None:
    log = logging.getLogger("anything")
    log.info("GET https://api.telegram.org/bot%s/getMe", TOKEN)
    log.info("encoded %s", quote(TOKEN, safe=""))
    log.info("half of it %s", {"key": TOKEN.partition(":")[2]})
    log.info(f"in the format {TOKEN}")
    log.info("broken %d arguments", TOKEN)
    log.info("stack", stack_info=True)
    try:
        try:
            raise ValueError(f"inner {TOKEN}")
        except ValueError as exc:
            raise RuntimeError("outer") from exc
    except RuntimeError:
        log.exception("failed")
    text = logged.getvalue()
    assert "AAF" not in text
    assert text.count("[secret]") >= 4
    assert "inner [secret]" in text
    assert "RuntimeError: outer" in text


def test_a_record_without_a_secret_keeps_its_parts() -> None:
    record = logging.LogRecord("n", logging.INFO, "f", 1, "%s and %s", ("a", "b"), None)
    RedactingFilter([Secret(TOKEN)]).filter(record)
    assert (record.msg, record.args) == ("%s and %s", ("a", "b"))


def test_a_secret_in_an_argument_that_the_message_does_not_show_is_taken_out_too() -> None:
    record = logging.LogRecord("n", logging.INFO, "f", 1, "%(shown)s", ({"shown": 1, "hidden": TOKEN},), None)
    RedactingFilter([Secret(TOKEN)]).filter(record)
    assert TOKEN not in repr(record.__dict__)
    assert record.getMessage() == "1"


@pytest.mark.parametrize("kind", ["", "401", "403", "500", "502", "cut_before", "malformed", "html"])
async def test_whatever_happens_to_a_request_the_token_is_in_no_log_and_no_error(
    logged: io.StringIO, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    async with BotApi(TOKEN) as api:
        notifier = TelegramNotifier(Secret(TOKEN), base_url=api.url, timeout=1)
        if kind:
            api.fault(kind)
        try:
            await notifier.send(outgoing())
        except DeliveryError as exc:
            logging.getLogger("bot").exception("delivery failed")
            error = exc
        else:
            error = None
        assert bool(kind) == (error is not None)
        if error is not None:
            assert TOKEN not in "".join(traceback.format_exception(error))
        assert TOKEN not in repr(notifier)
        await notifier.close()
    if kind != "cut_before":  # then there is no answer, which is when httpx logs the address
        assert "/bot[secret]/sendMessage" in logged.getvalue(), "the libraries did log the address"
    assert "AAF" not in logged.getvalue()


async def test_the_libraries_below_do_not_log_addresses(caplog: pytest.LogCaptureFixture) -> None:
    quiet_libraries()
    caplog.set_level(logging.DEBUG)
    async with BotApi(TOKEN) as api:
        notifier = TelegramNotifier(Secret(TOKEN), base_url=api.url, timeout=1)
        await notifier.send(outgoing())
        api.fault("html")
        with pytest.raises(DeliveryError):
            await notifier.send(outgoing())
        await notifier.close()
    assert TOKEN not in caplog.text
    assert not [r for r in caplog.records if r.name.startswith(("httpx", "httpcore", "telegram"))]
