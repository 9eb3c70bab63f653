"""Which texts are said to be in another language."""

from __future__ import annotations

import pytest

from bot.core.messages.blocks.titles import titled
from bot.core.model import Link
from bot.core.text.scripts import language_note


@pytest.mark.parametrize(
    ("words", "note"),
    [
        ("深度求索发布新模型，英伟达股价大跌", " (in Chinese)"),
        ("DeepSeek发布V4，英伟达盘前大跌5%", " (in Chinese)"),
        ("アドバンテスト株が急落、DeepSeekショック", " (in Japanese)"),
        ("삼성전자 주가 하락, DeepSeek 충격", " (in Korean)"),
        ("Nvidia falls as 深度求索 releases R1", ""),
        ("Zhipu (智谱) cuts prices", ""),
        ("Aktien von SAP fallen", ""),
        ("", ""),
        ("12 %", ""),
    ],
)
def test_the_letters_tell_the_language(words: str, note: str) -> None:
    assert language_note(words) == note


def test_a_title_is_a_link_or_quoted_and_says_its_language() -> None:
    assert titled("R1 is out", "https://a.example/") == (Link("R1 is out", "https://a.example/"),)
    assert titled("R1 is out", "") == ("“R1 is out”",)
    assert titled("深度求索发布新模型", "") == ("“深度求索发布新模型”", " (in Chinese)")
