"""Rules that ask how others move, and nothing of the stock itself: whom they fire for, and by which move."""

from __future__ import annotations

import pytest

from bot.core.model import Alert, Announcement, Observation
from bot.core.prices.windows import parse_since
from bot.core.rules.comparison import parse_comparison
from bot.core.rules.conditions import All, Any, Breadth, Condition
from bot.core.rules.rule import Rule
from bot.render.plain import plain
from tests.core.worlds import close, engine, play, price, quote, rule

GROUP = ("NVDA", "VRT", "AMD")
BEFORE: list[Observation] = [close(s, 100.0, "01-24") for s in (*GROUP, "KO", "SPY")]


def together(change: str = "< -5%", since: str = "previous close") -> Breadth:
    return Breadth("three", parse_comparison(change), GROUP, parse_since(since), count=parse_comparison(">= 2"))


def asks(condition: Condition, *others: str) -> Rule:
    return rule("together", condition, symbols=(*GROUP, *others))


def prices(minute: int, **levels: float) -> list[Observation]:
    """Prices that hold."""
    return [quote(s, p, f"01-27 15:{minute:02}:{second}") for second in ("00", "30") for s, p in levels.items()]


def played(asked: Rule, tape: list[Observation]) -> tuple[dict[str, Alert], list[Announcement]]:
    decisions = play(engine(asked), [*BEFORE, *tape], "01-27 16:00")
    fired = {c.alert.symbol: c.alert for d in decisions for c in d.changes if c.kind.value == "fired"}
    return fired, [a for d in decisions for a in d.announcements if a.incident and not a.edits]


@pytest.mark.parametrize("third", [104.0, 100.0, 97.0])
def test_one_of_the_group_that_has_not_moved_as_asked_is_not_alerted(third: float) -> None:
    fired, told = played(asks(together()), prices(0, NVDA=93.0, VRT=94.0, AMD=third))
    assert sorted(fired) == ["NVDA", "VRT"]
    assert [a.summary.subject for a in told] == ["Nvidia falls 7.0 % alongside 1 other stock; no cause known yet"]


def test_it_is_told_by_the_move_that_was_asked_for() -> None:
    tape = prices(0, NVDA=120.0, VRT=120.0) + prices(30, NVDA=110.0, VRT=111.0)
    fired, told = played(asks(together(since="30m")), tape)
    assert fired["NVDA"].change == pytest.approx(110 / 120 - 1)
    assert told[0].summary.subject.startswith("Nvidia falls 8.3 % in 30 min")


def test_a_stock_outside_the_group_is_alerted_whatever_it_does_and_told_why() -> None:
    fired, told = played(asks(together(), "KO"), prices(0, NVDA=93.0, VRT=94.0, KO=101.0))
    assert fired["KO"].change == pytest.approx(0.01)
    (rise,) = [a for a in told if "Coca-Cola rises" in a.summary.subject]
    assert "“together” fired on how others move, 15:00 UTC (2 of 2 known: NVDA and VRT; unknown: AMD)." in plain(
        rise.summary, None
    )


def test_a_price_condition_of_its_own_decides_instead() -> None:
    rises = asks(All((price("> 3%"), together())))
    fired, told = played(rises, prices(0, NVDA=93.0, VRT=94.0, AMD=104.0))
    assert list(fired) == ["AMD"]
    assert "fired on how others move" not in plain(told[0].summary, None)


def test_where_the_group_is_one_of_two_reasons_its_stocks_need_not_move_with_it() -> None:
    fired, _ = played(asks(Any((together(), price("> 90%")))), prices(0, NVDA=93.0, VRT=94.0, AMD=104.0))
    assert "AMD" in fired
