"""Owns what a worker makes of one large answer, and the bytes in which it hands it back.

Numbers in machine order: both ends are the same program on the same machine.
"""

import codecs
import json
from collections.abc import Callable, Sequence

from keyturn.application.ports.inspection import (
    DrawnResult,
    InspectedResult,
    ResultInspector,
)
from keyturn.application.ports.payloads import InspectedAnswer
from keyturn.domain.answer import error_as_result
from keyturn.domain.canonical import JsonValue

_DECODED_AT_ONCE = 256 * 1024
"""Bytes, so that no other thread waits long for the interpreter."""
_NOTHING = DrawnResult(text="")


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
    # Only a worker needs it, and the broker reads this module when it starts.
    from keyturn.inspection.drawing import DRAWN_ELSEWHERE, draw

    inspected = inspector.inspect(raw)
    drawn, cut, asking = _NOTHING, b"", False
    withheld = inspected.withheld
    if not withheld and not (failed and inspected.changed):
        said = error_as_result(inspected.result) if failed else inspected.result
        drawn = draw(said, key, most=DRAWN_ELSEWHERE)
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
        drawn.partly,
    ]
    return [
        json.dumps(head).encode(),
        drawn.text.encode(),
        drawn.rendering.encode(),
        drawn.postings,
        drawn.prints,
        drawn.entries,
        cut,
    ]


def answer_of(parts: Sequence[bytes]) -> InspectedAnswer:
    """Read what a worker made of an answer; raises ValueError for what is none."""
    head, text, rendering, postings, prints, entries, cut = parts
    size, hidden, changed, is_error, withheld, asks, partly = json.loads(head)
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
            rendering=_decoded(rendering),
            postings=postings,
            prints=prints,
            entries=entries,
            partly=partly,
        ),
        cut=cut,
        asks=asks,
    )


def _decoded(text: bytes) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    starts = range(0, len(text), _DECODED_AT_ONCE)
    decoded = [decoder.decode(text[start : start + _DECODED_AT_ONCE]) for start in starts]
    return "".join(decoded) + decoder.decode(b"", final=True)
