"""A frame that a worker reads is understood as one that the broker reads."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.controlling import framed
from keyturn.application.ports.inspection import InspectedResult, ResultSource
from keyturn.bootstrap.inspecting import do_job
from keyturn.broker.envelope import ServerFrame, read_server
from keyturn.broker.large_frames import PARTS, frame_of, outline_of
from keyturn.domain.answer import asking, asking_in, error_as_result
from keyturn.inspection.answers import answer_of
from keyturn.inspection.results import BoundedResultInspector
from keyturn.inspection.trace_indexes import MemoryTraceIndexes
from tests.property.test_wire_oracles import frames, mutants

TEXTS = st.text(max_size=30) | st.sampled_from(
    ["R. Talbot", "14 Quarry Road\nHangar 9", "a\u200bb", "\ud800", "inputRequests", "a,b,c;d"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
BLOCKS = st.lists(
    st.fixed_dictionaries({"type": st.just("text"), "text": TEXTS | st.text(min_size=300)}),
    max_size=4,
)
RESULTS = st.fixed_dictionaries(
    {"content": BLOCKS},
    optional={
        "structuredContent": VALUES,
        "isError": st.booleans(),
        "resultType": st.sampled_from(["complete", "input_required"]),
        "inputRequests": VALUES,
    },
)
ERRORS = st.fixed_dictionaries({"code": st.integers(-99, 99), "message": TEXTS, "data": VALUES})


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """An answer of a server, in one of the spellings of JSON."""
    body: dict[str, Any] = {"jsonrpc": "2.0", "id": draw(st.integers() | st.text(max_size=5))}
    failed = draw(st.booleans())
    body["error" if failed else "result"] = draw(ERRORS if failed else RESULTS | VALUES)
    text = json.dumps(body, ensure_ascii=draw(st.booleans()))
    space = draw(st.sampled_from([b"\n", b"\r\n", b" \n"]))
    return text.encode("utf-8", "replace") + space


def same(one: ServerFrame | None, other: ServerFrame | None) -> bool:
    """Compare what counts: of what is ambiguous nothing is taken."""
    if one is not None and other is not None and one.ambiguous:
        return _facts(one) == _facts(other)
    return one == other


def _facts(frame: ServerFrame) -> tuple[object, ...]:
    return frame.line, frame.method, frame.id, frame.asks, frame.without_id, frame.ambiguous


@pytest.mark.requirement("POOL-SAME")
@given(line=frames() | mutants("server") | answers())
def test_a_frame_is_the_same(line: bytes) -> None:
    frame = read_server(line)
    assert same(frame, frame_of(line, outline_of(frame, line)))


@pytest.mark.requirement("POOL-SAME")
@given(line=answers(), limit=st.sampled_from([400, 1_000, 8 << 20]))
def test_an_answer_is_inspected_the_same(line: bytes, limit: int) -> None:
    indexes = MemoryTraceIndexes()
    job = msgspec.json.encode({"type": "server", "result_bytes": limit, "key": indexes.key.hex()})
    parts = do_job(job, line)
    frame = read_server(line)
    assert frame is not None
    raw = frame.result or frame.error
    assert frame.ambiguous or raw is not None
    if frame.ambiguous or raw is None:
        assert len(parts) == PARTS
        return
    failed = frame.result is None
    there = answer_of(parts[PARTS:])
    here = BoundedResultInspector(limit).inspect(bytes(raw))
    if there.result.withheld == "it cannot be written as JSON":
        with pytest.raises((msgspec.MsgspecError, ValueError, OverflowError)):
            msgspec.json.encode(here.result)
        return
    assert _without_value(there.result) == _without_value(here)
    if here.withheld or (failed and here.changed):
        return
    if here.changed:
        assert there.cut == framed(msgspec.json.encode(here.result))
        assert there.asks == (asking(here.result) is not None)
    else:
        assert there.asks == (not failed and asking_in(frame.line) is not None)
    source = ResultSource(number=1, server="s", tool="t", untrusted=True)
    one, other = indexes.new_index(), indexes.new_index()
    one.add(source, error_as_result(here.result) if failed else here.result)
    other.keep(source, there.drawn)
    while one.go_on():
        pass
    for wanted in ("R. Talbot", "Hangar 9", "14 Quarry Road", "complete", "c;d"):
        assert one.trace({"a": wanted}) == other.trace({"a": wanted})


def _without_value(inspected: InspectedResult) -> tuple[object, ...]:
    return (
        inspected.changed,
        inspected.is_error,
        inspected.hidden_characters,
        inspected.size,
        inspected.withheld,
    )
