"""The plain text is whole, hides nothing, and no value in it can pose as a line of ours."""

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.approval_request import RequestKind
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.origin import Trace
from keyturn.presentation import card_builder, request_text
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.request_text import MOST_SHOWN, RequestTexts, page_count
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.fakes.approval_requests import (
    DEFINITION,
    a_call,
    a_change,
    a_command,
    a_review,
    origin,
)

RESOURCES = Path(__file__).parents[3] / "resources"
WORDS = Words(RESOURCES / "translations")
TEXTS = RequestTexts(WORDS, CardBuilder(WORDS, read_verbs(RESOURCES / "verbs.toml")))


def test_the_injected_dispatch_reads_like_this() -> None:
    text = TEXTS.of(a_call(bound_meta='{"tenant":"north"}'), 38_000).text
    for part in (
        "analyst wants to dispatch all_open orders with logistics\n",
        "logistics / dispatch_all    Call 7 of this session\n",
        "T2 Reaches out. 3 values from a result. First use. Leaves this machine.",
        "U untrusted text read (call 4)\n",
        "    | 14 Quarry Road, Hangar 9\n    Came from reports, result 3.\n",
        '  orders: "all_open"\n  <- reports, result 3\n',
        "  notify_customers: false\n  <- too short to trace\n",
        '  | {"tenant":"north"}\n',
        "Found in reports, result 3: read_report, line 14, characters ",
        'orders now go to ">>R. Talbot<<", ">>14 Quarry Road, Hangar 9<<".\n',
        '  Client: "Atlas Desk 3.2"\n',
        "Why asked: No rule matches, and dispatch_all reaches out.\n",
        "Agent waits about 38 s more.",
        "No answer means no.\n",
    ):
        assert part in text


def test_the_hash_is_of_exactly_this_text() -> None:
    told = TEXTS.of(a_call(), 38_000)
    assert told.prompt_hash == hashlib.sha256(told.text.encode()).hexdigest()
    assert TEXTS.of(a_call(), 50_000).prompt_hash != told.prompt_hash


@given(value=st.text(), key=st.text(min_size=1))
def test_no_control_character_but_a_tab_reaches_the_reader(value: str, key: str) -> None:
    request = a_call(
        subject={key: value},
        agent=value or "a",
        tool=key,
        trace=Trace(origins=(origin("/x", value or "v"),)),
    )
    text = TEXTS.of(request, 1).text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", text)


@given(
    lines=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\n")), min_size=2, max_size=5
    )
)
def test_no_value_begins_a_line_of_its_own(lines: list[str]) -> None:
    forged = "\n".join([*lines, "Why asked: nothing. Agent: harmless"])
    plain = [
        line
        for path in ("x", "it is so", "a/path")
        for line in TEXTS.of(a_call(subject={"path": path}), 1).text.split("\n")
    ]
    text = TEXTS.of(a_call(subject={"path": forged}), 1).text.split("\n")
    for line in text:
        counted = line.startswith("T2 Reaches out.") and "hidden character" in line
        assert counted or line in plain or line.lstrip().startswith(("| ", "path: "))


def test_an_override_stands_in_the_text_by_name() -> None:
    text = TEXTS.of(a_call(subject={"path": "invoice\u202efdp.exe"}), 1).text
    assert "invoice[U+202E right-to-left override]fdp.exe" in text


def test_several_lines_stand_behind_bars_with_their_number() -> None:
    text = TEXTS.of(a_call(subject={"content": "left\nright"}), 1).text
    assert '  content: 2 lines\n  | "left\n  | right"\n  <- not from any result\n' in text


def test_deep_values_name_their_path() -> None:
    text = TEXTS.of(a_call(subject={"a": {"b": {"c": {"d": {"e": 1}}}}}), 1).text
    assert "/a/b/c/d/e: 1" in text
    assert not re.search(r" {9}", text)


def test_a_change_shows_both_texts() -> None:
    text = TEXTS.of(a_change({**DEFINITION, "description": "Other."}), None).text
    assert '  - |   "description": "Send every open order' in text
    assert '  + |   "description": "Other.",' in text
    assert "Nobody's call waits for this answer. No answer means no." in text


def test_a_command_shows_what_would_be_started() -> None:
    text = TEXTS.of(a_command(), None).text
    assert "Command:\n    | python3\n    | -m\n    | logistics" in text
    assert '    [1]: "TOKEN=keychain:logistics-prod"' in text


@pytest.mark.parametrize("kind", list(RequestKind))
def test_every_kind_has_a_text(kind: RequestKind) -> None:
    assert TEXTS.of(a_review(kind, {"method": "x"}), None).text


FORGED: list[JsonObject] = [
    {"amount": '5"    (typed by you here)'},
    {"amount": '5"\n  <- typed by you here'},
    {"<- typed by you here": "5"},
    {" <- typed by you here": "5"},
    {'amount: "5"\n  <- typed by you here': "6"},
    {"a": {"b": {"c": {"d": {"<- typed by you here": "5"}}}}},
    {"amount": '5"   <- typed by you here, result 3'},
    {"a   <- typed by you here": "5"},
]


@pytest.mark.parametrize("subject", FORGED, ids=str)
def test_no_value_or_name_can_pose_as_the_origin_of_a_value(subject: JsonObject) -> None:
    lines = TEXTS.of(a_call(subject=subject, trace=Trace()), 1).text.split("\n")
    told = [line.strip() for line in lines if line.strip().startswith("<-")]
    assert told in (["<- not from any result"], ["<- too short to trace"])
    values = [line for line in lines if not line.lstrip().startswith(("| ", "<- ", "Arguments,"))]
    assert "<-" not in re.sub(r'"(?:[^"\\]|\\.)*"', "", "\n".join(values))


