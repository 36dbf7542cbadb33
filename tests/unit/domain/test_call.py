"""What an approval of a call binds, member by member."""

import json

import msgspec
import pytest

from keyturn.domain.call import RECEIPT_KEY, ToolCall, without_own_meta
from keyturn.domain.canonical import JsonObject, JsonValue, canonical, digest_of

PARAMS: JsonObject = {
    "name": "dispatch_order",
    "arguments": {"order_id": "SO-1", "ship_to": {"name": "R. Talbot"}},
}


def make_call(**changes: object) -> ToolCall:
    fields: dict[str, object] = {
        "agent": "analyst",
        "session": "s-1",
        "server": "logistics",
        "launch_hash": "a" * 64,
        "tool": "dispatch_order",
        "def_hash": "b" * 64,
        "params": json.loads(json.dumps(PARAMS)),
    } | changes
    return ToolCall(**fields)  # pyright: ignore[reportArgumentType]  # each test gives the right types


def with_params(**members: object) -> ToolCall:
    return make_call(params={**PARAMS, **members})


@pytest.mark.parametrize("field", ["agent", "session", "server", "launch_hash", "tool", "def_hash"])
def test_every_field_is_bound(field: str) -> None:
    assert msgspec.structs.replace(make_call(), **{field: "other"}).digest() != make_call().digest()


@pytest.mark.parametrize(
    "members",
    [
        {"arguments": {}},
        {"arguments": {"order_id": "SO-2", "ship_to": {"name": "R. Talbot"}}},
        {"arguments": ["SO-1"]},
        {"arguments": None},
        {"name": "dispatch_all"},
        {"task": {"ttl": 60}},
        {"_meta": {"com.example/purpose": "test"}},
        {"_meta": ["not an object"]},
        {"_meta": None},
        {"inputResponses": {}},
        {"inputResponses": {"a": 1}},
        {"requestState": "opaque"},
        {"requestState": None},
    ],
    ids=str,
)
def test_every_member_that_is_sent_is_bound(members: dict[str, object]) -> None:
    assert with_params(**members).digest() != make_call().digest()


@pytest.mark.parametrize(
    "meta",
    [
        {},
        {"progressToken": 7},
        {"traceparent": "00-a-b-01", "tracestate": "x=1"},
        {"io.modelcontextprotocol/related-task": {"taskId": "1"}},
        {RECEIPT_KEY: {"sig": "x"}, "app.keyturn/note": 1},
    ],
    ids=str,
)
def test_what_changes_with_every_send_is_not_bound(meta: JsonObject) -> None:
    call = with_params(_meta=meta)
    assert call.digest() == make_call().digest()
    assert call.bound_meta() == {}


def test_absent_arguments_read_as_an_empty_object() -> None:
    absent = make_call(params={"name": "dispatch_order"})
    assert absent.arguments == {}
    assert absent.digest() == with_params(arguments={}).digest()
    assert with_params(arguments="text").arguments == {}


def test_arguments_that_are_no_object_are_bound_as_they_are() -> None:
    values: tuple[JsonValue, ...] = (["SO-1"], None, "text", {})
    odd = [with_params(arguments=value).digest() for value in values]
    assert len(set(odd)) == len(odd)


def test_what_stands_beside_the_arguments_of_another_request_is_its_meta_alone() -> None:
    # All of its params are its arguments, which are shown as such.
    request = make_call(
        method="resources/read", params={"uri": "a:b", "more": 1, "_meta": {"k": 1}}
    )
    assert request.arguments == {"uri": "a:b", "more": 1}
    assert request.beside_arguments() == {"k": 1}


def test_arguments_that_were_just_encoded_are_digested_as_handed_over() -> None:
    call = make_call()
    assert call.digest(call.canonical_arguments()) == call.digest()
    assert call.digest(b"{}") == with_params(arguments={}).digest()


