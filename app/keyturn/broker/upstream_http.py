"""Owns one connection to one server over Streamable HTTP: each frame a POST, each answer a line.

To whoever writes and reads lines it is what a server's process is. Nothing of the client's own HTTP
goes on: no header, no cookie, no token of its (MCP, security best practices, "Token passthrough").
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass

import httpx2

from keyturn.application.slices import Slices
from keyturn.application.tasks import TaskOwner
from keyturn.broker.batches import BATCH_VERSION, is_unreadable, members_of_answer
from keyturn.broker.child_process import Ends
from keyturn.broker.ends import Paused
from keyturn.broker.envelope import RequestId, ServerFrame, cancelled_id, read_server
from keyturn.broker.eras import modern_meta
from keyturn.broker.frames import HeldBytes, Oversize
from keyturn.broker.http_request import EVENTS, JSON, Headers, body_of, kind_of
from keyturn.broker.members import NOTHING
from keyturn.broker.oauth_words import NoSignIn, SignInWanted
from keyturn.broker.posting import (
    ERROR_BYTES,
    UNANSWERED,
    UNREADABLE,
    Post,
    Posts,
    PulledFlow,
    Remote,
    Withdrawn,
    remote_client,
    whole,
)
from keyturn.broker.routes import CANCELLED, INITIALIZE, INITIALIZED
from keyturn.broker.server_events import Event, EventReader, TooLong, line_of

END_SECONDS = 2.0
RETRY_SECONDS = 1.0
MOST_RETRIES = 10
_SHORTEST_RETRY, _LONGEST_RETRY = 0.1, 30.0


_LISTENING = ServerFrame(line=b"", method="", id=None, asks=False, params=NOTHING)
"""In the place of the request that a standing stream does not have."""


@dataclass(slots=True, eq=False)
class _Exchange(Post):
    """One frame on its way, and the stream that may answer it."""

    modern: bool = False
    last_event: str = ""
    retry: float | None = None
    """Seconds, where the server named any."""

    @property
    def broke_off(self) -> bool:
        """Whether its answer is still to come, on a stream that can be taken up again."""
        return bool(self.last_event) and self.is_legacy_request and not self.answered

    @property
    def is_legacy_request(self) -> bool:
        """Whether an answer is to come, which the server may send in several responses."""
        return self.frame.asks and not self.modern

    def heard(self, event: Event, paused: Paused) -> None:
        """Note where to go on, and when, should the stream be closed."""
        self.last_event = event.id or self.last_event
        self.retry = event.retry if event.retry is not None else self.retry
        if event.id and not event.data:
            self.pauses(paused, ended=False)

    def pauses(self, paused: Paused, *, ended: bool) -> None:
        """Say that the stream can be taken up again, or has to be."""
        if self.frame.id is not None and self.is_legacy_request:
            paused(self.frame.id, self.retry, ended=ended)

    def wait(self) -> float:
        """Return how long to wait before connecting again."""
        retry = RETRY_SECONDS if self.retry is None else self.retry
        return min(max(retry, _SHORTEST_RETRY), _LONGEST_RETRY)


class HttpTransport:
    """Carries lines to a server's URL and back."""

    pid = 0

    def __init__(self, remote: Remote, ends: Ends, tasks: TaskOwner) -> None:
        self._remote = remote
        self._ends = ends
        self._tasks = tasks
        self.tap = PulledFlow()
        self._http = remote_client(remote)
        self._closed = False
        self._headers = Headers(remote.schema_of)
        self._posts = Posts(remote, ends)
        self._asked: dict[RequestId, tuple[_Exchange, asyncio.Task[None]]] = {}
        self._before: asyncio.Task[None] | None = None
        """The last notification's, which the next frame follows."""

    # ---------------------------------------------------------------- as a process would

    @property
    def writable(self) -> bool:
        """False once it was ended."""
        return not self._closed

    @property
    def barred(self) -> bool:
        """Whether somebody has to sign in first."""
        return self._remote.barred

    @property
    def unwritten(self) -> int:
        """Bytes that have not begun to go out."""
        return self._posts.weight

    def write(self, *parts: bytes) -> None:
        """Post one frame; dropped once it was ended."""
        frame = read_server(b"".join(parts))
        if frame is None or self._closed:
            return
        if frame.method == CANCELLED and self._cancel(frame):
            return
        meta = modern_meta(frame.params)
        post = _Exchange(frame, modern=meta is not None)
        self._posts.add(post)
        task = self._tasks.start(self._post(post, self._before), "POST to a server")
        if post.asks is not None:
            self._asked[post.asks] = (post, task)
        if frame.id is None:
            self._before = task

    def discard_unwritten(self) -> bool:
        """Give up what has not begun to go out, and tell whether there was any."""
        self._closed = self._closed or bool(self._posts.unsent)
        return bool(self._posts.unsent)

    def close_stdin(self) -> None:
        """There is nothing to close before the end."""

    async def end(self) -> None:
        """Close every stream, and say that the session is over where there is one."""
        self._closed = True
        for post, task in tuple(self._asked.values()):
            if not post.answered:
                task.cancel()
        if self._headers.session:
            with suppress(TimeoutError, httpx2.HTTPError):
                async with asyncio.timeout(END_SECONDS):
                    await self._http.delete(self._remote.url, headers=self._headers.of_session())
        await self._http.aclose()

    # ---------------------------------------------------------------- requests

    async def _post(self, post: _Exchange, before: "asyncio.Task[None] | None") -> None:
        try:
            if before is not None and not before.done():
                await asyncio.wait([before])
            await self._exchange(post)
            while post.broke_off:
                await self._resume(post)
            self._posts.lost(post, UNANSWERED)
        except Withdrawn:
            return
        except (SignInWanted, NoSignIn) as error:
            self._posts.unsigned(post, error)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            self._posts.failed(post, error)
        except TooLong:
            self._posts.lost(post, "the answer was longer than a frame may be")
        finally:
            self._posts.discard(post)
            if post.asks is not None and self._asked.get(post.asks, (None,))[0] is post:
                del self._asked[post.asks]

    async def _exchange(self, post: _Exchange) -> None:
        headers = self._headers.of(post.frame, modern=post.modern)
        async with self._http.stream(
            "POST",
            self._remote.url,
            content=lambda: self._body(post),
            headers=headers,
            refused=lambda: self._posts.again(post),
        ) as response:
            await self._take(post, response)
        if post.frame.method == INITIALIZED and not post.modern:
            self._tasks.start(self._listen(), "stream of a server")

    async def _body(self, post: _Exchange) -> AsyncGenerator[bytes]:
        # Pulled when the connection is there: from now on the server may have it.
        if self._closed:
            raise Withdrawn
        post.begun = True
        self._posts.discard(post)
        yield body_of(post.frame)

    # ---------------------------------------------------------------- answers

    async def _take(self, post: _Exchange, response: httpx2.Response) -> None:
        """Hand on what a response holds."""
        frame = post.frame
        self._headers.begun(frame, response)
        if response.status_code in (202, 204):
            return
        if response.status_code == 404 and self._headers.session and not post.modern:
            self._gone()
        elif kind_of(response) == EVENTS and response.is_success:
            await self._take_events(post, response)
        else:
            await self._take_body(post, response)

    async def _take_body(self, post: _Exchange, response: httpx2.Response) -> None:
        most = self._ends.frame_bytes if response.is_success else ERROR_BYTES
        body = await whole(response, HeldBytes(most, self._ends.budget), self.tap)
        if kind_of(response) != JSON or not self._hand_on(post, body):
            self._posts.refused(post, response.status_code)

    async def _take_events(self, post: _Exchange, response: httpx2.Response) -> None:
        reader, slices = EventReader(self._ends.frame_bytes, self._ends.budget), Slices()
        try:
            async for chunk in _chunks(response, post):
                await self.tap.open.wait()
                for event in reader.feed(chunk):
                    await slices.pause()
                    self._heard(post, event)
                if post.answered:
                    return
                if reader.skipping:
                    raise TooLong
        finally:
            reader.close()

    def _heard(self, post: _Exchange, event: Event | Oversize) -> None:
        if isinstance(event, Oversize):
            raise TooLong
        post.heard(event, self._remote.paused)
        if event.data:
            self._hand_on(post, event.data)

    def _hand_on(self, post: _Exchange, data: bytes) -> bool:
        """Hand each frame to the link as a line; False for what is none."""
        line = line_of(data)
        if self._headers.version != BATCH_VERSION:
            return self._hand_on_one(post, line)
        members = members_of_answer(line)
        if is_unreadable(line, members):
            # Its stream may go on, and whoever asked would wait for an answer that has come.
            self._posts.note("an array that cannot be read")
            self._posts.lost(post, UNREADABLE)
            if post.frame is _LISTENING:
                self._lose_all()
            return False
        handed = [self._hand_on_one(post, member) for member in members]
        return all(handed)

    def _hand_on_one(self, post: _Exchange, line: bytes) -> bool:
        frame = read_server(line)
        if frame is None:
            return False
        asked = post.frame
        answers = not frame.method and asked.id is not None
        if answers and frame.without_id:
            # A refusal that could not tell what it refuses, in the response to just that.
            self._posts.say(post, "The server could not read the request.")
            return True
        if answers and frame.id == asked.id:
            post.answered = True
            if asked.method == INITIALIZE and frame.result is not None:
                self._headers.shaken(frame)
        self._ends.stdout.line(line)
        return True

    def _lose_all(self) -> None:
        """Answer all that the server may have answered where nobody can read it."""
        for post, task in tuple(self._asked.values()):
            if post.begun and not post.answered and not post.modern:
                self._posts.lost(post, UNREADABLE)
                task.cancel()

    async def _resume(self, post: _Exchange) -> None:
        """Take up a stream that the server closed before its answer ("Resumability")."""
        post.pauses(self._remote.paused, ended=True)
        for _ in range(MOST_RETRIES):
            await asyncio.sleep(post.wait())
            with suppress(httpx2.TransportError):
                if await self._get(post):
                    return
        post.last_event = ""

    async def _listen(self) -> None:
        """Keep the stream open on which the server says what nobody asked for."""
        post = _Exchange(_LISTENING, modern=False)
        while not self._closed:
            try:
                if not await self._get(post):
                    return
            except (httpx2.HTTPError, TooLong, SignInWanted, NoSignIn):
                post.retry = 2 * post.wait()
            await asyncio.sleep(post.wait())

    async def _get(self, post: _Exchange) -> bool:
        """Read one standing or resumed stream; False where the server has none."""
        headers = {"accept": EVENTS, **self._headers.of_session()}
        if post.last_event:
            headers["last-event-id"] = post.last_event
        async with self._http.stream("GET", self._remote.url, headers=headers) as response:
            if response.status_code == 404 and self._headers.session:
                self._gone()
                return False
            if not response.is_success or kind_of(response) != EVENTS:
                return False
            await self._take_events(post, response)
        return True

    # ---------------------------------------------------------------- ends

    def _cancel(self, frame: ServerFrame) -> bool:
        """Close the stream of a request of the newer era, which is how it is cancelled there."""
        request_id = cancelled_id(frame.params)
        found = None if request_id is None else self._asked.get(request_id)
        if found is None or not found[0].modern:
            return False
        found[1].cancel()
        return True

    def _gone(self) -> None:
        """The server knows the session no more: what it was asked is lost, and the link ends."""
        if not self._closed:
            self._closed = True
            self._headers.session = ""
            self._ends.stdout.ended()


async def _chunks(response: httpx2.Response, post: _Exchange) -> AsyncGenerator[bytes]:
    """Yield what comes; where it breaks off and can be taken up again, it only ends."""
    try:
        async for chunk in response.aiter_raw():
            yield chunk
    except httpx2.TransportError:
        if not post.broke_off:
            raise
