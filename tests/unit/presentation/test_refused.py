"""No refusal without a sentence, its cause and what helps: in the window, its rows, to the agent.

And no number and no word of the code stands alone.
"""

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.call import NO_SECOND_PERSON, NO_WINDOW, WANTS_SIGN_IN, Refused
from keyturn.application.edit_told import EDITED_TEXT
from keyturn.application.held_results import NOT_HANDED_ON, NOT_SHOWN, TOO_LARGE_TO_SHOW
from keyturn.application.known_secrets import HOLDS_A_CREDENTIAL
from keyturn.application.receiving import TAKES_MORE
from keyturn.application.result_budgets import USED_UP
from keyturn.broker.refusals import refusal_text
from keyturn.domain.canonical import MAX_DEPTH, JsonObject, JsonValue
from keyturn.domain.client_request import LONGEST_NAME, MOST_RESOURCES
from keyturn.domain.decision import Outcome
from keyturn.domain.record import Entry, RecordType
from keyturn.inspection import controlling, results
from keyturn.inspection.schema import JsonSchemaValidator
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.decided import Decided, decided_row
from keyturn.presentation.history_builder import HistoryBuilder
from keyturn.presentation.recorded_call import RecordedDetail, request_of
from keyturn.presentation.refused import AREA, UNSENT, code_text, reason_text, result_facts
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words
from tests.sources import APP, ROOT, sources_in
from tests.unit.presentation.recorded import Recorded

pytestmark = pytest.mark.requirement("E2")

LANGUAGES = {
    language: Words(ROOT / "resources" / "translations", language) for language in ("en", "de")
}
VERBS = read_verbs(ROOT / "resources" / "verbs.toml")
REFUSALS = tuple(one for one in Outcome if not one.allows)
CODE = re.compile(r"\b[a-z]+_[a-z_]+\b|Traceback|-\d{5}")
"""A word of the code, a traceback, a bare number of an error."""


def pairs(outcome: str, words: Words, faults: list[JsonValue] | None = None) -> dict[str, str]:
    item = Recorded(outcome=outcome, actor="keyturn", delivery="")
    entry = Entry(
        type=RecordType.DECISION, outcome=outcome, details={"faults": faults} if faults else {}
    )
    builder = HistoryBuilder(words, CardBuilder(words, VERBS))
    detail = builder.detail(RecordedDetail(item=item, arguments="{}", decision=entry))
    return {pair.key: pair.value for pair in detail.decided}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("outcome", REFUSALS)
