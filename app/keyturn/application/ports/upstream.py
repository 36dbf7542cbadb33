"""The upstream port: one live link to one MCP server, as the gate sees it."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import msgspec

from keyturn.application.ports.payloads import InspectedAnswer, NotInspected
from keyturn.domain.canonical import JsonObject


class Ready(StrEnum):
    """Whether a judged call could be written now."""

    READY = "ready"
    KEYCHAIN = "keychain"
    """A credential that the server needs cannot be had from the keychain."""
    SIGN_IN = "sign_in"
    """The server takes nothing until a person has signed in."""
    GONE = "gone"


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The server answered with a result."""

    line: bytes
    """The whole frame as it came."""
    result: bytes
    """Its `result` member as it came; empty where it was inspected elsewhere."""
    inspected: InspectedAnswer | NotInspected | None = None
    """Of a large one: what a worker made of it, or that none did; None to be inspected here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredError:
    """The server answered with a JSON-RPC error; it says that it did not run the call."""

    line: bytes
    error: bytes
    """Its `error` member as it came; empty where it was inspected elsewhere."""
    code: int
    message: str
    inspected: InspectedAnswer | NotInspected | None = None
    """As of an answer with a result."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The server ended, or its answer was unusable: nobody can say whether the call ran."""

    reason: str


UpstreamReply = Answered | AnsweredError | Lost


class Upstream(Protocol):
    """Judged calls go through here, and only the gate sends them."""

    @property
    def running(self) -> bool:
        """Whether a judged call could be written in this very step; `ready` waits for it."""
        ...

    async def ready(self) -> Ready:
        """Wait for a server that is starting or for a locked keychain, at most the hold time."""
        ...

    async def look_again(self, *, older_than: float, at_most: float) -> None:
        """Have the tools listed once more when their list is older than so many seconds.

        What changed is known to the agreements when this returns, unless the server took longer
        than `at_most`; then it is known as soon as it answers.
        """
        ...

    def send(
        self, request_id: str | int, method: str, params: JsonObject
    ) -> "asyncio.Future[UpstreamReply]":
        """Encode params canonically and write the request in this very step, with no await.

        Returns a future for the reply. Raises ServerUnavailable when no byte was written.
        """
        ...
