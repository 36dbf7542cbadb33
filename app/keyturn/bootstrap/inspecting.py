"""What is done with large payloads in processes of their own: the worker, and the way to it."""

from collections.abc import Sequence
from functools import cache

import msgspec

from keyturn.application.controlling import framed
from keyturn.application.edit_told import edit_told
from keyturn.application.masking import masked_json
from keyturn.application.ports.inspection import Controlled, ControlOrder, SchemaFault
from keyturn.application.ports.payloads import (
    EditTelling,
    EditTold,
    NotInspected,
    Parts,
    Workers,
)
from keyturn.bootstrap.reading_commands import answer_commands
from keyturn.bootstrap.reading_signs import frame_signs
from keyturn.broker import large_calls, large_frames
from keyturn.broker.envelope import (
    BadFrame,
    ClientFrame,
    ServerFrame,
    is_cheap_to_read,
    read_client,
    read_server,
    unread_request,
    unreadable_answer,
)
from keyturn.broker.large_calls import ReadClient, is_judged, read_of
from keyturn.broker.large_frames import ReadFrame, frame_of
from keyturn.desktop.hardening import make_undumpable, set_process_name
from keyturn.desktop.worker_process import serve_jobs
from keyturn.domain.answer import asking, asking_in
from keyturn.domain.canonical import JsonObject, JsonValue, Malformed
from keyturn.domain.definition import ToolDefinition
from keyturn.domain.result_controls import ResultControls
from keyturn.domain.sealed import SealedParams
from keyturn.inspection.answers import answer_of, inspect_answer
from keyturn.inspection.controlling import FrameControl
from keyturn.inspection.effort import IN_A_WORKER
from keyturn.inspection.profiles.dispatch import masked_text
from keyturn.inspection.results import BoundedResultInspector
from keyturn.inspection.schema import JsonSchemaValidator
from keyturn.inspection.secrets import MOST_IN_A_WORKER, DetectSecretsMask


class _ServerJob(msgspec.Struct, frozen=True, tag="server"):
    """A frame of a server is read; where it is an answer it is inspected, and drawn for tracing."""

    result_bytes: int = 0
    """Largest result that is handed on whole; 0 to have none inspected."""
    key: str = ""
    """Of the trace index's hashes, in hexadecimal."""


class _ClientJob(msgspec.Struct, frozen=True, tag="client"):
    """A frame of a client is read."""

    judged: bool = False
    """Params of what is judged are read strictly, and written canonically."""


class _MaskJob(msgspec.Struct, frozen=True, tag="mask"):
    """Secrets in canonical JSON are masked."""


class _CheckJob(msgspec.Struct, frozen=True, tag="check"):
    """Canonical arguments are held against a schema."""

    def_hash: str
    schema: msgspec.Raw


class _CommandJob(msgspec.Struct, frozen=True, tag="commands"):
    """Commands among arguments are parsed."""


class _ControlJob(msgspec.Struct, frozen=True, tag="control"):
    """A frame of a server is held against what is wanted of it."""

    controls: ResultControls
    def_hash: str
    schema: msgspec.Raw
    most_bytes: int
    only: tuple[str, ...]
    shape: bool
    tool: str
    path: str
    signs: bool


class _EditJob(msgspec.Struct, frozen=True, tag="edit"):
    """An answer is made to say that a person edited its call."""

    alone: bool
    state: bool
    of_tool: bool


_Job = _ServerJob | _ClientJob | _MaskJob | _CheckJob | _CommandJob | _ControlJob | _EditJob

_jobs: "msgspec.json.Decoder[_Job]" = msgspec.json.Decoder(_Job)
_json = msgspec.json.encode
_object: "msgspec.json.Decoder[JsonObject]" = msgspec.json.Decoder()
_schema: "msgspec.json.Decoder[JsonObject | None]" = msgspec.json.Decoder()
_faults: "msgspec.json.Decoder[list[tuple[str, str]]]" = msgspec.json.Decoder(list[tuple[str, str]])
_tasks: "msgspec.json.Decoder[tuple[str, ...]]" = msgspec.json.Decoder(tuple[str, ...])
_mask = DetectSecretsMask(MOST_IN_A_WORKER)
_validator = JsonSchemaValidator()
_controlled: "msgspec.json.Decoder[Controlled]" = msgspec.json.Decoder(Controlled)


