"""Owns one connection to one server over HTTP+SSE, the transport of protocol 2024-11-05.

All that the server says comes on one standing stream, which first names the place where to POST to.
To whoever writes and reads lines it is what a server's process is: where the stream ends, the
server has ended, and nothing is taken up again. Of the client's own HTTP nothing goes on.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import httpx2

from keyturn.application.slices import Slices
from keyturn.application.tasks import TaskOwner
from keyturn.broker.child_process import Ends
from keyturn.broker.envelope import RequestId, read_server
from keyturn.broker.frames import Oversize
from keyturn.broker.http_request import EVENTS, JSON, body_of, kind_of
from keyturn.broker.oauth_words import NoSignIn, SignInWanted
from keyturn.broker.posting import (
    CONNECT_SECONDS,
    ERROR_BYTES,
    UNSENT,
    Post,
    Posts,
    PulledFlow,
    Remote,
    Withdrawn,
    remote_client,
    sign_in_note,
)
from keyturn.broker.refusals import NO_SIGN_IN, SIGN_IN
from keyturn.broker.server_events import Event, EventReader, line_of

OPEN_SECONDS = 10.0
"""How long a server may take to say where to POST to."""
TAKEN_SECONDS = 30.0
"""How long it may take to say that it has a frame to which it owes no answer any more."""
_MOST_CONNECTIONS = 256
"""Some servers keep a POST open until the call has run; further frames wait."""
_LONGEST_ENDPOINT = 4096
_VISIBLE = frozenset(range(0x21, 0x7F)) - frozenset(b"\\")
"""Bytes of a URL; some readers take a backslash for a slash."""
_NO_STREAM = "The server's URL is not one of the transport HTTP+SSE."
_FOREIGN = "The server says to send everything to another place than the one agreed to."


@dataclass(slots=True, eq=False)
class _Turn(Post):
    """One frame on its way, and when the next one may follow."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the server has it, for what asks; has said so, for anything else."""


