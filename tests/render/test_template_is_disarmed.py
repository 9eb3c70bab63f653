"""What a webhook's form puts in: no mention and no hidden link in a chat service, whatever a headline says."""

from __future__ import annotations

import pytest

from bot.render.template import disarmed


@pytest.mark.parametrize("sign", ["@channel", "@everyone", "<!here>", "<@U123>", "<https://evil.example|Reuters>"])
def test_nobody_is_called_and_no_link_is_hidden(sign: str) -> None:
    found = disarmed(f"AI fears {sign} grow")
    assert sign not in found
    assert "<" not in found
    assert found.replace("\u200b", "").replace("‹", "<").replace("›", ">") == f"AI fears {sign} grow"


def test_words_with_an_address_behind_them_are_no_link() -> None:
    assert "](" not in disarmed("[Reuters](https://evil.example)")
    assert disarmed("see https://own.example/a") == "see https://own.example/a"
