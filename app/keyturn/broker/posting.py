"""Owns what both transports over HTTP do alike: their client, and the frames on their way.

Where a server has not taken a request, or closed before it answered, it is answered here.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx2

from keyturn.broker.certificates import Trace
from keyturn.broker.child_process import Ends
from keyturn.broker.ends import Paused
from keyturn.broker.envelope import RequestId, ServerFrame
from keyturn.broker.frames import HeldBytes
from keyturn.broker.oauth_sign_in import ServerSignIn
from keyturn.broker.oauth_words import NoSignIn, SignInWanted
from keyturn.broker.refusals import INTERNAL_ERROR, NO_SIGN_IN, REFUSED, SIGN_IN, error_line
from keyturn.broker.remote_client import RemoteClient
from keyturn.broker.server_events import TooLong
from keyturn.domain.canonical import JsonObject

CONNECT_SECONDS = 10.0
ERROR_BYTES = 64 * 1024
"""What is read of a response that holds no answer."""
UNSENT = "The server could not be reached."
UNANSWERED = "the server closed the connection before it answered"
UNREADABLE = "the server's answer could not be read"
_SLOW_BYTES = 1 << 20
_BYTES_OF_A_TASK = 1024
"""What a frame takes up while it waits, beside its text."""
_LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Which server, and what only Keyturn adds to its requests."""

    url: str
    headers: Mapping[str, str]
    """Secrets included; never logged."""
    schema_of: Callable[[str], JsonObject | None]
    """Returns the input schema of a tool that the server is known to list."""
    lost: Callable[[RequestId, str], bool]
    """Says that nobody knows what became of a request; False when nobody asks."""
    paused: Paused
    """Says that the answer to a request can be taken up again, or has to be."""
    tls: ssl.SSLContext
    """Verifies whoever is reached, and refuses who is not vouched for as agreed."""
    trace: Trace | None = None
    """Takes note of each new connection; None where there is no TLS."""
    sign_in: ServerSignIn | None = None
    """What all connections to the server know of who asks there."""

    @property
    def barred(self) -> bool:
        """Whether somebody has to sign in before anything is taken."""
        return self.sign_in is not None and self.sign_in.barred


class PulledFlow:
    """Holds reading back while there is a reason; `Tap` for what is pulled."""

    def __init__(self) -> None:
        self._reasons: set[str] = set()
        self.open = asyncio.Event()
        self.open.set()

    def hold(self, reason: str) -> None:
        """Read nothing for now."""
        self._reasons.add(reason)
        self.open.clear()

    def release(self, reason: str) -> None:
        """Read again when no reason is left."""
        self._reasons.discard(reason)
        if not self._reasons:
            self.open.set()


class Withdrawn(Exception):
    """A request was given up before its first byte."""


@dataclass(slots=True, eq=False)
class Post:
    """One frame on its way."""

    frame: ServerFrame
    begun: bool = False
    """Its body was handed to the connection, so the server may have it."""
    answered: bool = False

    @property
    def asks(self) -> RequestId | None:
        """The id that has to be answered; None for what is no request."""
        return self.frame.id if self.frame.method else None