def test_the_bound_part_of_meta_is_what_the_raw_tab_shows() -> None:
    call = with_params(_meta={"progressToken": 7, "com.example/purpose": "test"})
    assert call.bound_meta() == {"com.example/purpose": "test"}
    assert with_params(_meta=5).bound_meta() == {}


def test_the_digest_is_over_the_canonical_preimage() -> None:
    preimage: JsonObject = {
        "v": 1,
        "agent": "analyst",
        "session": "s-1",
        "server": "logistics",
        "launch_hash": "a" * 64,
        "tool": "dispatch_order",
        "def_hash": "b" * 64,
        "arguments": PARAMS["arguments"],
        "params": {"task": {}, "_meta": {"k": 1}},
        "inputResponses_hash": digest_of(canonical({"a": 1})),
        "requestState_hash": None,
    }
    call = with_params(task={}, _meta={"k": 1, "progressToken": 1}, inputResponses={"a": 1})
    assert call.digest() == digest_of(canonical(preimage))


@pytest.mark.parametrize(
    ("params", "bound"),
    [
        (PARAMS, {}),
        ({**PARAMS, "_meta": {"progressToken": 1}}, {}),
        ({**PARAMS, "name": "dispatch_all"}, {"name": "dispatch_all"}),
    ],
    ids=str,
)
def test_the_preimage_names_what_is_bound_beside_the_arguments(
    params: JsonObject, bound: JsonObject
) -> None:
    preimage: JsonObject = {
        "v": 1,
        "agent": "analyst",
        "session": "s-1",
        "server": "logistics",
        "launch_hash": "a" * 64,
        "tool": "dispatch_order",
        "def_hash": "b" * 64,
        "arguments": PARAMS["arguments"],
        "params": bound,
        "inputResponses_hash": None,
        "requestState_hash": None,
    }
    assert make_call(params=params).digest() == digest_of(canonical(preimage))


def test_only_keyturn_puts_a_receipt_on_a_call() -> None:
    forged: JsonObject = {**PARAMS, "_meta": {RECEIPT_KEY: "forged", "k": 1}}
    assert without_own_meta(forged) == {**PARAMS, "_meta": {"k": 1}}
    assert RECEIPT_KEY in str(forged)


@pytest.mark.parametrize("params", [PARAMS, {"_meta": {"k": 1}}, {"_meta": 5}], ids=str)
def test_other_params_are_the_very_same_object(params: JsonObject) -> None:
    assert without_own_meta(params) is params


@pytest.mark.parametrize("agent", ["analyst", 'odd "name" \\', "Zoë"])
def test_the_digest_is_over_one_canonical_object(agent: str) -> None:
    meta: JsonObject = {"com.example/purpose": "test", "progressToken": 1}
    call = with_params(task={"ttl": 60}, _meta=meta, requestState="opaque")
    bound: JsonObject = {
        "v": 1,
        "agent": agent,
        "session": "s-1",
        "server": "logistics",
        "launch_hash": "a" * 64,
        "tool": "dispatch_order",
        "def_hash": "b" * 64,
        "arguments": PARAMS["arguments"],
        "params": {"task": {"ttl": 60}, "_meta": {"com.example/purpose": "test"}},
        "inputResponses_hash": None,
        "requestState_hash": digest_of(canonical("opaque")),
    }
    assert msgspec.structs.replace(call, agent=agent).digest() == digest_of(canonical(bound))


def test_another_name_is_bound_as_it_is() -> None:
    names = ("dispatch_all", "dispatch_none", None, "dispatch_order")
    assert len({with_params(name=name).digest() for name in names}) == len(names)
    tagged = (with_params(name=name, task={}) for name in names)
    assert len({call.digest() for call in tagged}) == len(names)


def test_hashing_a_call_that_is_not_large_changes_nothing_of_it() -> None:
    call = with_params(requestState="s-1")
    assert call.sealed is None
    assert call.hash_large() == call.digest()
    assert call.sealed is None
    assert call.digest_of_first() == make_call().digest() != call.digest()
