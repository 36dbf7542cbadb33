"""What a result says of what was done to it, and that nobody else says it in Keyturn's name."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.ports.inspection import ControlOrder
from keyturn.domain.result_controls import STRICTEST, ResultControls
from keyturn.inspection.controlling import FrameControl
from keyturn.inspection.result_meta import CONTROLS_KEY, with_controls
from keyturn.inspection.schema import JsonSchemaValidator

pytestmark = pytest.mark.requirement("RESULT-META")
CONTROL = FrameControl(JsonSchemaValidator())
UNSEEN = "a\u200bb"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def frame(result: Any) -> bytes:
    """Write an answer."""
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode() + b"\n"


def controlled(result: Any, order: ControlOrder | None = None) -> Any:
    """Return a result as its agent gets it."""
    found = CONTROL.control(frame(result), order or ControlOrder(controls=STRICTEST))
    assert found is not None
    return json.loads(found.line)["result"]


def test_it_counts_what_was_taken_out() -> None:
    blocks = [{"type": "text", "text": f"{UNSEEN} password: 9hG2kq8LwZ {UNSEEN}"}]
    assert controlled({"content": blocks})["_meta"] == {CONTROLS_KEY: {"masked": 1, "removed": 2}}


def test_where_nothing_was_nothing_is_said_and_the_bytes_are_the_same() -> None:
    line = b'{"id":1, "result":{"content" :[],"_meta":{"a":1.0}}}\n'
    found = CONTROL.control(line, ControlOrder(controls=STRICTEST))
    assert found is not None
    assert found.line is line


def test_a_cut_says_so_within_the_limit() -> None:
    order = ControlOrder(controls=STRICTEST, most_bytes=900)
    result = controlled({"content": [{"type": "text", "text": f"{UNSEEN} word" * 200}]}, order)
    assert result["_meta"] == {CONTROLS_KEY: {"removed": 200, "cut": True}}
    assert len(json.dumps(result, ensure_ascii=False)) <= 900


@given(st.dictionaries(st.text(max_size=6), JSON, max_size=4), JSON, JSON)
def test_no_server_says_it_in_keyturns_name(others: dict[str, Any], claim: Any, rest: Any) -> None:
    others = {name: value for name, value in others.items() if not name.startswith("app.keyturn/")}
    meta = {**others, CONTROLS_KEY: claim, "app.keyturn/receipt": claim}
    order = ControlOrder(controls=ResultControls(secrets=False, unseen=False, links=False))
    found = CONTROL.control(frame({"_meta": meta, "rest": rest}), order)
    assert found is not None
    assert json.loads(found.line)["result"] == {"_meta": others, "rest": rest}


@pytest.mark.parametrize(
    "line",
    [
        rb'{"result":{"_meta":{"app.keyturn/controls":{"masked":0}}}}',
        rb'{"result":{"_m\u0065ta":{"app.keyturn\/controls":1}}}',
        rb'{"result":{"_meta":{"\u0061pp.keyturn/x":1 , "app.keyturn/y" : [ {} ]}}}',
        rb'{"result":{"_meta":{"app.keyturn/x":1},"_meta":{"app.keyturn/y":2}}}',
    ],
)
def test_however_it_is_written(line: bytes) -> None:
    assert json.loads(with_controls(line, {}))["result"]["_meta"] == {}
    told = json.loads(with_controls(line, {"masked": 2}))["result"]["_meta"]
    assert told == {CONTROLS_KEY: {"masked": 2}}


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":1,"error":{"code":-1,"message":"app.keyturn/"}}\n',
        b'{"method":"x","params":{"_meta":{"app.keyturn/x":1}}}\n',
        b'{"result":[1,"app.keyturn/"]}\n',
        b'{"result":{"_meta":"app.keyturn/"',
        b"app.keyturn/ no JSON {",
    ],
)
def test_what_is_no_result_stays(line: bytes) -> None:
    assert with_controls(line, {}) is line


@given(st.dictionaries(st.text(max_size=6), JSON, max_size=4))
def test_every_other_member_stays(result: dict[str, Any]) -> None:
    result.pop("_meta", None)
    told = json.loads(with_controls(frame(result), {"masked": 1}))["result"]
    assert told.pop("_meta") == {CONTROLS_KEY: {"masked": 1}}
    assert told == result
