"""What is asked for beside tools, in headlines, cards, histories and rules."""

from pathlib import Path
from typing import Any

import pytest

from keyturn.domain.canonical import JsonObject
from keyturn.domain.policy import Because
from keyturn.domain.rule import Effect, Kind
from keyturn.domain.tier import Tier
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.history_builder import HistoryBuilder
from keyturn.presentation.phrases import Phrases
from keyturn.presentation.rule_drafts import draft_of, rule_of
from keyturn.presentation.rule_sheet import draft, rule_sheet
from keyturn.presentation.rules import RulesState
from keyturn.presentation.rules_builder import RulesBuilder
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.fakes.approval_requests import a_call
from tests.unit.presentation.recorded import Recorded

RESOURCES = Path(__file__).parents[3] / "resources"
WORDS = Words(RESOURCES / "translations")
VERBS = read_verbs(RESOURCES / "verbs.toml")
PHRASES = Phrases(WORDS, VERBS)
CARDS = CardBuilder(WORDS, VERBS)
URI = "file:///notes/today.md"


def asked(method: str, tool: str, subject: JsonObject, **changes: Any) -> Any:
    facts: dict[str, Any] = {"tier": Tier.T0, "lamps": "", "first_use": False} | changes
    return a_call(subject=subject, method=method, tool=tool, server="files", **facts)


def reading(uri: str = URI, **changes: Any) -> Any:
    return asked("resources/read", uri, {"uri": uri}, **changes)


@pytest.mark.parametrize(
    ("method", "name", "headline", "verb"),
    [
        ("resources/read", URI, f"analyst wants to read {URI} with files", f"Read {URI}"),
        (
            "prompts/get",
            "greet",
            "analyst wants the prompt greet of files",
            "Get the prompt greet",
        ),
        (
            "completion/complete",
            "greet",
            "analyst wants to have greet completed with files",
            "Have greet completed",
        ),
        ("tasks/cancel", "tasks/cancel", "analyst wants to cancel a task with files", None),
        ("roots/list", "roots/list", "analyst wants to name its folders with files", None),
        ("tasks/made-up", "tasks/made-up", "analyst wants to send tasks/made-up with files", None),
    ],
)
def test_a_request_is_said_in_words_of_its_method(
    method: str, name: str, headline: str, verb: str | None
) -> None:
    request = asked(method, name, {"uri": name})
    assert PHRASES.headline(request) == headline
    assert verb is None or PHRASES.verb(request) == verb
    assert not PHRASES.server_speaks(request)


@pytest.mark.parametrize(
    "uri",
    ['x" with logistics, which is safe', "file:///a b", "\u202efile:///x", "x\ny", "x" * 9000],
    ids=ascii,
)
def test_a_name_that_is_not_plain_is_quoted_and_cannot_close_its_quotation(uri: str) -> None:
    headline = PHRASES.headline(reading(uri))
    assert headline.startswith('analyst wants to read "')
    assert headline.endswith('" with files')
    assert headline.count('"') == 2
    assert len(headline) < 250


def test_the_card_of_a_reading_shows_the_whole_uri_and_what_it_is() -> None:
    uri = f"{URI}?{'x' * 300}"
    card = CARDS.card(reading(uri))
    assert [value.value for value in card.decisive] == [uri]
    assert not card.decisive[0].note
    assert card.server_tool == f"files / resource {uri}"
    assert card.raw_json == f'{{"uri":"{uri}"}}'
    assert card.tool_short_name == "files"
    assert card.actions.rule


@pytest.mark.parametrize(
    ("method", "subject", "decisive"),
    [
        ("prompts/get", {"name": "greet", "arguments": {"who": "Ada"}}, ["greet"]),
        (
            "completion/complete",
            {
                "ref": {"type": "ref/prompt", "name": "greet"},
                "argument": {"name": "who", "value": "A"},
            },
            ["greet", "A"],
        ),
        ("tasks/get", {"taskId": "t-1"}, ["t-1"]),
    ],
)
def test_the_values_that_decide_are_those_of_the_method(
    method: str, subject: JsonObject, decisive: list[str]
) -> None:
    card = CARDS.card(asked(method, "x", subject))
    assert [value.value for value in card.decisive] == decisive


