"""What a confidence may and may not be, whatever the evidence."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.cause.ranking import MOST, REPORTED, TIED_FROM, UNTIED, Evidence, weigh
from bot.core.model import SubjectKind
from bot.core.news import Weights

WEIGHTS = Weights()
CLAIMED = 0.6
SHARE = st.floats(0, 1)
BY_OTHERS = (SubjectKind.LINE, SubjectKind.INDEX)


@st.composite
def evidence(draw: st.DrawFn) -> Evidence:
    """Any evidence that can be gathered: without a tie nobody gives the cause."""
    tied = draw(st.sampled_from([SubjectKind.UNKNOWN, SubjectKind.COMPANY, *BY_OTHERS]))
    tie = draw(st.floats(TIED_FROM, 1)) if tied is not SubjectKind.UNKNOWN else 0.0
    return Evidence(
        tie=tie,
        tied=tied,
        trigger=draw(SHARE),
        talk=draw(SHARE),
        group=draw(SHARE),
        alone=draw(SHARE),
        concerned=draw(SHARE),
        publishers=draw(st.integers(1, 50)) if tie else 0,
        rival=draw(SHARE),
        market_wide=draw(SHARE),
    )


def confidence(of: Evidence) -> float:
    return weigh(of, WEIGHTS)[0]


@given(evidence())
def test_without_a_tie_nothing_is_claimed(found: Evidence) -> None:
    assert confidence(replace(found, tie=0.0, tied=SubjectKind.UNKNOWN, publishers=0)) <= UNTIED < CLAIMED


@given(evidence(), st.sampled_from(BY_OTHERS))
def test_a_tie_of_others_that_no_price_confirms_claims_nothing(found: Evidence, tied: SubjectKind) -> None:
    assert confidence(replace(found, tie=1.0, tied=tied, group=0.0, alone=0.0, publishers=9)) <= UNTIED


@given(evidence())
def test_a_tie_of_the_market_claims_nothing_where_those_it_concerns_do_not_fall(found: Evidence) -> None:
    of_the_market = replace(found, tie=1.0, tied=SubjectKind.INDEX, group=1.0, alone=1.0, publishers=9, concerned=0.0)
    assert confidence(of_the_market) <= UNTIED


@given(evidence(), SHARE, st.sampled_from((SubjectKind.COMPANY, SubjectKind.LINE)))
def test_narrower_ties_do_not_ask_whether_all_those_fall(found: Evidence, share: float, tied: SubjectKind) -> None:
    told = replace(found, tie=1.0, tied=tied, publishers=3)
    assert confidence(replace(told, concerned=share)) == confidence(told)


@given(evidence())
def test_nothing_is_certain_and_few_publishers_less(found: Evidence) -> None:
    assert 0 <= confidence(found) <= MOST < 1
    assert confidence(replace(found, publishers=1)) <= WEIGHTS.one_publisher
    assert confidence(replace(found, publishers=2)) <= WEIGHTS.two_publishers


@given(evidence(), st.floats(REPORTED, 1), st.sampled_from(BY_OTHERS))
def test_own_results_are_likelier_than_a_rout_of_the_line(found: Evidence, results: float, tied: SubjectKind) -> None:
    reported = replace(found, tie=1.0, tied=tied, publishers=9, rival=max(found.rival, results), results=results)
    assert confidence(reported) < results
    assert confidence(reported) < CLAIMED


def test_own_results_yield_where_the_title_names_the_company_and_its_group_falls() -> None:
    reported = Evidence(tie=1.0, tied=SubjectKind.COMPANY, group=0.9, publishers=3, rival=0.9, results=0.9)
    assert confidence(reported) >= CLAIMED
    assert confidence(replace(reported, tie=0.5, group=0.1)) < CLAIMED


@pytest.mark.parametrize(
    ("field", "sign"),
    [
        ("tie", 1),
        ("trigger", 1),
        ("talk", 1),
        ("group", 1),
        ("alone", 1),
        ("concerned", 1),
        ("publishers", 1),
        ("rival", -1),
        ("market_wide", -1),
    ],
)
@given(found=evidence(), more=st.floats(0, 1))
def test_more_evidence_moves_it_one_way(field: str, sign: int, found: Evidence, more: float) -> None:
    """A group that falls raises even where there is a rival; publishers are counted, all else is a share."""
    if field == "tie" and not found.tie:
        return
    before = getattr(found, field)
    after = before + 1 + round(3 * more) if field == "publishers" and before else before + more * (1 - before)
    moved = confidence(replace(found, **{field: after})) - confidence(found)
    assert sign * moved >= -1e-9


@given(evidence())
def test_the_terms_add_up_to_the_confidence_before_its_bounds(found: Evidence) -> None:
    sum_, terms = weigh(found, WEIGHTS)
    assert all(term.name for term in terms)
    assert sum_ == 0.0 or terms
