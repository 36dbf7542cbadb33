"""What is pinned of a tool, and when a listed tool is another one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonObject, JsonValue, canonical, digest_of
from keyturn.domain.definition import (
    INSTRUCTIONS,
    LONGEST_SAID,
    Pin,
    ReviewState,
    Said,
    ToolDefinition,
    pinned_definition,
    pinned_instructions,
    proposed_tier,
    review_state,
    said_definition,
    said_key,
    said_of,
)
from keyturn.domain.lamps import Lamps
from keyturn.domain.tier import Tier

TOOL: JsonObject = {
    "name": "dispatch_order",
    "title": "Dispatch an order",
    "description": "Send one open order.",
    "inputSchema": {"type": "object", "properties": {"order_id": {"type": "string"}}},
}


def definition(**changes: JsonValue) -> ToolDefinition:
    made = pinned_definition({**TOOL, **changes})
    assert made is not None
    return made


def pin(*, hidden: bool = False) -> Pin:
    return Pin(
        server="logistics",
        launch_hash="l",
        definition=definition(),
        tier=Tier.T2,
        labels=Lamps.X,
        pinned_at="2026-11-23T14:07:52Z",
        hidden=hidden,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"name": "dispatch_orders"},
        {"title": "Dispatch"},
        {"description": "Send one open order. "},
        {"inputSchema": {"type": "object"}},
        {"outputSchema": {"type": "object"}},
        {"annotations": {"readOnlyHint": True}},
        {"com.example/new": 1},
    ],
    ids=str,
)
def test_any_other_member_that_changes_is_drift(change: dict[str, JsonValue]) -> None:
    assert review_state(pin(), definition(**change)) is ReviewState.CHANGED


@pytest.mark.parametrize(
    "change",
    [{"_meta": {"a": 1}}, {"icons": [{"src": "x"}]}, {"execution": {"taskSupport": "x"}}],
    ids=str,
)
def test_what_is_never_shown_is_no_drift(change: dict[str, JsonValue]) -> None:
    seen = definition(**change)
    assert seen.def_hash == definition().def_hash
    assert set(change).isdisjoint(seen.body)
    assert review_state(pin(), seen) is ReviewState.PINNED


def test_where_a_tool_stands() -> None:
    assert review_state(None, definition()) is ReviewState.UNREVIEWED
    assert review_state(pin(hidden=True), definition()) is ReviewState.HIDDEN
    assert review_state(pin(), None) is ReviewState.PINNED


@pytest.mark.parametrize("tool", [{}, {"name": ""}, {"name": 5}, {"title": "x"}], ids=str)
def test_a_tool_without_a_usable_name_is_none(tool: JsonObject) -> None:
    assert pinned_definition(tool) is None


def test_a_tool_without_a_canonical_form_is_refused() -> None:
    with pytest.raises(ValueError):
        pinned_definition({"name": "a", "description": "\ud800"})


def test_a_definition_has_its_name_and_the_canonical_text_of_what_is_pinned() -> None:
    made = definition(_meta={"a": 1})
    assert made.name == "dispatch_order"
    assert made.text == canonical(TOOL).decode()
    assert made.def_hash == digest_of(canonical(TOOL))


def test_what_the_server_says_is_read_only_as_text() -> None:
    assert definition().title == "Dispatch an order"
    assert definition().description == "Send one open order."
    assert definition().input_schema == TOOL["inputSchema"]
    odd = definition(title=5, description=["x"], inputSchema=True)
    assert (odd.title, odd.description, odd.input_schema) == ("", "", {"type": "object"})


HINTS = st.dictionaries(
    st.sampled_from(
        ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint", "title", "other"]
    ),
    st.none() | st.booleans() | st.integers(0, 1) | st.text(max_size=3),
)


@pytest.mark.requirement("I-16")
@settings(deadline=None)
@given(HINTS | st.none() | st.lists(st.booleans(), max_size=2))
def test_a_hint_can_only_raise(annotations: JsonValue) -> None:
    annotated = definition(annotations=annotations)
    # A proposal is at most what the review screen offers first; none of it is in force before a
    # person confirms, and the judge sees the confirmed tier only.
    assert proposed_tier(annotated) in (None, Tier.T2)
    assert review_state(None, annotated) is ReviewState.UNREVIEWED
    assert review_state(pin(), annotated) is ReviewState.CHANGED


@pytest.mark.parametrize(
    ("annotations", "tier"),
    [
        ({"destructiveHint": True}, Tier.T2),
        ({"openWorldHint": True, "readOnlyHint": True}, Tier.T2),
        ({"readOnlyHint": True, "destructiveHint": False, "openWorldHint": False}, None),
        ({"destructiveHint": 1}, None),
        ({}, None),
        ("destructive", None),
    ],
    ids=str,
)
def test_only_a_warning_proposes_a_tier(annotations: JsonValue, tier: Tier | None) -> None:
    assert proposed_tier(definition(annotations=annotations)) == tier
    assert proposed_tier(definition()) is None


@pytest.mark.parametrize(
    ("said", "listed"),
    [
        (Said.PROMPT, {"name": "greet", "description": "Greets."}),
        (Said.TEMPLATE, {"name": "notes", "uriTemplate": "note://{id}"}),
        (Said.RESOURCE, {"name": "notes", "uri": "note://1"}),
    ],
)
def test_what_is_said_beside_tools_is_pinned_under_a_name_that_no_tool_has(
    said: Said, listed: JsonObject
) -> None:
    name = listed[{Said.TEMPLATE: "uriTemplate", Said.RESOURCE: "uri"}.get(said, "name")]
    key = said_key(said, str(name))
    made = said_definition(key, {**listed, "_meta": {"x": 1}, "icons": []})
    assert made is not None
    assert (made.name, made.body, said_of(made.name)) == (key, listed, said)
    other = said_definition(key, {**listed, "description": "Greets\u200b."})
    assert other is not None
    assert other.def_hash != made.def_hash
    assert pinned_definition({"name": key}) is None


@pytest.mark.parametrize("key", ["greet", "prompt: other", "template: greet"])
def test_what_is_listed_under_another_name_is_not_what_was_pinned(key: str) -> None:
    assert said_definition(key, {"name": "greet"}) is None


def test_instructions_are_pinned_whole_and_within_a_limit() -> None:
    made = pinned_instructions("Ask before you delete.")
    assert made is not None
    assert (made.name, made.description) == (INSTRUCTIONS, "Ask before you delete.")
    assert said_definition(INSTRUCTIONS, made.body) == made
    assert pinned_instructions("") is None
    assert pinned_instructions("x" * LONGEST_SAID) is not None
    assert pinned_instructions("x" * (LONGEST_SAID + 1)) is None


@pytest.mark.parametrize("name", ["prompt", "prompt:greet", "prompts: greet", "templates"])
def test_only_names_that_begin_so_are_kept_from_tools(name: str) -> None:
    assert pinned_definition({"name": name}) is not None
    assert said_of(name) is None


@pytest.mark.parametrize(
    ("said", "schema"), [({"type": "array"}, {"type": "array"}), ("text", None), (None, None)]
)
def test_the_schema_of_what_comes_back_is_an_object_or_none(
    said: JsonValue, schema: JsonObject | None
) -> None:
    assert definition(outputSchema=said).output_schema == schema
    assert definition().output_schema is None