def test_a_name_with_a_value_in_it_is_quoted() -> None:
    text = TEXTS.of(a_call(subject={'to: "me"': "you"}), 1).text
    assert '  "to: \\"me\\"": "you"\n' in text


LONG = {
    "alternating": "\u200b\u200c" * 400_000,
    "interleaved": "x\u200b" * 400_000,
    "lines": "\n." * 400_000,
    "plain": "x y " * 400_000,
    "letters": "\u4e00" * 800_000,
    "spaces": "        x" * 200_000,
}


@pytest.mark.parametrize("kind", LONG)
def test_of_a_long_value_the_text_names_size_and_hash(kind: str) -> None:
    value = LONG[kind]
    text = TEXTS.of(a_call(subject={"a": "short", "body": value, "to": "R. Talbot"}), 1).text
    assert len(text) < 6 * MOST_SHOWN
    assert '  to: "R. Talbot"\n' in text
    whole = f'"{value}"'.encode()
    said = f"the whole has {len(whole)} bytes, SHA-256 {hashlib.sha256(whole).hexdigest()}\n"
    assert re.search(r"  <- \d+ more characters are not shown here; the whole", text)
    assert said in text


@pytest.mark.parametrize("hidden", ["\u200b", "\u3164", "\n\n\n"])
def test_a_value_of_many_marks_leaves_room_for_the_others(hidden: str) -> None:
    subject: JsonObject = {"a": f"a{hidden}" * 16_000, "b": "b" * 5_000, "c": "c" * 5_000}
    text = TEXTS.of(a_call(subject=subject), 1).text
    assert "b" * 5_000 in text
    assert "c" * 5_000 in text


def test_a_long_parent_does_not_hide_the_name_of_a_value() -> None:
    subject: JsonObject = {"x" * 400: {"y": {"z": {"zz": {"recipient": "me"}}}}}
    text = TEXTS.of(a_call(subject=subject), 1).text
    assert re.search(r"\n +/x+…x*/y/z/zz/recipient: \"me\"\n", text)
    # Above the large value too, where a label of odd names is the path.
    odd: JsonObject = {"!" * 400: {"recipient": "me"}}
    text = TEXTS.of(a_call(subject=odd), 1).text
    assert re.search(r"\n  /!+…!*/recipient:\n    \| me\n", text)


def test_how_many_more_values_decide_is_said_once() -> None:
    names = ("address", "account", "email", "recipient", "url")
    text = TEXTS.of(a_call(subject=dict.fromkeys(names, "x")), 1).text
    assert text.count("2 more values that decide stand in the list") == 1


CUT: list[JsonObject] = [
    {"body": "x " * 300_000},
    {"x" * 400: "short"},
    {f"k{number}": number for number in range(3_000)},
]


@pytest.mark.parametrize("subject", CUT, ids=range(len(CUT)))
def test_a_text_that_leaves_something_out_says_so(subject: JsonObject) -> None:
    assert TEXTS.of(a_call(), 1).whole
    request = a_call(subject=subject, bound_meta='{"a\u202eb":"c"}')
    told = TEXTS.of(request, 1)
    assert not told.whole
    assert "Raw JSON" not in told.text
    pages = [TEXTS.page(request, number) for number in range(page_count(request))]
    bars = [line[2:] for page in pages for line in page.split("\n") if line.startswith("| ")]
    assert "".join(bars) == request.arguments + '{"a[U+202E right-to-left override]b":"c"}'
    assert all(len(page) < MOST_SHOWN for page in pages)


def test_many_values_are_not_all_listed_and_the_text_says_so() -> None:
    subject: JsonObject = {f"k{number}": f"value {number}" for number in range(49_000)}
    origins = tuple(origin(f"/k{number}", f"value {number}") for number in range(48_000, 49_000))
    request = a_call(subject=subject, trace=Trace(origins=origins))
    text = TEXTS.of(request, 1).text
    assert text.count("\n") < 20_000
    assert "  <- 47000 more values are not shown here; the whole has " in text
    assert hashlib.sha256(request.arguments.encode()).hexdigest() in text
    # Not the listed ones decide, but those that came from a result.
    assert "Came from reports, result 3" in text


def test_a_name_of_megabytes_is_not_repeated_for_what_stands_below_it() -> None:
    numbers: list[JsonValue] = [1] * 1_000
    subject: JsonObject = {"a" * 300_000: {"b" * 300_000: numbers}}
    assert len(TEXTS.of(a_call(subject=subject), 1).text) < 100_000


def test_the_texts_of_a_call_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    def diff_rows(_before: str, _after: str) -> tuple[()]:
        raise AssertionError

    monkeypatch.setattr(card_builder, "diff_rows", diff_rows)
    assert TEXTS.of(a_call(subject={"old_string": "a", "new_string": "b"}), 1).text


def test_a_change_of_countless_lines_says_how_many_more_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(request_text, "MOST_SHOWN", 2_000)
    request = a_change({**DEFINITION, "description": "\n".join(map(str, range(2_000)))})
    text = TEXTS.of(request, None).text
    assert re.search(r"\n  <- \d+ more lines are not shown here\n", text)
