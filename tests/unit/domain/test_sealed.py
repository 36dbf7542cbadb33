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


@pytest.mark.parametrize("left", [(), ("_meta",), ("_meta", "name", "requestState")])
def test_what_stands_beside_the_arguments_is_measured_without_encoding(
    left: tuple[str, ...],
) -> None:
    params: JsonObject = {name: value for name, value in PARAMS.items() if name not in left}
    beside: JsonObject = {name: value for name, value in params.items() if name != "arguments"}
    assert sealed(params).beside_bytes == len(canonical(beside))
    assert sealed({"arguments": {"a": 1}}).beside_bytes == len(b"{}")
    assert sealed(beside).beside_bytes == len(canonical(beside))


def test_the_call_that_a_large_one_repeats_has_one_digest_however_it_is_found() -> None:
    again: JsonObject = {**PARAMS, "inputResponses": {"a": 1}}
    first = {name: value for name, value in PARAMS.items() if name != "requestState"}
    large, plain = call_of(sealed(again)), call_of(again)
    assert large.digest_of_first() == plain.digest_of_first() == call_of(first).digest()
    assert large.hash_large() == plain.digest()
    assert large.digest_of_first() == plain.digest_of_first()
    alone = call_of(sealed(first))
    assert alone.hash_large() == alone.digest_of_first() == plain.digest_of_first()


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


@pytest.mark.parametrize("filler", ["x", "é", "“", "\U0001f511", "x\U0001f511é"])
def test_the_text_of_arguments_is_theirs_wherever_it_is_cut(filler: str) -> None:
    params: JsonObject = {"name": "t", "arguments": {"a": filler * 300_000}}
    sealed = SealedParams(params, *seal(params))
    assert sealed.text == canonical(params["arguments"]).decode()
    assert sealed.text is sealed.text
    assert sealed.arguments is sealed.arguments