class PooledFrames:
    """Implements LargeFrames on workers."""

    def __init__(self, workers: Workers, *, key: bytes, result_bytes: int) -> None:
        """Hash what is remembered under `key`, and cut results beyond `result_bytes`."""
        self._workers = workers
        self._job = _json(_ServerJob(key=key.hex(), result_bytes=result_bytes))

    async def read(self, line: bytes, agent: str) -> ReadFrame:
        """Read one frame, also where it could not be inspected: who waits for it has to be told."""
        found = await self._read(self._job, line, agent)
        if isinstance(found, ReadFrame):
            return found
        again = await self._read(_json(_ServerJob()), line, agent)
        if isinstance(again, ReadFrame):
            return ReadFrame(again.frame, found)
        # What two workers could not read in time must not hold up the loop instead.
        cheap = is_cheap_to_read(line)
        return ReadFrame(read_server(line) if cheap else unreadable_answer(line), found)

    async def _read(self, job: bytes, line: bytes, agent: str) -> ReadFrame | NotInspected:
        def read(parts: Parts) -> ReadFrame:
            frame = frame_of(line, parts[: large_frames.PARTS])
            about = parts[large_frames.PARTS :]
            return ReadFrame(frame, answer_of(about) if about else None)

        return await self._workers.ask(job, line, read, agent)


class PooledCalls:
    """Implements LargeCalls on workers."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def read(self, line: bytes, agent: str) -> ReadClient:
        """Read one frame; of a call that nobody could read it is only known who asks."""
        found = await self._read(_ClientJob(judged=True), line, agent)
        if isinstance(found, NotInspected):
            again = await self._read(_ClientJob(), line, agent)
            if isinstance(again, ReadClient):
                return _unread(again.frame, found)
            cheap = is_cheap_to_read(line)
            return _unread(read_client(line) if cheap else unread_request(line), found)
        if isinstance(found.params, SealedParams):
            arguments = found.params.arguments
            masked = await self._workers.ask(_json(_MaskJob()), arguments, _first, agent)
            if isinstance(masked, NotInspected):
                return _unread(found.frame, masked)
            found.params.masked = masked
        return found

    async def _read(self, job: _ClientJob, line: bytes, agent: str) -> ReadClient | NotInspected:
        def read(parts: Parts) -> ReadClient:
            return read_of(line, parts)

        return await self._workers.ask(_json(job), line, read, agent)


class PooledArguments:
    """Implements LargeArguments on workers."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def faults(
        self, definition: ToolDefinition, arguments: bytes, agent: str
    ) -> list[SchemaFault] | NotInspected:
        """Return every fault of canonical arguments."""
        schema = msgspec.Raw(_json(definition.input_schema))
        job = _json(_CheckJob(def_hash=definition.def_hash, schema=schema))

        def read(parts: Parts) -> list[SchemaFault]:
            found = _faults.decode(_first(parts))
            return [SchemaFault(path=path, message=message) for path, message in found]

        return await self._workers.ask(job, arguments, read, agent)


class PooledResults:
    """Implements LargeResults on workers."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def control(
        self, line: bytes, order: ControlOrder, agent: str
    ) -> Controlled | NotInspected:
        """Return the frame as its agent gets it."""

        def read(parts: Parts) -> Controlled:
            about, changed, whole = parts
            found = _controlled.decode(about)
            return msgspec.structs.replace(found, line=changed or line, whole=whole)

        job = _ControlJob(
            controls=order.controls,
            def_hash=order.def_hash,
            schema=msgspec.Raw(_json(order.schema)),
            most_bytes=order.most_bytes,
            only=order.only,
            shape=order.shape,
            tool=order.tool,
            path=order.path,
            signs=order.signs,
        )
        return await self._workers.ask(_json(job), line, read, agent)


class PooledEdits:
    """Implements LargeEdits on workers."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def tell(
        self, encoded: bytes | memoryview, telling: EditTelling, agent: str
    ) -> EditTold | NotInspected:
        """Return the answer that says it."""

        def read(parts: Parts) -> EditTold | str:
            about, told = parts
            return EditTold(told, _tasks.decode(about)) if told else about.decode()

        job = _EditJob(alone=telling.alone, state=telling.state, of_tool=telling.of_tool)
        told = await self._workers.ask(_json(job), encoded, read, agent)
        # The worker that says why not has done its work: it is none of the dead.
        return NotInspected(told) if isinstance(told, str) else told


