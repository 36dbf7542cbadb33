"""The card shows exactly what will be sent, where it came from, and what decides."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.approval_request import AskedBy, RequestKind
from keyturn.domain.canonical import JsonObject, JsonValue, canonical, digest_of
from keyturn.domain.destinations import Destination
from keyturn.domain.origin import Trace
from keyturn.domain.tier import Tier
from keyturn.presentation import argument_schema
from keyturn.presentation.arming import terms_of
from keyturn.presentation.card import CardKind, CardView, Deadline, DiffSide, ValueKind
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.decisive import argv_text
from keyturn.presentation.json_nodes import nodes, read_json, value_at
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.fakes.approval_requests import (
    DEFINITION,
    a_call,
    a_change,
    a_command,
    a_definition,
    a_review,
    origin,
)

RESOURCES = Path(__file__).parents[3] / "resources"
CARDS = CardBuilder(Words(RESOURCES / "translations"), read_verbs(RESOURCES / "verbs.toml"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def chip_texts(card: CardView) -> list[str]:
    return [chip.text for chip in card.chips]


@given(arguments=st.dictionaries(st.text(), JSON, max_size=5))
def test_raw_is_exactly_what_will_be_sent_and_the_tree_is_whole(arguments: JsonObject) -> None:
    request = a_call(subject=arguments)
    card = CARDS.card(request)
    assert card.raw_json == request.arguments
    assert card.digest == request.digest
    rows = {row.path: row for row in card.rows}
    for node in nodes(read_json(request.arguments)):
        row = rows.pop(node.path)
        assert value_at(arguments, node.path) == node.value
        if isinstance(node.value, str):
            assert row.value == f'"{node.value}"'
        elif node.is_leaf:
            assert row.value == canonical(node.value).decode()
        else:
            assert row.value_kind is ValueKind.CONTAINER
    assert rows == {}


@given(arguments=st.dictionaries(st.text(), JSON, min_size=1, max_size=5))
def test_decisive_values_are_few_and_whole(arguments: JsonObject) -> None:
    card = CARDS.card(a_call(subject=arguments, tool="unknown_tool"))
    assert len(card.decisive) <= 3
    for value in card.decisive:
        sent: JsonValue = value_at(arguments, value.path)
        assert value.value == (sent if isinstance(sent, str) else canonical(sent).decode())
    assert sum(value.owed for value in card.decisive) == min(1, len(card.decisive))


def test_bound_meta_stands_beside_raw_and_not_in_it() -> None:
    card = CARDS.card(a_call(bound_meta='{"tenant":"north"}'))
    assert card.raw_meta == '{"tenant":"north"}'
    assert "tenant" not in card.raw_json


def test_each_argument_says_where_it_came_from() -> None:
    card = CARDS.card(a_call())
    told = {row.path: row.origin.text for row in card.rows if row.origin is not None}
    assert told == {
        "/notify_customers": "too short to trace",
        "/orders": "reports, result 3",
        "/ship_to/address": "reports, result 3",
        "/ship_to/name": "reports, result 3",
    }
    row = next(row for row in card.rows if row.path == "/orders")
    (span,) = row.spans
    assert row.value[span.start : span.end] == "all_open"


def test_what_was_not_looked_for_is_not_said_to_be_not_found() -> None:
    subject: JsonObject = {"orders": [7, 9], "year": 2026, "to": "x@y.example", "note": "it is so"}
    card = CARDS.card(a_call(subject=subject, trace=Trace()))
    assert {row.path: row.origin.text for row in card.rows if row.origin is not None} == {
        "/orders/0": "too short to trace",
        "/orders/1": "too short to trace",
        "/year": "too common to trace",
        "/to": "not from any result",
        "/note": "too common to trace",
    }


def test_values_of_one_result_share_one_excerpt() -> None:
    (excerpt,) = CARDS.card(a_call()).excerpts
    assert excerpt.title == "reports, result 3: read_report"
    assert excerpt.place.startswith("line 14, characters ")
    assert [(line.number, line.around) for line in excerpt.lines] == [
        (13, True),
        (14, False),
        (15, True),
    ]
    line = excerpt.lines[1]
    assert [line.text[span.start : span.end] for span in line.spans] == [
        "all_open",
        "R. Talbot",
        "14 Quarry Road, Hangar 9",
    ]


def test_results_do_not_share_an_excerpt() -> None:
    trace = Trace(origins=(origin("/orders", "all_open"), origin("/ship_to", "R.", result=5)))
    card = CARDS.card(a_call(trace=trace))
    assert [excerpt.opens for excerpt in card.excerpts] == ["result:3", "result:5"]
    assert chip_texts(card)[1] == "2 values from 2 results"


def test_several_places_of_one_value_are_named_by_the_untrusted_one() -> None:
    trace = Trace(
        origins=(
            origin("/orders", "all_open", untrusted=False, result=9),
            origin("/orders", "all_open", result=2),
        )
    )
    card = CARDS.card(a_call(trace=trace))
    label = next(row.origin for row in card.rows if row.path == "/orders")
    assert label is not None
    assert label.text == "reports, result 2 and 1 other"


def test_missing_text_is_not_said_to_be_no_origin() -> None:
    card = CARDS.card(a_call(trace=Trace(incomplete=True)))
    assert {row.origin.text for row in card.rows if row.origin} == {
        "not known, old results were dropped",
        "too short to trace",
    }
    assert "Provenance incomplete" in chip_texts(card)


def test_the_address_from_the_report_is_owed_first() -> None:
    first = CARDS.card(a_call()).decisive[0]
    assert (first.path, first.key, first.owed) == ("/ship_to/address", "Ship to address", True)
    assert first.value == "14 Quarry Road, Hangar 9"
    assert first.owed_reason == "Came from reports, result 3"
    assert (first.action, first.object) == ("Confirm address", "the address")


def test_an_untrusted_value_is_owed_before_a_more_telling_one() -> None:
    trace = Trace(origins=(origin("/orders", "all_open"),))
    card = CARDS.card(a_call(trace=trace))
    assert [value.path for value in card.decisive if value.owed] == ["/orders"]


def test_without_an_origin_the_first_value_is_owed() -> None:
    subject: JsonObject = {"body": "hello", "to": ["a@x.example", "b@x.example"]}
    fresh = CARDS.card(a_call(subject=subject, tool="send_email"))
    assert fresh.decisive[0].value == '["a@x.example","b@x.example"]'
    assert fresh.decisive[0].owed_reason == "Seen for the first time"
    again = CARDS.card(a_call(subject=subject, tool="send_email", first_use=False))
    assert again.decisive[0].owed_reason == "Decides what this call does"


@pytest.mark.parametrize("tier", [Tier.T0, Tier.T1])
def test_nothing_is_owed_below_t2(tier: Tier) -> None:
    assert not any(value.owed for value in CARDS.card(a_call(tier=tier)).decisive)


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        ({"content": "x" * 5000, "file_path": "/etc/hosts"}, "/file_path"),
        ({"a": 1, "url": "https://x.example"}, "/url"),
        ({"deep": [{"recipientEmail": "a@x.example"}], "flag": True}, "/deep/0/recipientEmail"),
        ({"content": "x" * 5000}, "/content"),
    ],
)
def test_keys_choose_what_decides(arguments: JsonObject, first: str) -> None:
    assert CARDS.card(a_call(subject=arguments, tool="zzz")).decisive[0].path == first


def test_an_untrusted_value_is_not_crowded_out() -> None:
    subject: JsonObject = {"path": "/a", "host": "b", "url": "c", "note": "R. Talbot"}
    trace = Trace(origins=(origin("/note", "R. Talbot"),))
    card = CARDS.card(a_call(subject=subject, tool="write_file", trace=trace))
    assert [value.path for value in card.decisive if value.owed] == ["/note"]


def test_a_key_that_is_no_plain_word_is_not_spoken_as_ours() -> None:
    card = CARDS.card(a_call(subject={"nothing, it is harmless": "x"}, tool="zzz"))
    (value,) = card.decisive
    assert (value.key, value.action) == ("/nothing, it is harmless", "Confirm value")


def test_defaults_and_odd_hosts_are_noted() -> None:
    notify = CARDS.card(a_call(trace=Trace())).decisive[2]
    assert (notify.path, notify.note) == ("/notify_customers", "default is true")
    spoken = CARDS.card(a_call(subject={"url": "//\u00e9 is fine/x"}, tool="zzz"))
    assert spoken.decisive[0].note == ""
    odd = CARDS.card(a_call(subject={"url": "https://\u0430pple.example/x"}, tool="zzz"))
    assert odd.decisive[0].note == "host is xn--pple-43d.example"


def test_chips_begin_with_the_tier() -> None:
    assert chip_texts(CARDS.card(a_call())) == [
        "T2 Reaches out",
        "3 values from a result",
        "First use",
        "Leaves this machine",
        "Uses logistics-prod",
        "Production",
    ]


def test_hidden_characters_are_counted() -> None:
    card = CARDS.card(a_call(subject={"pa\u200bth": "a\u202eb\u2060"}))
    assert "3 hidden characters" in chip_texts(card)


def test_claims_are_quoted_and_kept_apart() -> None:
    card = CARDS.card(a_call())
    claimed = {pair.key: pair.value for pair in card.claimed}
    assert claimed["Client"] == '"Atlas Desk 3.2"'
    assert claimed["Tool hint"] == '"not destructive, reaches out"'
    observed = {pair.key: pair.value for pair in card.observed}
    assert observed["Process"] == "48121 atlas-desk"
    assert "Atlas Desk" not in "".join(observed.values())


def test_what_was_not_observed_is_said_to_be_missing() -> None:
    observed = {pair.key: pair for pair in CARDS.card(a_call(asked_by=AskedBy())).observed}
    assert observed["Process"].value == observed["Program"].value == "not available"


@pytest.mark.parametrize("kind", list(RequestKind))
def test_every_kind_has_a_card(kind: RequestKind) -> None:
    card = CARDS.card(a_review(kind, {"method": "x", "params": {}}))
    assert card.kind is CardKind(kind.value)
    assert card.actions.allow
    assert card.why_asked
    assert terms_of(card).tier is Tier.T2


def test_a_command_owes_a_look_at_what_would_be_started() -> None:
    card = CARDS.card(a_command())
    assert [value.value for value in card.decisive] == ["python3\n-m\nlogistics"]
    assert card.decisive[0].owed
    assert card.actions.deny_with_message == card.actions.rule == ""


def test_a_definition_owes_its_description() -> None:
    card = CARDS.card(a_definition())
    assert (card.decisive[0].path, card.decisive[0].action) == (
        "/description",
        "Confirm description",
    )


def test_a_change_has_both_texts_in_its_diff() -> None:
    card = CARDS.card(a_change({**DEFINITION, "description": "Other."}))
    sides = {row.side for row in card.diff}
    assert sides == {DiffSide.BOTH, DiffSide.BEFORE, DiffSide.AFTER}
    assert digest_of(card.raw_json.encode()) == card.digest


@pytest.mark.parametrize(
    "arguments",
    [
        {"path": "a", "old_string": "one\ntwo", "new_string": "one\nthree"},
        {"path": "a", "edits": [{"oldText": "one\ntwo", "newText": "one\nthree"}]},
    ],
)
def test_an_old_and_a_new_text_make_a_diff(arguments: JsonObject) -> None:
    card = CARDS.card(a_call(subject=arguments, tool="edit_file"))
    assert [(row.side, row.text) for row in card.diff] == [
        (DiffSide.BOTH, "one"),
        (DiffSide.BEFORE, "two"),
        (DiffSide.AFTER, "three"),
    ]


def test_an_argument_that_could_be_misread_stands_as_json() -> None:
    told = argv_text(["sh", "-c", "rm -rf /", "", "a\nb", 'say "x"', "a\\b"])
    assert told.split("\n") == [
        "sh",
        "-c",
        '"rm -rf /"',
        '""',
        '"a\\nb"',
        '"say \\"x\\""',
        '"a\\\\b"',
    ]


def test_every_call_offers_a_rule_and_no_review_does() -> None:
    assert CARDS.card(a_call()).actions.rule
    # Where no rule can decide, the sheet says why.
    assert CARDS.card(a_call(tier=Tier.T3)).actions.rule
    assert not CARDS.card(a_definition()).actions.rule


def test_a_review_carries_its_choice_and_a_call_none() -> None:
    choice = CARDS.card(a_definition(proposed_tier=Tier.T2)).review
    assert choice is not None
    assert (choice.chosen, choice.ticked) == (Tier.T2, "X")
    unproposed = CARDS.card(a_definition(proposed_tier=None)).review
    assert unproposed is not None
    # Its name and what it takes propose it, without any claim of the server.
    assert unproposed.chosen is Tier.T2
    assert CARDS.card(a_call()).review is None


def test_a_detached_card_allows_one_retry() -> None:
    deadline = Deadline(asked_at_ms=0, waits_until_ms=50_000, stopped_waiting_at_ms=50_000)
    card = CARDS.card(a_call(), deadline=deadline)
    assert card.actions.allow == "Allow one retry"
    assert "Agent stopped waiting" in chip_texts(card)


def test_the_buttons_object_names_the_owed_value() -> None:
    assert CARDS.card(a_call()).action == "dispatch all_open orders: 14 Quarry Road, Hangar 9"


def with_schema(schema: JsonObject) -> str:
    return canonical({"name": "send", "inputSchema": schema}).decode()


NAMED: JsonObject = {"properties": {"recipient": {"type": "string"}, "body": {"type": "string"}}}
CROWD: JsonObject = {
    "account": "1234",
    "address": "home",
    "amount": "0",
    "body": "hi",
    "email": "ok@corp.example",
    "recipient": "mallory@evil.example",
}


def test_what_the_schema_does_not_have_crowds_nothing_out() -> None:
    request = a_call(subject=CROWD, tool="zzz", definition=with_schema(NAMED), trace=Trace())
    card = CARDS.card(request)
    assert [value.path for value in card.decisive][:2] == ["/recipient", "/body"]
    assert card.decisive[0].note == ""
    assert card.decisive[2].note == "not in the tool's schema"
    assert card.decisive_more == "3 more values that decide stand in the list"
    assert card.decisive_more in chip_texts(card)


def test_countless_members_do_not_hide_the_declared_one() -> None:
    subject: JsonObject = {**{f"a{number}": "x" for number in range(3_000)}, "recipient": "me"}
    request = a_call(subject=subject, tool="zzz", definition=with_schema(NAMED), trace=Trace())
    assert CARDS.card(request).decisive[0].path == "/recipient"


def test_an_undeclared_value_of_an_untrusted_result_is_shown_all_the_same() -> None:
    trace = Trace(origins=(origin("/bcc", "mallory@evil.example"),))
    names = ("url", "path", "host", "email")
    schema: JsonObject = {"properties": {name: {} for name in names}}
    subject: JsonObject = {"bcc": "mallory@evil.example", **dict.fromkeys(names, "x")}
    request = a_call(subject=subject, tool="zzz", definition=with_schema(schema), trace=trace)
    (owed,) = [value for value in CARDS.card(request).decisive if value.owed]
    assert (owed.path, owed.note) == ("/bcc", "not in the tool's schema")


def unkind() -> JsonObject:
    """Return 64 branches, each of which leads over eight references to the whole again."""
    hops: JsonObject = {
        f"h{branch}_{hop}": {"$ref": f"#/$defs/h{branch}_{hop + 1}"}
        for branch in range(64)
        for hop in range(7)
    }
    ends: JsonObject = {f"h{branch}_7": {"$ref": "#/$defs/part"} for branch in range(64)}
    branches: list[JsonValue] = [{"$ref": f"#/$defs/h{branch}_0"} for branch in range(64)]
    part: JsonObject = {"anyOf": branches, "properties": {"d": {"$ref": "#/$defs/part"}}}
    return {"$ref": "#/$defs/part", "$defs": {**hops, **ends, "part": part}}


def test_an_unkind_schema_is_not_walked_again_for_each_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = 0
    value_at = argument_schema.value_at

    def counted(root: JsonValue, pointer: str) -> JsonValue:
        nonlocal looks
        looks += 1
        assert looks < 20_000
        return value_at(root, pointer)

    monkeypatch.setattr(argument_schema, "value_at", counted)
    subject: JsonObject = {f"{number}": 0 for number in range(500)}
    for _ in range(60):
        subject = {"d": subject}
    request = a_call(subject=subject, tool="zzz", definition=with_schema(unkind()), trace=Trace())
    assert len(request.arguments) < 5 * 1024
    assert CARDS.card(request).decisive[0].note == ""


JUNK: list[JsonValue] = [0] * 2_000
DEEP_JUNK: JsonObject = {"!": [JUNK for _ in range(20)]}
MESSAGES: JsonObject = {"messages": [{"to": "mallory@evil.example"}]}
HIDING: list[tuple[JsonObject, str]] = [
    ({"!": JUNK, **MESSAGES}, "/messages/0/to"),
    ({"!": DEEP_JUNK, **MESSAGES}, "/messages/0/to"),
    ({"a": {"!": JUNK, **MESSAGES}}, "/a/messages/0/to"),
    ({"!" * 600_000: JUNK, **MESSAGES}, "/messages/0/to"),
    ({"!" * 1_100_000: JUNK, **MESSAGES}, "/messages/0/to"),
    ({**{f"!{number}": JUNK for number in range(300)}, **MESSAGES}, "/messages/0/to"),
]


@pytest.mark.parametrize(("subject", "path"), HIDING, ids=range(len(HIDING)))
@pytest.mark.parametrize("named", [True, False])
def test_junk_does_not_hide_a_value_in_a_list(
    subject: JsonObject, path: str, *, named: bool
) -> None:
    messages: JsonObject = {"items": {"properties": {"to": {}, "body": {}}}}
    names: JsonObject = {"messages": messages, "a": {"properties": {"messages": messages}}}
    definition = with_schema({"properties": names}) if named else ""
    card = CARDS.card(a_call(subject=subject, tool="zzz", definition=definition, trace=Trace()))
    assert path in [row.path for row in card.rows]
    assert path in [value.path for value in card.decisive]
    assert len(card.rows) <= 2_001


OPEN: list[JsonObject] = [
    {"type": "object"},
    {"properties": {"a": {}}, "patternProperties": {"^b": {}}},
    {"allOf": [{"$ref": "#/$defs/b"}], "$defs": {"b": {"properties": {"b": {}}}}},
    {"properties": {"a": {}}, "anyOf": [{"properties": {"b": {}}}]},
]


@pytest.mark.parametrize("schema", OPEN, ids=str)
def test_what_a_schema_may_have_is_not_called_undeclared(schema: JsonObject) -> None:
    request = a_call(subject={"b": "x"}, tool="zzz", definition=with_schema(schema))
    assert CARDS.card(request).decisive[0].note == ""


def test_a_tree_that_nobody_reads_says_how_much_more_there_is() -> None:
    card = CARDS.card(a_call(subject={f"k{number}": number for number in range(5_000)}))
    assert len(card.rows) == 2_001
    assert (card.rows[-1].key, card.rows[-1].value) == ("…", "3000 more values, whole in Raw JSON")


def test_texts_too_long_to_compare_have_no_difference() -> None:
    texts: JsonObject = {"old_string": "x\ny\n" * 20_000, "new_string": "y\nx\n" * 20_000}
    assert CARDS.card(a_call(subject=texts)).diff == ()


def test_a_default_is_quoted_and_never_speaks_for_us() -> None:
    default = 'x", checked by Keyturn'
    schema: JsonObject = {"properties": {"path": {"type": "string", "default": default}}}
    request = a_call(subject={"path": "y"}, tool="zzz", definition=with_schema(schema))
    (value,) = CARDS.card(request).decisive
    assert value.note == 'default is "x\\", checked by Keyturn"'


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (" 99 Evil Road ", "99 Evil Road"),
        ("Ann@Example.org", "Ann@Example.org"),
        ("https://Example.org/x", "example.org"),
        ("other", "99 evil road"),
    ],
)
def test_a_new_destination_is_named_as_its_argument_has_it(written: str, name: str) -> None:
    """Its host where it is a URL; compared is without case, and anything else is not shown."""
    compared = "example.org" if written.startswith("https") else written.strip().casefold()
    compared = "99 evil road" if written == "other" else compared
    new = (Destination(path="/to", name=compared),)
    card = CARDS.card(a_call(subject={"to": written}, tool="add_note", first_seen=new))
    assert f"New destination: {name}" in [chip.text for chip in card.chips]


@pytest.mark.requirement("FLOW-FIRST")
def test_a_new_destination_is_marked_and_to_be_confirmed_whatever_the_tier() -> None:
    new = (
        Destination(path="/to/0", name="ann\u202e@example.org"),
        Destination(path="/cc", name="bob@example.org"),
    )
    facts: dict[str, Any] = {"subject": {"note": "x", "to": ["ann\u202e@example.org"]}}
    known = CARDS.card(a_call(**facts, tool="add_note", tier=Tier.T1))
    assert not any(value.owed for value in known.decisive)
    card = CARDS.card(a_call(**facts, tool="add_note", tier=Tier.T1, first_seen=new))
    chips = [chip.text for chip in card.chips if "New destination" in chip.text]
    assert len(chips) == 1 and chips[0].endswith("and 1 more") and "\u202e" not in chips[0]
    owed = [value for value in card.decisive if value.owed]
    assert [(value.path, value.owed_reason) for value in owed] == [
        ("/to", "Nothing was sent there in this session")
    ]