class SseTransport:
    """Carries lines to a server's endpoint, and back from its stream."""

    pid = 0

    def __init__(self, remote: Remote, ends: Ends) -> None:
        self._remote = remote
        self._ends = ends
        self._loop = asyncio.get_running_loop()
        self.tap = PulledFlow()
        self._http = remote_client(remote, _MOST_CONNECTIONS)
        self._posts = Posts(remote, ends)
        self._asked: dict[RequestId, tuple[_Turn, asyncio.Task[None]]] = {}
        """Requests whose POSTs are not over."""
        self._endpoint: httpx2.URL | None = None
        self._before = asyncio.Event()
        """What the next frame waits for; at first the endpoint."""
        self._opened = self._before
        self._closed = False
        self._tasks = TaskOwner()
        self._tasks.start(self._listen(), "stream of a server")

    # ---------------------------------------------------------------- as a process would

    @property
    def writable(self) -> bool:
        """False once its stream has ended."""
        return not self._closed

    @property
    def barred(self) -> bool:
        """Whether somebody has to sign in first."""
        return self._remote.barred

    @property
    def unwritten(self) -> int:
        """Bytes that have not gone out."""
        return self._posts.weight

    def write(self, *parts: bytes) -> None:
        """Post one frame, after those before it; dropped once the stream has ended."""
        frame = read_server(b"".join(parts))
        if frame is None or self._closed:
            return
        turn = _Turn(frame)
        self._posts.add(turn)
        task = self._tasks.start(self._post(turn, self._before), "POST to a server")
        self._before = turn.over
        if turn.asks is not None:
            self._asked[turn.asks] = (turn, task)

    def discard_unwritten(self) -> bool:
        """Give up what has not gone out, and tell whether there was any."""
        self._closed = self._closed or bool(self._posts.unsent)
        return bool(self._posts.unsent)

    def close_stdin(self) -> None:
        """There is nothing to close before the end."""

    async def end(self) -> None:
        """Close the stream, by which the server sees that the connection is over."""
        self._closed = True
        await self._tasks.close()
        await self._http.aclose()

    # ---------------------------------------------------------------- to the server

    async def _post(self, turn: _Turn, before: asyncio.Event) -> None:
        try:
            await before.wait()
            await self._exchange(turn)
        except Withdrawn:
            return
        except (SignInWanted, NoSignIn) as error:
            self._posts.unsigned(turn, error)
        except httpx2.HTTPError as error:
            self._posts.failed(turn, error)
        finally:
            turn.over.set()
            self._posts.discard(turn)
            if turn.asks is not None and self._asked.get(turn.asks, (None,))[0] is turn:
                del self._asked[turn.asks]

    async def _exchange(self, turn: _Turn) -> None:
        endpoint = self._endpoint
        if endpoint is None or self._closed:
            raise Withdrawn
        body = body_of(turn.frame)
        waits = None if turn.asks is not None else TAKEN_SECONDS
        async with self._http.stream(
            "POST",
            endpoint,
            content=lambda: self._body(turn, body),
            refused=lambda: self._posts.again(turn),
            headers={"content-type": JSON, "content-length": str(len(body))},
            times=httpx2.Timeout(None, connect=CONNECT_SECONDS, read=waits),
        ) as response:
            turn.over.set()
            if not response.is_success:
                self._posts.note(f"a POST was answered with HTTP {response.status_code}")
                self._posts.refused(turn, response.status_code)
            await _read_away(response)

    async def _body(self, turn: _Turn, body: bytes) -> AsyncGenerator[bytes]:
        # Pulled when the connection is there: from now on the server may have it.
        if self._closed:
            raise Withdrawn
        turn.begun = True
        yield body
        # Pulled again once it is written.
        self._posts.discard(turn)
        if turn.asks is not None:
            turn.over.set()

    # ---------------------------------------------------------------- from the server

    async def _listen(self) -> None:
        """Read the stream to its end; whatever its end was, it is the server's."""
        sentence = UNSENT
        headers = {"accept": EVENTS, "cache-control": "no-store"}
        try:
            async with (
                asyncio.timeout(OPEN_SECONDS) as opening,
                self._http.stream("GET", self._remote.url, headers=headers) as response,
            ):
                sentence = _fault_of(response) or await self._take(response, opening)
        except TimeoutError:
            self._posts.note("the server did not say where to POST to")
        except (SignInWanted, NoSignIn) as error:
            sentence = SIGN_IN if isinstance(error, SignInWanted) else NO_SIGN_IN
            self._posts.note(sign_in_note(error))
        except httpx2.HTTPError as error:
            self._posts.note(f"{type(error).__name__}: {error}")
        finally:
            self._ended(sentence)

    async def _take(self, response: httpx2.Response, opening: asyncio.Timeout) -> str:
        """Hand on what comes; return what to say of frames that were not sent."""
        reader = EventReader(self._ends.frame_bytes, self._ends.budget)
        slices = Slices()
        try:
            async for chunk in response.aiter_raw():
                for event in reader.feed(chunk):
                    await self.tap.open.wait()
                    await slices.pause()
                    fault = self._heard(event)
                    if fault:
                        return fault
                if self._endpoint is not None:
                    opening.reschedule(None)
        finally:
            reader.close()
        return UNSENT

    def _heard(self, event: Event | Oversize) -> str:
        """Take one event; return why nothing can be sent, if so."""
        if isinstance(event, Oversize):
            self._ends.stdout.oversize(event)
        elif event.kind == "endpoint":
            return self._open(event.data)
        elif event.kind == "message" and event.data:
            self._hand_on(line_of(event.data))
        return ""

    def _open(self, place: bytes) -> str:
        if self._endpoint is not None:
            self._posts.note("the server named another endpoint, which is not used")
            return ""
        self._endpoint = endpoint_of(self._remote.url, place)
        if self._endpoint is None:
            self._posts.note(f"not at the configured place: {place!r}")
            return _FOREIGN
        self._opened.set()
        return ""

    def _hand_on(self, line: bytes) -> None:
        """Hand one line to the link; what is no frame is dropped, and noted, there."""
        frame = read_server(line) if self._asked else None
        if frame is not None and not frame.method and frame.id is not None:
            turn, task = self._asked.get(frame.id, (None, None))
            if turn is not None and task is not None and not turn.answered:
                turn.answered = True
                # The response to its POST says nothing more that anybody waits for.
                self._loop.call_later(TAKEN_SECONDS, task.cancel)
        self._ends.stdout.line(line)

    def _ended(self, sentence: str) -> None:
        """Say that the server is gone; nothing is lost of what was not sent."""
        if self._closed:
            return
        self._closed = True
        for post in self._posts.unsent:
            self._posts.give_up(post, sentence)
        self._opened.set()
        self._ends.stdout.ended()


def endpoint_of(url: str, place: bytes) -> httpx2.URL | None:
    """Return where to POST to; None unless that is where the credentials may go.

    It is the very object that is asked then, so that no second reading of it can differ.
    """
    if not 0 < len(place) <= _LONGEST_ENDPOINT or not _VISIBLE.issuperset(place):
        return None
    try:
        agreed = httpx2.URL(url)
        found = agreed.join(place.decode())
    except (httpx2.InvalidURL, ValueError):
        return None
    same = (found.scheme, found.raw_host, found.port) == (
        agreed.scheme,
        agreed.raw_host,
        agreed.port,
    )
    return found if same and not found.userinfo and not found.fragment else None


def _fault_of(response: httpx2.Response) -> str:
    """Say why a response is no stream to listen to; empty when it is."""
    if not response.is_success:
        return f"The server refused the connection (HTTP {response.status_code})."
    return "" if kind_of(response) == EVENTS else _NO_STREAM


async def _read_away(response: httpx2.Response) -> None:
    """Read what nobody needs, so that the connection can be used again, unless it is long."""
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > ERROR_BYTES:
            return