def do_job(job: bytes, payload: bytes) -> Sequence[bytes]:
    """Do what a worker is for."""
    wanted = _jobs.decode(job)
    match wanted:
        case _ServerJob():
            return _read_server(wanted, payload)
        case _ClientJob():
            return large_calls.outline_of(payload, judged=wanted.judged)
        case _MaskJob():
            return [masked_json(payload, _mask, MOST_IN_A_WORKER)[0]]
        case _CheckJob():
            schema, arguments = _object.decode(wanted.schema), _object.decode(payload)
            found = _validator.faults(wanted.def_hash, schema, arguments)
            return [_json([(fault.path, fault.message) for fault in found])]
        case _CommandJob():
            return answer_commands(payload)
        case _ControlJob():
            return _control_frame(wanted, payload)
        case _EditJob():
            return _tell_of_edit(wanted, payload)


def run_worker() -> int:
    """Be a worker until the broker ends."""
    make_undumpable()
    set_process_name("keyturn worker")
    serve_jobs(do_job)
    return 0


def _read_server(wanted: _ServerJob, line: bytes) -> list[bytes]:
    frame = read_server(line)
    parts = large_frames.outline_of(frame, line)
    if frame is None or frame.ambiguous or not wanted.result_bytes:
        return parts
    raw = frame.result if frame.result is not None else frame.error
    if frame.method or raw is None:
        return parts
    return parts + inspect_answer(
        bytes(raw),
        failed=frame.result is None,
        asks=lambda result, cut: _asks(frame, result, cut=cut),
        inspector=BoundedResultInspector(wanted.result_bytes),
        key=bytes.fromhex(wanted.key),
        encode=_framed,
    )


def _control_frame(wanted: _ControlJob, line: bytes) -> list[bytes]:
    """Return what was found, the frame where it was changed, and all text of what was cut."""
    order = ControlOrder(
        controls=wanted.controls,
        def_hash=wanted.def_hash,
        schema=_schema.decode(wanted.schema),
        most_bytes=wanted.most_bytes,
        only=wanted.only,
        shape=wanted.shape,
        tool=wanted.tool,
        path=wanted.path,
        signs=wanted.signs,
    )
    found = _frame_control().control(line, order)
    if found is None:
        raise ValueError("a worker gives up on nothing")
    changed = b"" if found.line is line or found.withheld else found.line
    about = _json(msgspec.structs.replace(found, line=b"", whole=b""))
    return [about, changed, found.whole]


def _tell_of_edit(wanted: _EditJob, encoded: bytes) -> list[bytes]:
    """Return the ids of the tasks that begin and the answer; or why there is none, and nothing."""
    told = edit_told(
        encoded,
        EditTelling(alone=wanted.alone, state=wanted.state, of_tool=wanted.of_tool),
    )
    if isinstance(told, NotInspected):
        return [told.reason.encode(), b""]
    return [_json(told.tasks), told.encoded]


@cache
def _frame_control() -> FrameControl:
    """Return the worker's own, made at its first frame."""
    return FrameControl(_validator, IN_A_WORKER, masked_text, frame_signs())


def _unread(frame: ClientFrame | BadFrame, why: NotInspected) -> ReadClient:
    return ReadClient(frame, Malformed(why.reason, unread=True) if is_judged(frame) else None)


def _first(parts: Parts) -> bytes:
    (part,) = parts
    return part


def _asks(frame: ServerFrame, result: JsonValue, *, cut: bool) -> bool:
    return (asking(result) if cut else asking_in(frame.line)) is not None


def _framed(result: JsonValue) -> bytes:
    """Write a result that was cut into a frame; empty where JSON has no form for it."""
    try:
        return framed(_json(result))
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        return b""