@pytest.mark.parametrize(
    ("method", "because", "words"),
    [
        ("resources/read", Because.NO_RULE, "No rule matches, and every read is asked about."),
        ("prompts/get", Because.NO_RULE, "No rule matches, and every prompt is asked about."),
        ("resources/read", Because.OTHER_PARAMS, WORDS("phrases.why_other_members")),
        ("tasks/update", Because.NOT_ASKED, WORDS("phrases.why_not_asked")),
    ],
)
def test_why_it_is_asked_about_is_said_of_the_method(
    method: str, because: Because, words: str
) -> None:
    assert PHRASES.why_asked(asked(method, "x", {}, because=because.value)) == words


def test_a_rule_of_a_reading_is_of_its_kind() -> None:
    sheet = rule_sheet(reading(), WORDS)
    made = draft(sheet, ("/uri",), WORDS)
    assert (sheet.kind, made.fault) == (Kind.READ, "")
    assert '"kind":"read"' in made.data
    assert made.sentence == f"analyst may read “{URI}” from files without asking."


@pytest.mark.parametrize("uri", ["https://x.example/?a=b", "file:///*", "file:///%ff", "a\x00b"])
def test_no_rule_is_offered_for_a_name_that_it_could_not_keep_to(uri: str) -> None:
    assert rule_sheet(reading(uri), WORDS).refusal


@pytest.mark.parametrize(
    ("method", "tool", "told", "kind"),
    [
        ("resources/read", URI, f"files / resource {URI}", Kind.READ),
        ("prompts/get", "greet", "files / prompt greet", Kind.PROMPT),
        ("tasks/get", "tasks/get", "files / tasks/get", Kind.TASK),
        ("roots/list", "roots/list", "files / roots/list", Kind.ROOTS),
        ("", "read_file", "files / read_file", Kind.CALL),
    ],
)
def test_history_names_what_was_asked_for_and_a_rule_can_be_made_of_it(
    method: str, tool: str, told: str, kind: Kind
) -> None:
    item = Recorded(server="files", tool=tool, method=method, arguments="{}", tier="T0")
    assert HistoryBuilder(WORDS, CARDS).row(item).server_tool == told
    begun = draft_of(item)
    assert (begun.kind, begun.tool) == (kind, tool)
    assert rule_of(begun).kind is kind
    assert begun.effect is Effect.ASK


def test_a_rule_is_not_begun_with_a_name_that_the_record_does_not_have_whole() -> None:
    assert draft_of(Recorded(tool="x" * 200, method="resources/read")).tool == ""
    assert draft_of(Recorded(tool=URI, method="resources/read", masked=True)).tool == ""


@pytest.mark.requirement("H7")
@pytest.mark.parametrize("part", ["agent", "server", "tool"])
@pytest.mark.parametrize("pattern", ["*", "dispatch_*", "analys?", "file:///home/u/*"])
@pytest.mark.parametrize("method", ["", "resources/read", "prompts/get"])
def test_a_rule_begun_of_history_takes_no_pattern_from_whoever_wrote_the_name(
    part: str, pattern: str, method: str
) -> None:
    """An agent may call any name, and an unknown program may call itself by any."""
    names = {"agent": "analyst", "server": "files", "tool": "read_file"}
    agent, server, tool = (names | {part: pattern}).values()
    begun = draft_of(Recorded(agent=agent, server=server, tool=tool, method=method))
    assert {one: getattr(begun, one) for one in names} == names | {part: ""}
    # A person has to choose before it can be saved.
    assert RulesBuilder(WORDS).preview(begun, RulesState()).missing


@pytest.mark.parametrize("outcome", ["refused_unreviewed", "refused_malformed", "error_broker"])
def test_a_name_that_nobody_reviewed_is_kept_only_where_it_stands_whole(outcome: str) -> None:
    def name(tool: str, outcome: str) -> str:
        return draft_of(Recorded(tool=tool, outcome=outcome)).tool

    for cut in ("x" * 200, "send_[API key, ends 1234]"):
        assert name(cut, outcome) == ""
        assert name(cut, "allowed_once") == cut
    assert name("dispatch_order", outcome) == "dispatch_order"
