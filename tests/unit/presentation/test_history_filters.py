"""What is typed into the history's search is read as it is meant, or stays a search for words."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from keyturn.domain.decision import Delivery, Outcome
from keyturn.domain.history_filter import HistoryFilter
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.history import FilterToken
from keyturn.presentation.history_builder import HistoryBuilder
from keyturn.presentation.history_filters import KnownNames, filter_of, offers, token_of
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.unit.presentation.recorded import Recorded

RESOURCES = Path(__file__).parents[3] / "resources"
WORDS = Words(RESOURCES / "translations")
HISTORY = HistoryBuilder(WORDS, CardBuilder(WORDS, read_verbs(RESOURCES / "verbs.toml")))
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=timezone(timedelta(hours=2)))
NAMES = KnownNames(
    agents=("coder", "analyst"), tools=("send_mail", "read_page"), rules=("Reads, all",)
)


def read(*typed: str) -> HistoryFilter:
    """Read tokens as they are typed."""
    tokens = [token_of(text, NOW) for text in typed]
    return filter_of([token for token in tokens if token is not None], "", WORDS, NOW)


@pytest.mark.requirement("H3")
@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_outcome_is_found_by_its_word_and_by_its_name(outcome: Outcome) -> None:
    said = HISTORY.outcome(Recorded(outcome=outcome.value, delivery="")).text
    assert read(f"outcome: {said}").outcomes == (outcome.value,)
    assert read(f"outcome:{outcome.value}").outcomes == (outcome.value,)


@pytest.mark.requirement("H3")
@pytest.mark.parametrize("delivery", list(Delivery))
def test_what_became_of_a_call_is_found_by_its_word(delivery: Delivery) -> None:
    said = WORDS(f"history.delivery_{delivery.value}")
    assert read(f"outcome: {said}").outcomes == (delivery.value,)


def test_the_beginning_of_a_name_stands_for_all_that_begin_so() -> None:
    found = read("outcome:refused").outcomes
    assert set(found) == {one.value for one in Outcome if one.value.startswith("refused_")}
    assert read("outcome:denied_rule,expired").outcomes == ("denied_rule", "expired_no_answer")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("agent: coder, analyst", HistoryFilter(agents=("coder", "analyst"))),
        ("Server:shipments", HistoryFilter(servers=("shipments",))),
        ("tool:send_mail", HistoryFilter(tools=("send_mail",))),
        ("tier:t2", HistoryFilter(tiers=("T2",))),
        ("rule:Reads of shipments", HistoryFilter(rules=("Reads of shipments",))),
        ("decided:you", HistoryFilter(actors=("human",))),
        ("decided:rule", HistoryFilter(actors=("rule",))),
        (
            "decided:system",
            HistoryFilter(actors=("timeout", "kill", "client", "keyturn", "error")),
        ),
        ("host:example.com", HistoryFilter(hosts=("example.com",))),
        ("arg.to:a, b: c", HistoryFilter(arguments=(("/to", "a, b: c"),))),
        ("arg.body.title:x", HistoryFilter(arguments=(("/body/title", "x"),))),
        ("arg./a~1b/0:x", HistoryFilter(arguments=(("/a~1b/0", "x"),))),
        ("since:2026-11-23", HistoryFilter(since="2026-11-22T22:00:00.000Z")),
        ("until:2026-11-23 14:00", HistoryFilter(until="2026-11-23T12:00:00.000Z")),
        ("since:2026-11-23T14:00:00Z", HistoryFilter(since="2026-11-23T14:00:00.000Z")),
        ("since:today", HistoryFilter(since="2026-11-22T22:00:00.000Z")),
        ("until: Yesterday", HistoryFilter(until="2026-11-21T22:00:00.000Z")),
        ("since:7d", HistoryFilter(since="2026-11-16T13:00:00.000Z")),
        ("since:30min", HistoryFilter(since="2026-11-23T12:30:00.000Z")),
    ],
)
def test_tokens(typed: str, expected: HistoryFilter) -> None:
    assert read(typed) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "coder",
        "agent:",
        ":coder",
        "colour:red",
        "since:some day",
        "until:99999d",
        "arg.:x",
        "arg:x",
    ],
)
def test_what_is_no_token_stays_words(typed: str) -> None:
    assert token_of(typed, NOW) is None


def test_several_tokens_of_a_key_are_or_and_others_and() -> None:
    found = read("agent:coder", "agent:analyst", "tool:send_mail")
    assert found == HistoryFilter(agents=("coder", "analyst"), tools=("send_mail",))


def test_what_is_typed_is_completed() -> None:
    assert offers("", NAMES, WORDS) == ()
    assert offers("a", NAMES, WORDS) == ("agent:", "arg.")
    assert offers("agent:", NAMES, WORDS) == ("agent:coder", "agent:analyst")
    assert offers("agent: ana", NAMES, WORDS) == ("agent:analyst",)
    assert offers("tool:READ", NAMES, WORDS) == ("tool:read_page",)
    assert offers("tier:", NAMES, WORDS) == ("tier:T0", "tier:T1", "tier:T2", "tier:T3")
    assert "outcome:Refused overload" in offers("outcome:over", NAMES, WORDS)
    assert offers("colour:", NAMES, WORDS) == ()


@pytest.mark.parametrize(
    "typed", ["outcome:", "decided:", "tier:", "agent:", "tool:", "since:", "until:"]
)
def test_what_completes_is_a_token(typed: str) -> None:
    found = offers(typed, NAMES, WORDS)
    assert found
    assert all(
        token_of(one, NOW) == FilterToken(key=typed[:-1], value=one.partition(":")[2])
        for one in found
    )
    assert all(read(one) != HistoryFilter() for one in found)
    assert NOW.tzinfo is not UTC
