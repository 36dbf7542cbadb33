"""Over generated calls: the digest follows every bound value and nothing else (law 2)."""

import copy

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import MAX_SAFE_INTEGER, JsonObject, JsonValue, canonical

NAMES = st.text("abcxyz_", min_size=1, max_size=6)
SCALARS = st.none() | st.booleans() | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | NAMES
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
)
OBJECTS: st.SearchStrategy[JsonObject] = st.dictionaries(NAMES, VALUES, max_size=4)
UNBOUND = st.dictionaries(
    st.sampled_from(["progressToken", "traceparent", "tracestate", "app.keyturn/receipt"])
    | NAMES.map(lambda name: f"io.modelcontextprotocol/{name}"),
    VALUES,
    max_size=4,
)


def call_with(params: JsonObject) -> ToolCall:
    return ToolCall(
        agent="analyst",
        session="s-1",
        server="logistics",
        launch_hash="l",
        tool="dispatch_order",
        def_hash="d",
        params=params,
    )


@settings(deadline=None)
@given(OBJECTS, OBJECTS)
def test_equal_digests_mean_equal_arguments(one: JsonObject, other: JsonObject) -> None:
    first, second = call_with({"arguments": one}), call_with({"arguments": other})
    assert (first.digest() == second.digest()) == (canonical(one) == canonical(other))


@settings(deadline=None)
@given(OBJECTS, UNBOUND, UNBOUND)
def test_unbound_meta_never_changes_the_digest(
    arguments: JsonObject, one: JsonObject, other: JsonObject
) -> None:
    first = call_with({"arguments": arguments, "_meta": one})
    assert first.digest() == call_with({"arguments": arguments, "_meta": other}).digest()


@settings(deadline=None)
@given(OBJECTS, NAMES, VALUES, VALUES)
def test_bound_meta_always_does(
    arguments: JsonObject, key: str, one: JsonValue, other: JsonValue
) -> None:
    assume(canonical(one) != canonical(other))
    first = call_with({"arguments": arguments, "_meta": {key: one}})
    assert first.digest() != call_with({"arguments": arguments, "_meta": {key: other}}).digest()


@settings(deadline=None)
@given(OBJECTS, st.data())
def test_a_change_of_the_object_after_the_approval_is_seen(
    arguments: JsonObject, data: st.DataObject
) -> None:
    params: JsonObject = {"name": "dispatch_order", "arguments": arguments}
    call = call_with(params)
    approved = call.digest()
    before = canonical(copy.deepcopy(params))
    member = data.draw(st.sampled_from(["arguments", "name", "task", "_meta", "requestState"]))
    if member == "arguments":
        arguments[data.draw(NAMES)] = data.draw(VALUES)
    elif member == "_meta":
        params[member] = {data.draw(NAMES): data.draw(VALUES)}
    else:
        params[member] = data.draw(NAMES)
    assert (call.digest() == approved) == (canonical(params) == before)


def request_with(method: str, name: str, params: JsonObject) -> ToolCall:
    return msgspec.structs.replace(call_with(params), tool=name, def_hash="", method=method)


METHODS = st.sampled_from(
    ["resources/read", "resources/subscribe", "prompts/get", "completion/complete", "tasks/get"]
)


@settings(deadline=None)
@given(METHODS, METHODS | st.just("tools/call"), OBJECTS)
def test_another_method_is_another_digest(one: str, other: str, params: JsonObject) -> None:
    first = request_with(one, "x", params)
    assert (first.digest() == request_with(other, "x", params).digest()) == (one == other)


@settings(deadline=None)
@given(METHODS, OBJECTS, OBJECTS)
def test_all_params_of_another_method_are_bound(
    method: str, one: JsonObject, other: JsonObject
) -> None:
    first, second = request_with(method, "x", one), request_with(method, "x", other)
    assert (first.digest() == second.digest()) == (canonical(one) == canonical(other))


@settings(deadline=None)
@given(METHODS, OBJECTS, UNBOUND, NAMES, VALUES)
def test_of_another_methods_meta_the_same_is_bound_as_of_a_calls(
    method: str, params: JsonObject, unbound: JsonObject, key: str, value: JsonValue
) -> None:
    plain = request_with(method, "x", params).digest()
    assert request_with(method, "x", {**params, "_meta": unbound}).digest() == plain
    assert request_with(method, "x", {**params, "_meta": {key: value}}).digest() != plain


@settings(deadline=None)
@given(METHODS, OBJECTS, VALUES, NAMES)
def test_what_continues_another_method_is_left_out_of_the_first_ones_digest(
    method: str, params: JsonObject, responses: JsonValue, state: str
) -> None:
    first = request_with(method, "x", params)
    again = {**params, "inputResponses": responses, "requestState": state}
    second = request_with(method, "x", again)
    assert second.digest_of_first() == first.digest()
    assert second.digest() != first.digest()
