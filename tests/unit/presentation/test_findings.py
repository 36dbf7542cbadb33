"""What was noticed about a definition stands on its review, wherever that is shown."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.domain.canonical import JsonObject
from keyturn.domain.finding import Finding, FindingKind
from keyturn.presentation.batch_review import batch_review
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.findings import finding_text
from keyturn.presentation.marks import Role
from keyturn.presentation.request_text import RequestTexts
from keyturn.presentation.review_builder import ReviewBuilder
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.fakes.approval_requests import DEFINITION, a_change, a_command, a_definition, a_review

RESOURCES = Path(__file__).parents[3] / "resources"
WORDS = Words(RESOURCES / "translations")
CARDS = CardBuilder(WORDS, read_verbs(RESOURCES / "verbs.toml"))
NOW = datetime(2026, 11, 23, 14, 9, tzinfo=UTC)
ORDER = Finding(kind=FindingKind.ORDER, words="ignore previous", place="/description")
ALIKE = Finding(kind=FindingKind.RESEMBLES, words="read_file", server="files")
ADDRESS = Finding(kind=FindingKind.ADDRESS, words="https://example.org")
CHANGED = a_change({**DEFINITION, "title": "Other"}, findings=(ORDER, ADDRESS))
NEW = a_definition(findings=(ORDER, ALIKE, ADDRESS))


@pytest.mark.parametrize("kind", list(FindingKind))
def test_every_finding_has_a_sentence(kind: FindingKind) -> None:
    assert finding_text(Finding(kind=kind, words="w", server="s", place="/p"), WORDS)


@pytest.mark.parametrize(("request_", "cautious"), [(NEW, 2), (CHANGED, 1)])
def test_a_review_says_them_first(request_: ApprovalRequest, cautious: int) -> None:
    view = ReviewBuilder(WORDS, CARDS).review(request_, now=NOW)
    first = view.lines[0]
    assert first.text == "Speaks to the model: “ignore previous”"
    assert (first.role, first.place) == (Role.WARNING, "/description")
    assert [line.role for line in view.lines].count(Role.WARNING) >= cautious
    chips = [chip.text for chip in view.chips]
    assert WORDS("findings.chip", n=cautious) in chips


def test_a_card_and_its_plain_text_say_them() -> None:
    text = RequestTexts(WORDS, CARDS).of(NEW, None).text
    assert "\nSpeaks to the model: “ignore previous” (in /description)\n" in text
    assert "\nIts name resembles “read_file” of the server files\n" in text
    assert "2 things to look at" in text.split("\n")[2]


def test_unseen_characters_of_a_look_alike_are_marked_in_the_plain_text() -> None:
    alike = Finding(kind=FindingKind.RESEMBLES, words="read\u202e_file", server="files")
    text = RequestTexts(WORDS, CARDS).of(a_definition(findings=(alike,)), None).text
    assert "\u202e" not in text


def test_what_was_marked_is_reviewed_on_its_own() -> None:
    (row,) = batch_review("logistics", (NEW,), WORDS).rows
    assert row.alone == "2 things in it were marked: review it on its own"
    (light,) = batch_review("logistics", (a_definition(findings=(ADDRESS,)),), WORDS).rows
    assert not light.alone


def test_what_is_said_beside_tools_is_reviewed_in_its_own_words() -> None:
    prompt = a_review(
        RequestKind.DEFINITION,
        {
            "name": "greet",
            "description": "Greets somebody.",
            "arguments": [{"name": "who", "required": True}, {"name": "how"}],
            "proposed_tier": None,
            "labels": [],
        },
        tool="prompt: greet",
    )
    view = ReviewBuilder(WORDS, CARDS).review(prompt, now=NOW)
    assert view.headline == "logistics has something new for the model, prompt: greet"
    assert [line.text for line in view.lines] == ["Takes who (required)", "Takes how (optional)"]
    assert view.footing == WORDS("servers.said_footing")
    (row,) = batch_review("logistics", (prompt,), WORDS).rows
    assert row.takes == "Takes who (required), Takes how (optional)"
    assert "not said prompt: greet before" in RequestTexts(WORDS, CARDS).of(prompt, None).text


@pytest.mark.parametrize(
    ("tool", "definition", "text"),
    [
        ("template: note://{id}", {"uriTemplate": "note://{id}"}, "addresses like note://{id}"),
        ("instructions: server", {"description": "Ask first."}, "at every start"),
        ("prompt: plain", {"name": "plain"}, "Takes no arguments"),
    ],
)
def test_every_other_kind_says_what_is_telling(
    tool: str, definition: JsonObject, text: str
) -> None:
    request = a_review(RequestKind.DEFINITION, definition, tool=tool)
    (line,) = ReviewBuilder(WORDS, CARDS).review(request, now=NOW).lines
    assert text in line.text


def test_a_commands_package_stands_among_what_was_observed() -> None:
    like = Finding(kind=FindingKind.LIKE_LISTED, words="firecraw1-mcp", server="firecrawl-mcp")
    request = a_command(findings=(like,))
    card = CARDS.card(request)
    said = "firecraw1-mcp is not listed, and resembles firecrawl-mcp"
    assert ("Well-known servers", said) in [(pair.key, pair.value) for pair in card.observed]
    assert "1 thing to look at" in [chip.text for chip in card.chips]
    text = RequestTexts(WORDS, CARDS).of(request, None).text
    assert text.count(said) == 1


@pytest.mark.parametrize(
    "kind",
    [
        FindingKind.LISTED,
        FindingKind.UNLISTED,
        FindingKind.NO_PACKAGE,
        FindingKind.IMAGE,
        FindingKind.REMOTE,
    ],
)
def test_being_on_the_list_lowers_and_raises_nothing(kind: FindingKind) -> None:
    plain, listed = a_command(), a_command(findings=(Finding(kind=kind, words="a", server="b"),))
    assert CARDS.card(listed).chips == CARDS.card(plain).chips
    assert listed.tier is plain.tier


def test_the_card_of_a_changed_tool_says_what_was_noticed() -> None:
    """Before it is opened under Servers, and with nothing hidden in it."""
    order = Finding(kind=FindingKind.SECRECY, words="do not tell", place="description")
    card = CARDS.card(a_definition(findings=(order,)))
    (line,) = card.commands
    assert line.text == finding_text(order, WORDS)
    assert line.role is Role.WARNING
