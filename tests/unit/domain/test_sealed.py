"""Large params and their bytes stay one thing, whatever is left out of them."""

import json

import pytest

from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.sealed import SealedParams, seal

PARAMS: JsonObject = {
    "\U0001f600": 1,
    "\ufb33": 2,
    "_meta": {"k": 1},
    "arguments": {"order": "SO-1", "note": "é"},
    "name": "dispatch_order",
    "requestState": "opaque",
}


def sealed(params: JsonObject) -> SealedParams:
    return SealedParams(params, *seal(params))


def call_of(params: JsonObject) -> ToolCall:
    return ToolCall(
        agent="analyst",
        session="s",
        server="logistics",
        launch_hash="l",
        tool="dispatch_order",
        def_hash="d",
        params=params,
    )


def test_the_bytes_are_canonical_and_say_where_the_arguments_stand() -> None:
    made = sealed(PARAMS)
    assert made.canonical == canonical(PARAMS)
    assert made.arguments == canonical(PARAMS["arguments"])
    assert seal({"name": "x"}) == (b'{"name":"x"}', 0, 0)
    assert seal({}) == (b"{}", 0, 0)


def test_arguments_whose_bytes_are_known_are_not_encoded_again() -> None:
    known = b'{"as":"they came"}'
    encoded, start, end = seal(PARAMS, known)
    assert encoded[start:end] == known
    assert encoded == canonical({**PARAMS, "arguments": json.loads(known)})
    made = SealedParams(PARAMS, encoded, start, end)
    assert made.masked == b""
    assert made.without("name").arguments == known
    assert call_of(made).canonical_arguments() == known
    plain = call_of({**PARAMS, "arguments": json.loads(known)})
    assert call_of(made).digest() == plain.digest()


@pytest.mark.parametrize("member", ["_meta", "requestState", "\U0001f600", "not there"])
def test_without_a_member_the_rest_is_sealed_as_it_was(member: str) -> None:
    made = sealed(PARAMS)
    made.masked = b"masked"
    left = made.without(member)
    rest = {key: value for key, value in PARAMS.items() if key != member}
    assert left == rest
    assert left.canonical == canonical(rest)
    assert left.arguments == made.arguments
    assert left.masked == b"masked"
    assert call_of(left).digest() == call_of(rest).digest()


def test_a_sealed_call_is_digested_from_its_own_bytes_whatever_is_handed_over() -> None:
    large = call_of(sealed(PARAMS))
    assert large.digest(b"{}") == call_of(PARAMS).digest()
    assert large.canonical_arguments() == canonical(PARAMS["arguments"])


def test_another_request_is_never_taken_for_sealed_arguments() -> None:
    params: JsonObject = {"arguments": {"a": 1}, "name": "greet"}
    plain, large = (
        ToolCall(
            agent="analyst",
            session="s",
            server="logistics",
            launch_hash="l",
            tool="greet",
            def_hash="",
            params=one,
            method="prompts/get",
        )
        for one in (params, sealed(params))
    )
    assert large.sealed is None
    assert large.canonical_arguments() == canonical(params)
    assert large.digest() == plain.digest()
