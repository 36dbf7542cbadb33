"""Owns the way to a server: a process that is started, or a URL that is asked."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from keyturn.application.tasks import TaskOwner
from keyturn.broker.child_process import ChildProcess, Ends
from keyturn.broker.ends import Paused
from keyturn.broker.envelope import RequestId
from keyturn.broker.server_start import ServerMeans, ServerStart, server_command, server_headers
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import RemoteTransport
from keyturn.domain.errors import ServerUnavailable, filled

_PRINTABLE = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?")


class Flow(Protocol):
    """Holds the reading of what a server says."""

    def hold(self, reason: str) -> None:
        """Read nothing for now."""
        ...

    def release(self, reason: str) -> None:
        """Read again when no reason is left."""
        ...


class Transport(Protocol):
    """Carries lines to a server and back: a process, or a URL."""

    @property
    def tap(self) -> Flow:
        """Holds back what it says."""
        ...

    @property
    def pid(self) -> int:
        """Its process; 0 where there is none here."""
        ...

    @property
    def writable(self) -> bool:
        """False once nothing can be written any more."""
        ...

    @property
    def barred(self) -> bool:
        """Whether a person has to sign in before it takes anything."""
        ...

    @property
    def unwritten(self) -> int:
        """Bytes that it has not taken."""
        ...

    def write(self, *parts: bytes) -> None:
        """Write a line, which may come in parts; dropped when it takes no more."""
        ...

    def close_stdin(self) -> None:
        """Say that nothing more will come."""
        ...

    def discard_unwritten(self) -> bool:
        """Drop what it has not taken and take no more, if there is any; tell whether there was."""
        ...

    async def end(self) -> None:
        """End it and wait until it is gone."""
        ...


class TransportEvents(Protocol):
    """What a connection knows that its transport needs, and is told by it."""

    def schema_of(self, tool: str) -> JsonObject | None:
        """Return the input schema of a tool, once the server's list is known."""
        ...

    @property
    def server_paused(self) -> Paused:
        """Is told when the answer to a request can be taken up again, or has to be."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What whoever carries lines has to ask its connection."""

    events: TransportEvents
    lost: Callable[[RequestId, str], bool]
    """Says that nobody knows what became of a request; False when nobody asks."""
    still_wanted: Callable[[], None]
    """Raises ServerUnavailable when the connection was ended meanwhile."""


async def open_transport(
    start: ServerStart, means: ServerMeans, ends: Ends, tasks: TaskOwner, asking: Asking
) -> Transport:
    """Start the process, or make ready to ask the URL, with the server's secrets.

    Raises SecretStoreUnavailable and ServerUnavailable.
    """
    if start.server.url:
        return await _open_remote(start, means, ends, tasks, asking)
    command = await server_command(start, means)
    # Between this look and the new process there is no await.
    asking.still_wanted()
    return await ChildProcess.spawn(command, ends, means.tree, tasks)


async def _open_remote(
    start: ServerStart, means: ServerMeans, ends: Ends, tasks: TaskOwner, asking: Asking
) -> Transport:
    # Only who needs HTTP pays for it.
    from keyturn.broker.certificates import noting_others, trusted, verifying
    from keyturn.broker.posting import Remote
    from keyturn.broker.upstream_http import HttpTransport
    from keyturn.broker.upstream_sse import SseTransport

    secure, closure = start.launch.url.startswith("https:"), start.closure
    tls = await asyncio.to_thread(verifying, closure.closure_hash) if secure else trusted()
    headers = await server_headers(start, means)
    asking.still_wanted()
    _check(headers, start.server.name)

    def noted(text: str) -> None:
        ends.stderr(f"[tls] {text}".encode())

    remote = Remote(
        url=start.launch.url,
        headers=headers,
        schema_of=asking.events.schema_of,
        lost=asking.lost,
        paused=asking.events.server_paused,
        tls=tls,
        trace=noting_others(closure.certificate_sha256, noted) if secure else None,
        sign_in=None if means.sign_ins is None else means.sign_ins().of(start.server),
    )
    if start.server.transport is RemoteTransport.SSE:
        return SseTransport(remote, ends)
    return HttpTransport(remote, ends, tasks)


def _check(headers: Mapping[str, str], server: str) -> None:
    """Refuse what HTTP cannot carry here, where no error's text repeats a secret."""
    if not all(_PRINTABLE.fullmatch(part) for pair in headers.items() for part in pair):
        raise ServerUnavailable(
            filled("A header of {server} holds characters that cannot be sent.", server=server),
            mend="Give it a name and a value of printable ASCII, with no space at their ends.",
        )
