"""No canary passes in a frame of a server, wherever and however it is written there."""

import base64
import json
import random
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.result_controls import STRICTEST, Found
from keyturn.inspection.cleaning import FrameCleaner
from keyturn.inspection.effort import IN_A_WORKER
from tests.canaries import a_github_token, a_web_token, an_aws_key

CANARY = "\x00canary\x00"
"""Stands in generated values where the secret goes."""
CLEANER = FrameCleaner(IN_A_WORKER)
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_PLAIN = st.text(st.sampled_from("abc XYZ019.,:;=_-/\\\"'\n\t{}[]<>é\u200bש👍\x1b[m"), max_size=20)
_AROUND = st.tuples(
    st.sampled_from(("", " ", "\n", "key: ", '"', "(", "é ", "\x1b[1m", "a\n\u200b")),
    st.sampled_from(("", " ", "\n", '"', ")", ", ok", "\x1b[0m ", "\u200b\n")),
).map(lambda pair: f"{pair[0]}{CANARY}{pair[1]}")
_TEXT = st.one_of(_PLAIN, _AROUND)
_LEAF = st.one_of(_TEXT, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False))
_VALUE = st.recursive(
    _LEAF,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_TEXT, inner, max_size=4)),
    max_leaves=12,
)
Make = Callable[[random.Random], str]


def _a_text(said: str) -> JsonObject:
    return {"result": {"content": [{"type": "text", "text": said}]}}


def _a_structure(said: JsonValue) -> JsonObject:
    return {"result": {"structuredContent": said}}


def _an_error(said: JsonValue) -> JsonObject:
    return {"error": {"code": -1, "message": "no", "data": said}}


def _a_notice(said: JsonValue) -> JsonObject:
    return {"method": "notifications/message", "params": {"data": said}}


def _a_resource(said: str) -> JsonObject:
    return {"result": {"contents": [{"blob": {"base64": said}}]}}


def _beside(said: JsonValue) -> JsonObject:
    return {"result": {}, "beside": said}


_FRAMES = st.one_of(
    st.builds(_a_text, _TEXT),
    st.builds(_a_structure, _VALUE),
    st.builds(_an_error, _VALUE),
    st.builds(_a_notice, _VALUE),
    st.builds(_a_resource, _TEXT),
    st.builds(_beside, _VALUE),
)


def _filled(value: JsonValue, secret: str) -> JsonValue:
    """Put the secret in, and write what is to be in base64."""
    match value:
        case {"base64": str(said)}:
            return base64.b64encode(said.replace(CANARY, secret).encode()).decode()
        case dict():
            return {
                key.replace(CANARY, secret): _filled(item, secret) for key, item in value.items()
            }
        case list():
            return [_filled(item, secret) for item in value]
        case str():
            return value.replace(CANARY, secret)
        case _:
            return value


def _texts(value: JsonValue) -> Iterator[str]:
    match value:
        case dict():
            for key, item in value.items():
                yield key
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
        case str():
            yield value
            try:
                yield base64.b64decode(value, validate=True).decode()
            except ValueError:
                return
        case _:
            return


@pytest.mark.requirement("RESULT-MASKED")
@given(
    said=_FRAMES,
    make=st.sampled_from((an_aws_key, a_github_token, a_web_token)),
    seed=st.integers(0, 2**32),
    ascii_only=st.booleans(),
    escaped=st.booleans(),
)
def test_no_canary_passes(
    said: JsonObject, make: Make, seed: int, ascii_only: bool, escaped: bool
) -> None:
    secret = make(random.Random(seed))
    filled = _filled(said, secret)
    assert isinstance(filled, dict)
    value = {"jsonrpc": "2.0", **filled}
    line = json.dumps(value, ensure_ascii=ascii_only).encode()
    if escaped:
        spelt = "".join(f"\\u{ord(character):04x}" for character in secret[:3])
        line = line.replace(secret[:3].encode(), spelt.encode())
    found = CLEANER.clean(line, STRICTEST)
    assert found is not None
    left: JsonValue = json.loads(found.line)
    middle = secret[4:-4]
    assert middle not in found.line.decode()
    assert not [text for text in _texts(left) if middle in text]
    assert _STRING.sub(b'""', found.line) == _STRING.sub(b'""', line)
    if CANARY in str(list(_texts(said))) or CANARY in str(said):
        assert any(finding.what is Found.SECRET for finding in found.findings)


@pytest.mark.requirement("RESULT-MASKED", "RESULT-UNSEEN")
@given(value=_VALUE)
def test_what_was_cleaned_is_clean(value: JsonValue) -> None:
    secret = an_aws_key(random.Random(1))
    line = json.dumps({"result": _filled(value, secret)}).encode()
    once = CLEANER.clean(line, STRICTEST)
    assert once is not None
    again = CLEANER.clean(once.line, STRICTEST)
    assert again is not None
    assert again.line is once.line
