"""A message as the bot sends it, for leads to be written from."""

from __future__ import annotations

from dataclasses import replace

from bot.core.model import Block, BlockKind, Link, Strong, Summary

SUMMARY = Summary(
    subject="Nvidia falls 13.9 % in pre-market trading alongside 3 other stocks after AI-model news",
    blocks=(
        Block(
            "headline",
            BlockKind.HEADLINE,
            100,
            lines=(
                (Strong("Nvidia falls 13.9 % in pre-market trading alongside 3 other stocks after AI-model news"),),
            ),
        ),
        Block(
            "what happened",
            BlockKind.FACTS,
            90,
            "What happened",
            (
                (
                    Strong("Nvidia (NVDA) 122.75, −13.9 %"),
                    " against 142.62, the close of Fri 24 Jan; pre-market, 11:00 UTC.",
                ),
                ("Lowest since 2 Oct 2024 (against closes).",),
                ("Volume so far: 12 million shares, 3.1 times the usual.",),
                ("Furthest so far: −17.0 %.",),
            ),
        ),
        Block(
            "why",
            BlockKind.LINKS,
            80,
            "Likely cause",
            (
                (
                    Link("ASML sinks 9 % as China's DeepSeek stirs doubt at $5 a share", "https://example.org/asml"),
                    " — Yahoo Finance, 27 Jan 10:57 UTC.",
                ),
                (
                    "First story: ",
                    Link("DeepSeek-R1 is out", "https://example.org/r1"),
                    " — Hacker News, 20 Jan 12:37 UTC.",
                ),
                ("First seen 6 days before this alert; 2 sources (Financial Times and Yahoo Finance).",),
                ("It names Nvidia.",),
                ("Confidence: likely (0.81).",),
            ),
        ),
        Block(
            "who is hit",
            BlockKind.FACTS,
            60,
            "Who is hit (4), worst first",
            (
                (Strong("power generation: "), "VST −20.4 %, CEG −15.1 % and TLN −12.0 %"),
                (Strong("AI chips: "), "NVDA −13.9 %"),
            ),
        ),
        Block("who held up", BlockKind.FACTS, 40, "", (("Held up better: MSFT +0.4 % and AMD −8.2 %.",),)),
        Block("voices", BlockKind.QUOTES, 30, "Voices", (("“Nvidia falls 60 %”", " — Ann Ames, analyst (Wire)."),)),
        Block("precedents", BlockKind.FACTS, 25, "Precedents", (("1 Sep 2022: licences: NVDA −7.7 %.",),)),
        Block("what next", BlockKind.NOTE, 20, "", (("Next message: 28 Jan 21:00 UTC.",),)),
        Block("note", BlockKind.NOTE, 10, lines=(("Not investment advice.",),)),
    ),
)


def with_headline(title: str) -> Summary:
    """The same message, its story called ``title``."""
    line = (Link(title, "https://example.org/asml"), " — Yahoo Finance, 27 Jan 10:57 UTC.")
    blocks = [replace(b, lines=(line, *b.lines[1:])) if b.name == "why" else b for b in SUMMARY.blocks]
    return replace(SUMMARY, blocks=tuple(blocks))