class Posts:
    """Knows which frames have not begun to go out, and answers in the server's place."""

    def __init__(self, remote: Remote, ends: Ends) -> None:
        self._remote = remote
        self._ends = ends
        self._unsent: set[Post] = set()
        self._slow = False
        self.weight = 0
        """Bytes that what has not begun to go out takes up."""

    @property
    def unsent(self) -> tuple[Post, ...]:
        """What has not begun to go out."""
        return tuple(self._unsent)

    def add(self, post: Post) -> None:
        """Count a frame."""
        self._unsent.add(post)
        self._weigh(_weight_of(post))

    def discard(self, post: Post) -> None:
        """Count it no more: it goes out, or was given up."""
        if post in self._unsent:
            self._unsent.remove(post)
            self._weigh(-_weight_of(post))

    def failed(self, post: Post, error: httpx2.HTTPError | httpx2.InvalidURL) -> None:
        """Answer a request whose connection failed."""
        self.note(f"{type(error).__name__}: {error}")
        self.give_up(post, UNSENT)

    def again(self, post: Post) -> None:
        """Count a frame that the server has not taken, and that is to be sent once more."""
        post.begun = False
        self.add(post)

    def unsigned(self, post: Post, error: SignInWanted | NoSignIn) -> None:
        """Answer a request that waits for somebody to sign in."""
        self.note(sign_in_note(error))
        wanted = isinstance(error, SignInWanted)
        self.give_up(post, SIGN_IN if wanted else NO_SIGN_IN, REFUSED)

    def give_up(self, post: Post, sentence: str, code: int = INTERNAL_ERROR) -> None:
        """Answer a request: with the sentence if no byte of it has gone out."""
        if post.begun:
            self.lost(post, UNANSWERED)
        else:
            self.say(post, sentence, code)

    def lost(self, post: Post, reason: str) -> None:
        """Answer a request of which nobody knows whether it ran."""
        request_id = post.asks
        if request_id is None or post.answered:
            return
        post.answered = True
        if not self._remote.lost(request_id, reason):
            self._ends.stdout.line(error_line(request_id, INTERNAL_ERROR, f"{reason}."))

    def say(self, post: Post, sentence: str, code: int = INTERNAL_ERROR) -> None:
        """Answer a request that the server did not run."""
        request_id = post.asks
        if post.answered:
            return
        post.answered = True
        if request_id is not None:
            self._ends.stdout.line(error_line(request_id, code, sentence))

    def refused(self, post: Post, status: int) -> None:
        """Answer a request by the status of a response that holds no answer."""
        if 300 <= status < 500:
            self.say(post, f"The server refused the request (HTTP {status}).")
        else:
            self.lost(post, f"{UNREADABLE} (HTTP {status})")

    def note(self, text: str) -> None:
        """Write a line into the server's log."""
        self._ends.stderr(f"[http] {text}"[:_LONGEST_NOTE].encode())

    def _weigh(self, more: int) -> None:
        self.weight += more
        slow = self.weight > _SLOW_BYTES
        if slow is not self._slow:
            self._slow = slow
            self._ends.slow(slow)


def sign_in_note(error: SignInWanted | NoSignIn) -> str:
    """Return what the server's log says of it."""
    wanted = isinstance(error, SignInWanted)
    return f"somebody has to sign in at {error.host}" if wanted else f"not signed in: {error}"


def _weight_of(post: Post) -> int:
    return len(post.frame.line) + _BYTES_OF_A_TASK


def remote_client(remote: Remote, connections: int | None = None) -> RemoteClient:
    """Return what asks the server, as who is signed in there."""
    return RemoteClient(http_client(remote, connections), remote.sign_in, remote.trace)


def http_client(remote: Remote, connections: int | None = None) -> httpx2.AsyncClient:
    """Return a client that follows no redirect and looks at no proxy of the environment."""
    return httpx2.AsyncClient(
        headers={"accept-encoding": "identity", **remote.headers},
        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
        transport=httpx2.AsyncHTTPTransport(
            verify=remote.tls,
            limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=20),
            trust_env=False,
            socket_options=_probes(),
        ),
        follow_redirects=False,
        trust_env=False,
    )


def _probes() -> list[tuple[int, int, int]]:
    """Have the system notice within a minute that the machine at the other end is gone.

    A stream may be silent for hours, and nothing that is only read would ever find out.
    """
    wanted = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
    return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)] + [
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in wanted.items()
        if hasattr(socket, name)
    ]


async def whole(response: httpx2.Response, body: HeldBytes, flow: PulledFlow) -> bytes:
    """Read a body that is no stream of events; raises TooLong."""
    try:
        async for chunk in response.aiter_raw():
            await flow.open.wait()
            body.add(chunk)
            if body.too_long:
                break
        read = body.taken()
    finally:
        body.close()
    if read is None:
        raise TooLong
    return read