def test_every_refusal_says_what_why_and_what_helps(outcome: Outcome, language: str) -> None:
    words = LANGUAGES[language]
    said = pairs(outcome.value, words)
    if outcome in UNSENT:
        parts = [said[words(f"refused.key_{part}")] for part in ("what", "why", "mend")]
        assert len(set(parts)) == 3
        assert all(part.endswith(".") for part in parts)
    else:
        # A person or a rule said no: who it was is said, and that nothing went.
        assert said[words("history.key_decided_by")]
    assert said[words("history.key_sent")] == words("history.sent_no")
    assert not [value for value in said.values() if CODE.search(value)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("outcome", REFUSALS)
def test_every_refusal_has_its_word_in_the_rows(outcome: Outcome, language: str) -> None:
    words = LANGUAGES[language]
    cards = CardBuilder(words, VERBS)
    item = Recorded(outcome=outcome.value, delivery="", actor="keyturn")
    row = HistoryBuilder(words, cards).row(item)
    assert row.outcome.text
    assert not CODE.search((row.outcome.text + row.spoken).replace("dispatch_order", ""))
    decided = Decided(
        request=request_of(item, "{}", None), outcome=outcome.value, by_rule=False, at_ms=0
    )
    text = decided_row(decided, 1000, cards, words).text
    assert not CODE.search(text.replace("dispatch_order", ""))
    if outcome.value.startswith(("refused", "blocked", "error")):
        assert row.outcome.text in text


@pytest.mark.parametrize("outcome", REFUSALS)
def test_every_refusal_tells_the_agent_what_why_and_what_next(outcome: Outcome) -> None:
    """Who refused and why, whether anything happened, and what to do: three sentences at least."""
    refused = Refused(
        outcome=outcome, ticket="KT-1", hold_seconds=50, faults=("the text is not JSON",)
    )
    text = refusal_text(refused)
    sentences = re.split(r"(?<=[.])\s", text)
    assert len(sentences) >= 3, text
    assert not CODE.search(text)
    nothing = "Nothing was sent." in text or "Undecided, not denied." in text
    assert nothing, "whether anything happened"
    verbs = r"\b(?:Ask|ask|Repeat|repeat|Correct|Wait|Call|Do not)\b"
    assert any(re.search(verbs, sentence) for sentence in sentences), "what to do"


def test_what_went_wrong_exactly_is_said_too() -> None:
    words = LANGUAGES["de"]
    faults: list[JsonValue] = ["an object has the same key twice", "/count: is more than 5"]
    said = pairs("refused_malformed", words, faults)
    assert said[words("refused.key_faults")].split("\n") == [
        "ein Objekt hat denselben Schlüssel zweimal",
        "/count: ist größer als 5",
    ]


def test_what_a_server_says_stays_text_with_its_hidden_characters_seen() -> None:
    said = pairs("refused_malformed", LANGUAGES["en"], ["a\u202eb" + "x" * 5000])
    fault = said[LANGUAGES["en"]("refused.key_faults")]
    assert "\u202e" not in fault
    assert len(fault) < 400


# ---------------------------------------------------------------- reasons that the log holds

_SAYS = frozenset(
    {"Lost", "Malformed", "NotInspected", "_Refused", "lose_all", "lost", "give_up"}
) | {
    "UnusableSchema",
    "_whole",
}
_NO_REASONS = ("broker/refusing.py", "broker/batches.py", "inspection/secret_kinds.py")
"""Frames of nobody's call, of which no person is told, and a function of the same name."""
PUT_TOGETHER = (
    f"it holds more than {results.MOST_VALUES} values",
    f"its nesting is deeper than {results.MAX_DEPTH}",
    f"nesting is deeper than {MAX_DEPTH}",
    f"each URI needs 1 to {LONGEST_NAME} characters",
    f"what is listened to is no list of {MOST_RESOURCES} URIs at most",
    NO_SECOND_PERSON,
    NO_WINDOW,
    WANTS_SIGN_IN,
    HOLDS_A_CREDENTIAL,
    USED_UP,
    NOT_HANDED_ON,
    NOT_SHOWN,
    TOO_LARGE_TO_SHOW,
    controlling.NO_STRUCTURE,
    controlling.NOT_FITTING,
    controlling.TOO_LARGE,
    controlling.TOO_MUCH,
)


def recorded() -> set[str]:
    """Return every reason that the sources say as a literal."""
    found = set(PUT_TOGETHER)
    for source in sources_in(APP):
        if source.path.removeprefix(APP).startswith(_NO_REASONS):
            continue
        for node in source.nodes:
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in _SAYS:
                ways = [[a.body, a.orelse] if isinstance(a, ast.IfExp) else [a] for a in node.args]
                parts = (one for way in ways for one in way)
                literals = (one.value for one in parts if isinstance(one, ast.Constant))
                found |= {text for text in literals if isinstance(text, str) and " " in text}
    return found


@pytest.mark.requirement("A3")
def test_every_reason_has_its_words_in_each_language() -> None:
    reasons = recorded()
    german, english = LANGUAGES["de"], LANGUAGES["en"]
    assert sorted(text for text in reasons if not german.found_in(AREA, text)) == []
    assert [text for text in reasons if reason_text(text, german) == text] == []
    assert [text for text in reasons if reason_text(text, english) != text] == []
    assert len(reasons) > 35, "it looks at nothing any more"


SCHEMA: JsonObject = {
    "type": "object",
    "required": ["must"],
    "additionalProperties": False,
    "minProperties": 20,
    "properties": {
        "must": {},
        "all": {"const": 1},
        "list": {"maxItems": 1, "uniqueItems": True, "contains": {"type": "string"}},
        "few": {"minItems": 3},
        "text": {"maxLength": 1, "pattern": "^x$"},
        "short": {"minLength": 9},
        "number": {"maximum": 1, "exclusiveMaximum": 1, "multipleOf": 2},
        "small": {"minimum": 9, "exclusiveMinimum": 9},
        "one": {"enum": [1, 2]},
        "any": {"anyOf": [{"type": "string"}]},
        "either": {"oneOf": [{"type": "string"}]},
        "both": {"oneOf": [{}, {}]},
        "ruled": {"not": {}},
        "typed": {"type": ["string", "null"]},
        "never": False,
        "named": {"propertyNames": {"maxLength": 1}, "maxProperties": 0},
    },
}
WRONG: JsonObject = {
    "all": 2,
    "list": [1, 1],
    "few": [],
    "text": "yy",
    "short": "",
    "number": 3,
    "small": 1,
    "one": 3,
    "any": 1,
    "either": 1,
    "both": 1,
    "ruled": 1,
    "typed": 1,
    "never": 1,
    "named": {"long": 1},
    "unknown: is missing": 1,
}


@pytest.mark.requirement("A3")
def test_every_fault_of_a_schema_is_said_in_german_with_its_place() -> None:
    german, english = LANGUAGES["de"], LANGUAGES["en"]
    faults: list[str] = []
    for name in (*WRONG, ""):
        wrong = {name: WRONG[name]} if name else {}
        found = JsonSchemaValidator().faults("d", SCHEMA, wrong)
        faults += [f"{fault.path or 'arguments'}: {fault.message}" for fault in found]
    assert len({fault.partition(": ")[2] for fault in faults}) > 20
    for fault in faults:
        said = reason_text(fault, german)
        assert said != fault
        assert said.split(": ")[0] in {fault.split(": ")[0], "Argumente"}
        assert reason_text(fault, english) == fault


@given(text=st.text(max_size=80))
def test_whatever_was_written_down_can_be_said(text: str) -> None:
    """And what nobody of ours wrote is said as it is, with its hidden characters seen."""
    said = reason_text(f"/a: {text}", LANGUAGES["de"])
    if LANGUAGES["de"].found_in(AREA, text) is None:
        assert said == shown_line(f"/a: {text}", LANGUAGES["de"], most=300)


@pytest.mark.parametrize("token", [TAKES_MORE, "cancelled", *sorted(one.value for one in UNSENT)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_the_code_is_shown(token: str, language: str) -> None:
    assert not CODE.search(reason_text(token, LANGUAGES[language]))
    assert reason_text(token, LANGUAGES[language]) != token


def test_a_status_of_http_stands_in_a_sentence() -> None:
    said = reason_text("the server's answer could not be read (HTTP 502)", LANGUAGES["de"])
    assert said == "die Antwort des Servers war nicht zu lesen (HTTP-Status 502)"


@pytest.mark.parametrize("code", [-32700, -32600, -32601, -32602, -32603, -32000, 7, True, "x"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_number_of_an_error_stands_alone(code: JsonValue, language: str) -> None:
    words = LANGUAGES[language]
    said = code_text(code, words)
    assert len(said.split()) > 4
    assert said.endswith(".")
    (pair,) = result_facts({"code": code}, words)
    assert (pair.key, pair.value) == (words("history.key_code"), said)


def test_the_edit_is_told_with_a_refusal() -> None:
    refused = Refused(outcome=Outcome.ERROR_BROKER, withheld="x", edited=True)
    assert refusal_text(refused).startswith(EDITED_TEXT)
