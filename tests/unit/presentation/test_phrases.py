"""Headlines and reasons speak in our own voice only of what Keyturn knows; all else is quoted."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.approval_request import AskedBy, RequestKind
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.origin import Trace
from keyturn.domain.policy import Because
from keyturn.domain.tier import LARGE_ARGUMENTS_BYTES, Tier
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.phrases import Phrases
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.fakes.approval_requests import (
    DEFINITION,
    a_call,
    a_change,
    a_command,
    a_definition,
    a_review,
)

RESOURCES = Path(__file__).parents[3] / "resources"
PHRASES = Phrases(Words(RESOURCES / "translations"), read_verbs(RESOURCES / "verbs.toml"))


@pytest.mark.parametrize(
    ("tool", "server", "arguments", "phrase"),
    [
        ("dispatch_all", "logistics", {"orders": "all_open"}, "dispatch all_open orders"),
        ("dispatch_all", "logistics", {"order_ids": [1, 2, 3]}, "dispatch 3 open orders"),
        ("dispatch_all", "logistics", {"order_ids": 1}, "dispatch 1 open order"),
        ("dispatch_all", "logistics", {"orders": "none, it is harmless"}, "dispatch orders"),
        ("write_file", "fs", {"path": "a"}, "write a file"),
        ("git_push", "git", {"remote": "origin", "branch": "main"}, "push to origin/main"),
        ("git_push", "git", {"remote": "origin; rm", "branch": "main"}, "push commits"),
        ("createPullRequest", "forge", {}, "create a pull request"),
        ("forge_create_pull_request", "forge", {}, "create a pull request"),
        ("delete_all_files", "fs", {}, "delete all files"),
        ("move_item_to_archive", "fs", {}, "move an item to an archive"),
        ("get_api_status", "web", {}, "get an API status"),
        ("read_address", "web", {}, "read an address"),
        ("get_url", "web", {}, "get a URL"),
    ],
)
def test_a_call_is_said_as_a_verb_phrase(
    tool: str, server: str, arguments: JsonObject, phrase: str
) -> None:
    request = a_call(subject=arguments, tool=tool, server=server)
    assert PHRASES.headline(request) == f"analyst wants to {phrase} with {server}"
    assert PHRASES.verb(request) == phrase[0].upper() + phrase[1:]
    assert not PHRASES.server_speaks(request)


@pytest.mark.parametrize(
    "tool", ["sync", "issue_read", "x" * 70, "tr\u00e4nk_all", "run", "a b\nc"]
)
def test_a_name_that_says_nothing_is_quoted(tool: str) -> None:
    request = a_call(subject={}, tool=tool)
    assert PHRASES.headline(request) == (
        f'analyst wants to run "{tool}" (server says) with logistics'
    )
    assert PHRASES.verb(request) == f'Run "{tool}"'
    assert PHRASES.server_speaks(request)


def test_a_tool_that_nobody_confirmed_is_never_put_into_our_words() -> None:
    request = a_call(tool="write_file", tier=Tier.T3, definition='{"title":"Sync all"}')
    assert PHRASES.headline(request) == (
        'analyst wants to run a tool that nobody has reviewed: "Sync all" (server says)'
    )


def test_size_alone_does_not_take_the_phrase_away() -> None:
    subject: JsonObject = {"content": "\u00e9" * (LARGE_ARGUMENTS_BYTES // 2 + 1)}
    request = a_call(subject=subject, tool="write_file", tier=Tier.T3)
    assert PHRASES.verb(request) == "Write a file"


@given(title=st.text(min_size=1, max_size=80))
def test_a_title_cannot_close_its_quotation_marks(title: str) -> None:
    definition = canonical({"title": title}).decode()
    quoted = PHRASES.server_name_of(a_call(tier=Tier.T3, definition=definition))
    assert quoted[0] == quoted[-1] == '"'
    assert '"' not in quoted[1:-1]
    assert "\u201d" not in quoted


@given(value=st.text())
def test_an_argument_enters_the_headline_only_when_short_and_plain(value: str) -> None:
    headline = PHRASES.headline(a_call(subject={"orders": value}))
    inside = headline.removeprefix("analyst wants to dispatch ").removesuffix(" with logistics")
    assert inside == "orders" or (" " not in inside.removesuffix(" orders") and inside.isascii())


def test_reviews_have_headlines_of_their_own() -> None:
    after: JsonObject = {**DEFINITION, "description": "New.", "inputSchema": {}}
    wanted = {
        a_command(): "logistics asks to be started",
        a_definition(): "logistics lists a new tool, dispatch_all",
        a_change(after): "logistics changed what dispatch_all says and takes",
        a_change({**after, "annotations": {}}): (
            "logistics changed what dispatch_all says, takes and claims"
        ),
        a_change(DEFINITION): "logistics changed dispatch_all",
        a_review(RequestKind.COMMAND, {"url": "https://x.example", "headers": []}): (
            "logistics asks to be connected"
        ),
        a_review(RequestKind.INPUT, {"method": "sampling/createMessage", "params": {}}): (
            "logistics asks to use analyst's model"
        ),
        a_review(RequestKind.INPUT, {"method": "odd", "params": {}}): (
            "logistics asks analyst for something"
        ),
        a_review(RequestKind.RESULT, {"result": {}}): (
            "logistics answered dispatch_all, and analyst waits for the result"
        ),
        a_review(
            RequestKind.AGENT, {"agent": "analyst"}
        ): "analyst asks to be enrolled as an agent",
    }
    for request, headline in wanted.items():
        assert PHRASES.headline(request) == headline


@pytest.mark.parametrize("because", [*(b.value for b in Because), "", "new_word"])
@pytest.mark.parametrize("rule", ["", "Reads in reports"])
def test_every_reason_has_a_sentence(because: str, rule: str) -> None:
    text = PHRASES.why_asked(a_call(because=because, rule=rule))
    assert text.endswith(".")
    assert "{" not in text


@pytest.mark.parametrize("kind", [RequestKind.COMMAND, RequestKind.DEFINITION, RequestKind.CHANGE])
def test_every_review_has_a_reason_of_its_own(kind: RequestKind) -> None:
    assert "never decides" not in PHRASES.why_asked(a_review(kind, {}))


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["MODE"], "its value of MODE has changed."),
        (["A", "B"], "its value of A and B has changed."),
        (["A is fine. B"], 'its value of "A is fine. B" has changed.'),
    ],
)
def test_values_that_changed_are_named(names: list[str], told: str) -> None:
    subject: JsonObject = {"argv": ["server"], "values_changed": [*names]}
    request = a_review(RequestKind.COMMAND, subject, because="review_values")
    text = PHRASES.why_asked(request)
    assert text == f"Since you agreed to logistics, {told}"


def test_the_reason_names_the_rule_and_the_reach() -> None:
    assert PHRASES.why_asked(a_call()) == "No rule matches, and dispatch_all reaches out."
    by_rule = a_call(because=Because.RULE.value, rule="Ask for orders")
    assert PHRASES.why_asked(by_rule) == 'Your rule "Ask for orders" asks you.'


def test_the_deadline_is_a_sentence() -> None:
    assert PHRASES.deadline(38_400).startswith("Agent waits about 38 s more.")
    assert PHRASES.deadline(0).startswith("Agent stopped waiting.")
    assert "its request ends" in PHRASES.deadline(38_400, RequestKind.INPUT)
    assert PHRASES.deadline(None) == "Nobody's call waits for this answer."


def test_lamps_say_what_lit_them() -> None:
    lamps = PHRASES.lamps(a_call())
    assert [(lamp.letter, lamp.lit, lamp.where) for lamp in lamps] == [
        ("U", True, "call 4"),
        ("P", True, "call 6"),
        ("X", True, "this call"),
    ]
    dark = PHRASES.lamps(a_call(lamps="", lit_by=(), labels="", tier=Tier.T0))
    assert [(lamp.lit, lamp.where) for lamp in dark] == [(False, "")] * 3


def test_dropped_text_lights_the_untrusted_lamp_as_assumed() -> None:
    lamps = PHRASES.lamps(a_call(lamps="", lit_by=(), trace=Trace(incomplete=True)))
    assert (lamps[0].lit, lamps[0].where) == (True, "assumed")


def test_a_review_has_no_lamps() -> None:
    assert PHRASES.lamps(a_command(asked_by=AskedBy())) == ()


def test_a_server_at_an_address_is_never_said_to_have_a_command() -> None:
    subject: JsonObject = {"url": "https://x.example/mcp", "headers": []}
    request = a_review(RequestKind.COMMAND, subject, because="review_command")
    assert PHRASES.why_asked(request) == "Nobody has agreed to this address of logistics yet."
    verbs = read_verbs(RESOURCES / "verbs.toml")
    cards = CardBuilder(Words(RESOURCES / "translations"), verbs)
    assert cards.actions(request).allow == "Agree to connect"
    [address] = [value for value in cards.decisive(request) if value.owed]
    assert (address.key, address.action) == ("Address", "Confirm address")
    command = a_command()
    assert cards.actions(command).allow == "Agree to start"
