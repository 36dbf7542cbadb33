"""What is done with large payloads in processes of their own: the worker, and the way to it."""

from collections.abc import Sequence

import msgspec

from keyturn.application.ports.payloads import NotInspected, Parts, Workers
from keyturn.broker import large_frames
from keyturn.broker.envelope import ServerFrame, read_server
from keyturn.broker.large_frames import ReadFrame, frame_of, outline_of
from keyturn.desktop.hardening import make_undumpable, set_process_name
from keyturn.desktop.worker_process import serve_jobs
from keyturn.domain.answer import asking, asking_in
from keyturn.domain.canonical import JsonValue
from keyturn.inspection.answers import answer_of, inspect_answer
from keyturn.inspection.results import BoundedResultInspector


class _FrameJob(msgspec.Struct, frozen=True):
    """A frame of a server is read; where it is an answer it is inspected, and drawn for tracing."""

    result_bytes: int
    """Largest result that is handed on whole; 0 to have none inspected."""
    key: str = ""
    """Of the trace index's hashes, in hexadecimal."""


_job = msgspec.json.Decoder(_FrameJob).decode
_OUTLINE = msgspec.json.encode(_FrameJob(result_bytes=0))


class PooledFrames:
    """Implements LargeFrames on workers."""

    def __init__(self, workers: Workers, *, key: bytes, result_bytes: int) -> None:
        """Hash what is remembered under `key`, and cut results beyond `result_bytes`."""
        self._workers = workers
        self._job = msgspec.json.encode(_FrameJob(key=key.hex(), result_bytes=result_bytes))

    async def read(self, line: bytes) -> ReadFrame:
        """Read one frame, also where it could not be inspected: who waits for it has to be told."""
        found = await self._read(self._job, line)
        if isinstance(found, ReadFrame):
            return found
        again = await self._read(_OUTLINE, line)
        frame = again.frame if isinstance(again, ReadFrame) else read_server(line)
        return ReadFrame(frame, found)

    async def _read(self, job: bytes, line: bytes) -> ReadFrame | NotInspected:
        def read(parts: Parts) -> ReadFrame:
            frame = frame_of(line, parts[: large_frames.PARTS])
            about = parts[large_frames.PARTS :]
            return ReadFrame(frame, answer_of(about) if about else None)

        return await self._workers.ask(job, line, read)


def do_job(job: bytes, payload: bytes) -> Sequence[bytes]:
    """Do what a worker is for."""
    wanted = _job(job)
    frame = read_server(payload)
    parts = outline_of(frame, payload)
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
        encode=_encoded,
    )


def run_worker() -> int:
    """Be a worker until the broker ends."""
    make_undumpable()
    set_process_name("keyturn worker")
    serve_jobs(do_job)
    return 0


def _asks(frame: ServerFrame, result: JsonValue, *, cut: bool) -> bool:
    return (asking(result) if cut else asking_in(frame.line)) is not None


def _encoded(result: JsonValue) -> bytes:
    """Write a result that was cut; empty where JSON has no form for it."""
    try:
        return msgspec.json.encode(result)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        return b""
