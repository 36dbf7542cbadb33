"""What is made of a whole frame: schema first, then its texts, its shape, and at last its size."""

import json
import random
from typing import Any

import pytest

from keyturn.application.ports.inspection import ControlOrder
from keyturn.domain.canonical import JsonObject
from keyturn.domain.result_controls import ResultControls
from keyturn.inspection.controlling import TOO_LARGE, TOO_MUCH, FrameControl
from keyturn.inspection.effort import IN_A_WORKER
from keyturn.inspection.schema import JsonSchemaValidator
from tests.canaries import an_aws_key

KEY = an_aws_key(random.Random())
CONTROL = FrameControl(JsonSchemaValidator())
WORKER = FrameControl(JsonSchemaValidator(), IN_A_WORKER)


def frame(result: Any) -> bytes:
    """Write a frame."""
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode() + b"\n"


@pytest.mark.requirement("RESULT-SHAPE", "LAW-8")
def test_a_shape_whose_names_hold_a_secret_is_none() -> None:
    """It would be written down."""
    order = ControlOrder(controls=ResultControls(secrets=False), shape=True)
    for names, known in (("a", True), (KEY, False)):
        found = CONTROL.control(frame({"structuredContent": {names: 1}}), order)
        assert found is not None
        assert bool(found.shape) is known


@pytest.mark.requirement("RESULT-SCHEMA")
def test_a_schema_that_cannot_be_used_holds_back() -> None:
    schema: JsonObject = {"$ref": "https://elsewhere.example/schema"}
    order = ControlOrder(controls=ResultControls(), def_hash="1", schema=schema)
    found = CONTROL.control(frame({"structuredContent": {}}), order)
    assert found is not None
    assert found.broke_schema


@pytest.mark.parametrize(
    "aside",
    [
        {"resultType": "input_required", "inputRequests": {}},
        {"requestState": "x"},
        {"task": {"taskId": "1"}},
    ],
)
def test_what_brings_no_content_yet_is_held_to_no_schema(aside: dict[str, Any]) -> None:
    order = ControlOrder(controls=ResultControls(), def_hash="1", schema={"type": "object"})
    found = CONTROL.control(frame(aside), order)
    assert found is not None
    assert not found.withheld


@pytest.mark.requirement("RESULT-LIMIT")
def test_what_cannot_be_cut_is_held_back() -> None:
    order = ControlOrder(controls=ResultControls(), most_bytes=100)
    found = CONTROL.control(frame({"structuredContent": {"a": "x" * 200}}), order)
    assert found is not None
    assert found.withheld == TOO_LARGE


def test_a_worker_holds_back_what_is_too_much_for_it_too() -> None:
    line = frame({"content": [{"type": "text", "text": "pwd=abcd1234 " * 200_000}]})
    found = WORKER.control(line, ControlOrder(controls=ResultControls()))
    assert found is not None
    assert found.withheld == TOO_MUCH
