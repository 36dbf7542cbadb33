"""Owns what a worker makes of one large answer, and the bytes in which it hands it back.

Numbers in machine order: both ends are the same program on the same machine.
"""

import codecs
import json
from array import array
from collections.abc import Callable, Sequence

from keyturn.application.ports.inspection import (
    DrawnResult,
    InspectedResult,
    Place,
    ResultInspector,
)
from keyturn.application.ports.payloads import InspectedAnswer
from keyturn.domain.answer import error_as_result
from keyturn.domain.canonical import JsonValue
from keyturn.inspection.drawing import draw
from keyturn.inspection.json_places import read_in_steps
from keyturn.inspection.trace_store import keyed_hash

_PER_VALUE = 4
_DECODED_AT_ONCE = 256 * 1024
"""Bytes, so that no other thread waits long for the interpreter."""
_NOTHING = DrawnResult(text="")
_dumped = json.JSONEncoder(separators=(",", ":")).encode


def inspect_answer(
    raw: bytes,
    *,
    failed: bool,
    asks: Callable[[JsonValue, bool], bool],
    inspector: ResultInspector,
    key: bytes,
    encode: Callable[[JsonValue], bytes],
) -> list[bytes]:
    """Inspect the `result` or `error` member of an answer; `asks` is told the result, and a cut.

    `encode` writes a result that was cut, and returns nothing for one that cannot be written.
    """
    inspected = inspector.inspect(raw)
    drawn, cut, asking = _NOTHING, b"", False
    withheld = inspected.withheld
    if not withheld and not (failed and inspected.changed):
        said = error_as_result(inspected.result) if failed else inspected.result
        drawn = draw(said, lambda folded: keyed_hash(folded, key))
        asking = not failed and asks(inspected.result, inspected.changed)
        if inspected.changed:
            cut = encode(inspected.result)
            withheld = "" if cut else "it cannot be written as JSON"
    head = [
        inspected.size,
        inspected.hidden_characters,
        inspected.changed,
        inspected.is_error,
        withheld,
        asking,
        drawn.partly_hashed,
    ]
    structure = b"" if drawn.structure is None else _dumped(drawn.structure).encode()
    numbers = (number for hashed, place in drawn.values for number in (hashed, *place))
    return [
        json.dumps(head).encode(),
        drawn.text.encode(),
        array("Q", numbers).tobytes(),
        structure,
        cut,
    ]


def answer_of(parts: Sequence[bytes]) -> InspectedAnswer:
    """Read what a worker made of an answer; raises ValueError for what is none."""
    head, text, numbers, structure, cut = parts
    size, hidden, changed, is_error, withheld, asks, partly_hashed = json.loads(head)
    flat = array("Q")
    flat.frombytes(numbers)
    places = map(Place, flat[1::_PER_VALUE], flat[2::_PER_VALUE], flat[3::_PER_VALUE])
    return InspectedAnswer(
        result=InspectedResult(
            result=None,
            changed=changed,
            is_error=is_error,
            hidden_characters=hidden,
            size=size,
            withheld=withheld,
        ),
        drawn=DrawnResult(
            text=_decoded(text),
            values=tuple(zip(flat[0::_PER_VALUE], places, strict=True)),
            structure=read_in_steps(structure.decode()) if structure else None,
            partly_hashed=partly_hashed,
        ),
        cut=cut,
        asks=asks,
    )


def _decoded(text: bytes) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    starts = range(0, len(text), _DECODED_AT_ONCE)
    decoded = [decoder.decode(text[start : start + _DECODED_AT_ONCE]) for start in starts]
    return "".join(decoded) + decoder.decode(b"", final=True)
