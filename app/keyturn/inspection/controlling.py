"""Owns how one frame of a server is held against what is wanted of it: schema, texts, size.

In this order: what breaks its own schema is withheld as it came; then it is cleaned; and only then
cut, so that no half of a secret is left at the end.
"""

import json

from keyturn.application.ports.inspection import Controlled, ControlOrder, SchemaValidator
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.result_controls import done_to
from keyturn.domain.result_shape import Shape, shape_of_result
from keyturn.inspection.cleaning import FrameCleaner, TextMask
from keyturn.inspection.effort import IN_A_WORKER, ON_THE_LOOP, Effort
from keyturn.inspection.profiles.dispatch import ToolFacts
from keyturn.inspection.result_meta import note_cut, with_controls
from keyturn.inspection.results import cut_result, text_of_block
from keyturn.inspection.secrets import MOST_ON_THE_LOOP, DetectSecretsMask, cuts_in
from keyturn.inspection.sign_frames import FrameSigns

NO_STRUCTURE = "it has no structured content, which its tool says it has"
NOT_FITTING = "it does not fit the output schema of its tool"
TOO_MUCH = "it holds more that may be secret than was looked at"
TOO_LARGE = "it is larger than the limit and its size is not in its text"
_OUT = ":out"
"""Set after a definition's hash: its other schema is kept under the hash itself."""
_STRUCTURED = "structuredContent"
_ASIDE = frozenset({"resultType", "task", "inputRequests", "requestState"})
"""Members of results that bring no content yet: they ask for input, or promise a task."""


class FrameControl:
    """`ResultControl` over frames of JSON."""

    def __init__(
        self,
        validator: SchemaValidator,
        effort: Effort = ON_THE_LOOP,
        mask_as: TextMask | None = None,
        signs: FrameSigns | None = None,
    ) -> None:
        """Give up on what takes more than `effort`.

        `mask_as` reads texts by their profile; without `signs` nothing is read for them.
        """
        self._validator = validator
        self._signs = signs
        self._cleaner = FrameCleaner(effort, mask_as)
        self._mask = DetectSecretsMask(effort.candidates)
        self._gives_up = effort is not IN_A_WORKER

    def control(
        self, line: bytes, order: ControlOrder, result: JsonValue = None
    ) -> Controlled | None:
        """Return the frame as its agent gets it; None for what takes too long here."""
        broken = self._broken(line, order, result)
        if broken:
            return Controlled(line=line, withheld=broken, broke_schema=True)
        shape = _shape(line, order, result)
        facts = ToolFacts(tool=order.tool, path=order.path)
        cleaned = self._cleaner.clean(line, order.controls, order.only, facts)
        if cleaned is None:
            return None if self._gives_up else Controlled(line=line, withheld=TOO_MUCH)
        told = with_controls(cleaned.line, done_to(cleaned.findings))
        changed = cleaned.line is not line
        unfit = changed and bool(self._broken(cleaned.line, order, None))
        found = Controlled(
            line=told,
            findings=cleaned.findings,
            secrets=cleaned.secrets,
            shape=shape,
            unfit_masked=unfit,
        )
        return self._signed(self._cut(found, order), order)

    def _signed(self, found: Controlled, order: ControlOrder) -> Controlled:
        """Add what reads like an order in what is handed on."""
        if self._signs is None or not order.signs or found.withheld:
            return found
        sign = self._signs.sign_in(found.line, here=self._gives_up)
        return found if sign is None else found.signed(sign)

    def _broken(self, line: bytes, order: ControlOrder, result: JsonValue) -> str:
        """Say in what a result breaks the schema of its tool; empty where it fits."""
        if order.schema is None:
            return ""
        said = _result_of(line) if result is None else result
        if not isinstance(said, dict) or said.get("isError") is True or _is_aside(said):
            return ""
        if _STRUCTURED not in said:
            return NO_STRUCTURE
        faults = self._validator.faults(order.def_hash + _OUT, order.schema, said[_STRUCTURED])
        return NOT_FITTING if faults else ""

    def _cut(self, found: Controlled, order: ControlOrder) -> Controlled:
        """Shorten a result to what may be handed on; one that cannot be is withheld."""
        most, line = order.most_bytes, found.line
        result = _result_of(line) if most and len(line) > most else None
        if result is None:
            return found
        shorter = cut_result(note_cut(result), most)
        if shorter is None:
            return _but(found, found.line, withheld=TOO_LARGE)
        whole = text_in(result)
        if not order.controls.secrets:
            # The agent may have it; what is written down never holds it.
            whole = self._mask.mask(whole)
        return _but(
            found, _with_result(line, shorter), cut=True, whole=whole.encode("utf-8", "replace")
        )


def _but(
    found: Controlled, line: bytes, *, withheld: str = "", cut: bool = False, whole: bytes = b""
) -> Controlled:
    return Controlled(
        line=line,
        findings=found.findings,
        secrets=found.secrets,
        withheld=withheld,
        cut=cut,
        whole=whole,
        shape=found.shape,
        unfit_masked=found.unfit_masked,
    )


def text_in(result: JsonObject) -> str:
    """Return all the text of a result, block after block."""
    content = result.get("content")
    blocks = content if isinstance(content, list) else []
    return "\n".join(text for block in blocks if (text := text_of_block(block)) is not None)


def _shape(line: bytes, order: ControlOrder, result: JsonValue) -> Shape:
    if not order.shape:
        return ()
    said = _result_of(line) if result is None else result
    if not isinstance(said, dict) or said.get("isError") is True or _is_aside(said):
        return ()
    shape = shape_of_result(said)
    # It is kept on disk: where the name of a member is a secret there is none.
    return (
        shape
        if cuts_in("\n".join(shape).encode("utf-8", "replace"), MOST_ON_THE_LOOP) == []
        else ()
    )


def _is_aside(result: JsonObject) -> bool:
    kind = result.get("resultType")
    if kind is not None and kind != "complete":
        return True
    return any(name in result for name in _ASIDE - {"resultType"})


def _result_of(line: bytes) -> JsonObject | None:
    try:
        frame: JsonValue = json.loads(line)
    except (ValueError, RecursionError):
        return None
    result = frame.get("result") if isinstance(frame, dict) else None
    return result if isinstance(result, dict) else None


def _with_result(line: bytes, result: JsonObject) -> bytes:
    frame = json.loads(line)
    frame["result"] = result
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
