"""What crosses the pipe to the window is read back as it was; anything else is nothing, so no."""

import json
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyturn.application.approval_request import RequestKind
from keyturn.application.console_protocol import (
    Decide,
    FromWindow,
    PutCredential,
    RequestShown,
    StateChanged,
    ToWindow,
    decode_from_window,
    decode_to_window,
    encode_line,
)
from tests.factories import make_request
from tests.fakes.approval_requests import a_call

TO_WINDOW = list(get_args(ToWindow))
FROM_WINDOW = list(get_args(FromWindow))
SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    # Half of a surrogate pair has no UTF-8; what is read strictly never holds one.
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    int: st.integers(-(2**53) + 1, 2**53 - 1),
    bool: st.booleans(),
    type(None): st.none(),
}


@cache
def any_of(kind: Any) -> st.SearchStrategy[Any]:
    """Make any value of a type as the protocol's messages use types.

    Made once for a type: reading the hints of one takes longer than drawing a value.
    """
    if kind in SIMPLE:
        return SIMPLE[kind]
    if is_enum(kind):
        return st.sampled_from(kind)
    inner = get_args(kind)
    origin = get_origin(kind)
    if origin is tuple and inner[-1] is Ellipsis:
        return st.lists(any_of(inner[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(any_of, inner))
    if origin is dict:
        return st.dictionaries(any_of(inner[0]), any_of(inner[1]), max_size=2)
    if inner:
        return st.one_of(*map(any_of, inner))
    return st.builds(kind, **{name: any_of(of) for name, of in get_type_hints(kind).items()})


def is_enum(kind: Any) -> bool:
    """Tell whether a type is a closed set."""
    return isinstance(kind, type) and issubclass(kind, Enum)


@pytest.mark.parametrize("kind", TO_WINDOW, ids=lambda kind: kind.__name__)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_the_broker_says_is_read_back(kind: Any, data: st.DataObject) -> None:
    message = data.draw(any_of(kind))
    line = encode_line(message)
    assert line.count(b"\n") == 1
    assert decode_to_window(line) == message


@pytest.mark.parametrize("kind", FROM_WINDOW, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_what_the_window_says_is_read_back(kind: Any, data: st.DataObject) -> None:
    message = data.draw(any_of(kind))
    line = encode_line(message)
    assert line.count(b"\n") == 1
    assert decode_from_window(line) == message


def test_a_real_request_survives_whole() -> None:
    message = RequestShown(request=a_call(), remaining_ms=41_000)
    assert decode_to_window(encode_line(message)) == message
    review = RequestShown(request=make_request(kind=RequestKind.CHANGE), remaining_ms=None)
    assert decode_to_window(encode_line(review)) == review


def test_every_message_has_its_own_tag() -> None:
    tags = [kind.__struct_config__.tag for kind in (*TO_WINDOW, *FROM_WINDOW)]
    assert len(tags) == len(set(tags))


@given(st.binary(max_size=40))
def test_noise_is_nothing(line: bytes) -> None:
    assert decode_to_window(line) is None
    assert decode_from_window(line) is None


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null\n",
        b"[]\n",
        b"{}\n",
        b'{"type":"allow_all"}\n',
        b'{"type":"pong"}\n',
        b'{"type":"pong","n":"1"}\n',
        b'{"type":"decide","n":1,"id":"call-1","digest":"0","allow":"yes"}\n',
        b'{"type":"decide","n":1,"id":"call-1","digest":"0","allow":1}\n',
        b'{"type":"decide","n":1,"id":"call-1","allow":true}\n',
        b'{"type":"quit","n":1}{"type":"quit","n":2}\n',
        b'{"type":"stop","n":1,"trigger":"\xff"}\n',
        b'{"type":"pong","n":1,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    ],
)
def test_what_is_no_message_is_nothing(line: bytes) -> None:
    assert decode_from_window(line) is None


# Each is all that a window shows, so that drawing two takes long on a busy machine.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(before=any_of(StateChanged), later=any_of(StateChanged))
def test_of_two_states_each_part_is_what_was_said_last(
    before: StateChanged, later: StateChanged
) -> None:
    both = before.followed_by(later)
    for name in StateChanged.__struct_fields__:
        said = getattr(later, name)
        expected = getattr(before, name) if said is None else said
        if name == "hits" and later.rules is not None:
            expected = later.hits
        assert getattr(both, name) == expected


def test_messages_go_one_way() -> None:
    decide = encode_line(Decide(n=1, id="call-1", digest="0" * 64, allow=True))
    assert decode_to_window(decide) is None
    shown = encode_line(RequestShown(request=make_request(), remaining_ms=1))
    assert decode_from_window(shown) is None


@pytest.mark.requirement("LAW-8")
def test_a_credential_is_not_in_its_own_repr() -> None:
    message = PutCredential(n=1, server="shipments", name="ship", value="s3cret-value")
    for text in (repr(message), str(message), f"{message!r}", str([message])):
        assert "s3cret" not in text
        assert "shipments" in text
    assert json.loads(encode_line(message))["value"] == "s3cret-value"
