"""Owns how a large frame of a client is read elsewhere: what comes back of it, in which bytes."""

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol

import msgspec
from msgspec import Raw

from keyturn.application.fitness import BESIDE_BYTES
from keyturn.broker.envelope import BadFrame, ClientFrame, read_client, strict_params
from keyturn.broker.members import NOTHING, place_of
from keyturn.broker.routes import Route, route_of
from keyturn.domain.call import without_own_meta
from keyturn.domain.canonical import JsonObject, Malformed, canonical
from keyturn.domain.client_request import TOOLS_CALL
from keyturn.domain.sealed import SealedParams, seal

PARTS = 3
LONGEST_PARAMS = 256 * 1024
"""Of what is judged and no tool's call: it is recorded and shown without a worker's help."""


class ReadClient(msgspec.Struct, frozen=True):
    """A frame of a client as it was read."""

    frame: ClientFrame | BadFrame
    params: JsonObject | Malformed | None = None
    """Of what is judged, where they were read already."""


class LargeCalls(Protocol):
    """Reads large frames of clients without holding up the loop."""

    async def read(self, line: bytes, agent: str) -> ReadClient:
        """Read one of an agent; never fails. Params that nobody could read are malformed."""
        ...


def read_here(line: bytes) -> ReadClient:
    """Read a frame where it comes in; its params only once somebody wants to know."""
    return ReadClient(read_client(line))


def reading_for(
    large: LargeCalls | None, agent: str
) -> Callable[[bytes], Awaitable[ReadClient]] | None:
    """Return how large frames of one agent are read elsewhere, where there is such a place."""
    return partial(large.read, agent=agent) if large is not None else None


def is_judged(frame: ClientFrame | BadFrame) -> bool:
    """Tell whether the gate has to see it."""
    return isinstance(frame, ClientFrame) and route_of(frame.method, frame.line) is Route.JUDGED


def outline_of(line: bytes, *, judged: bool) -> list[bytes]:
    """Read a line and write down what was found, in `PARTS` parts; params only if `judged`."""
    frame = read_client(line)
    if isinstance(frame, BadFrame):
        return [_json(["", frame.code, frame.reason, frame.id]), b"", b""]
    value = bytes(frame.params)
    # Wherever the same bytes stand: what lies in between is all that counts.
    at = place_of(value, line)
    fault, encoded, start, end = "", b"", 0, 0
    if judged and is_judged(frame):
        params = strict_params(frame)
        if isinstance(params, Malformed):
            fault = params.reason
        elif not _has_arguments(frame.method, params) and len(value) > (
            longest := BESIDE_BYTES if frame.method == TOOLS_CALL else LONGEST_PARAMS
        ):
            fault = f"the params are over {longest} bytes"
        else:
            encoded, start, end = _sealed(frame.method, without_own_meta(params))
    head = [frame.method, frame.id, frame.answers, at, at + len(value), fault, start, end]
    return [_json(["frame", *head]), value if at < 0 else b"", encoded]


def read_of(line: bytes, parts: Sequence[bytes]) -> ReadClient:
    """Read an outline; raises ValueError or TypeError for what is none."""
    head, value, encoded = parts
    kind, *about = json.loads(head)
    if not kind:
        code, reason, bad_id = about
        return ReadClient(BadFrame(code=code, reason=reason, id=bad_id))
    method, request_id, answers, at, to, fault, start, end = about
    raw = Raw(value) if at < 0 else Raw(memoryview(line)[at:to])
    frame = ClientFrame(line, method, request_id, raw if at < to else NOTHING, answers)
    if fault:
        return ReadClient(frame, Malformed(fault))
    if not encoded:
        return ReadClient(frame)
    values: JsonObject = msgspec.json.decode(encoded)
    if not end:
        return ReadClient(frame, values)
    sealed = SealedParams(values, encoded, start, end)
    # In the thread that reads: of 7 MB it is a copy of 3 ms.
    sealed.cut_out()
    return ReadClient(frame, sealed)


def _has_arguments(method: str, params: JsonObject) -> bool:
    return method == TOOLS_CALL and isinstance(params.get("arguments"), dict)


def _sealed(method: str, params: JsonObject) -> tuple[bytes, int, int]:
    """Only a tool's arguments are cut out of the params; other requests are small things to do."""
    if not _has_arguments(method, params):
        return canonical(params), 0, 0
    return seal(params)


def _json(value: list[object]) -> bytes:
    return json.dumps(value).encode()
