"""The port for payloads over 64 KiB, which are read in a process of their own, off the loop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from keyturn.application.ports.inspection import (
    Controlled,
    ControlOrder,
    DrawnResult,
    InspectedResult,
    SchemaFault,
)
from keyturn.domain.definition import ToolDefinition

LARGE_BYTES = 64 * 1024
"""Up to so many bytes a payload is read where it comes in."""

T = TypeVar("T")
Parts = Sequence[bytes]


@dataclass(frozen=True, slots=True)
class NotInspected:
    """No worker read the payload: it is refused, or withheld, never passed as if it had been."""

    reason: str
    """Why, as a phrase that begins with "it"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedAnswer:
    """What a worker made of one answer; the answer itself stays where it is."""

    result: InspectedResult
    """Without the decoded result."""
    drawn: DrawnResult
    """What is remembered of it for tracing."""
    cut: bytes = b""
    """A frame of the result alone as the agent gets it, where it was changed."""
    asks: bool = False
    """It may ask for something, so that it has to be read once more."""


class LargeArguments(Protocol):
    """Holds large arguments against schemas without holding up the loop."""

    async def faults(
        self, definition: ToolDefinition, arguments: bytes, agent: str
    ) -> list[SchemaFault] | NotInspected:
        """Return every fault of an agent's canonical arguments, as a SchemaValidator does."""
        ...


class LargeResults(Protocol):
    """Controls frames of servers that take too long where they come in."""

    async def control(
        self, line: bytes, order: ControlOrder, agent: str
    ) -> Controlled | NotInspected:
        """Return the frame as its agent gets it, as a ResultControl does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EditTelling:
    """What is known of an answer whose agent has to be told of a person's edit."""

    alone: bool
    """It is a result alone, not a frame."""
    state: bool
    """It says how a task stands; in it stands the task's result, where it has one."""
    of_tool: bool
    """It answers a call of a tool, which may begin tasks."""


@dataclass(frozen=True, slots=True)
class EditTold:
    """The same answer, which says it."""

    encoded: bytes
    tasks: tuple[str, ...]
    """Ids of the tasks that it begins."""


class LargeEdits(Protocol):
    """Puts word of an edit into large answers without holding up the loop."""

    async def tell(
        self, encoded: bytes | memoryview, telling: EditTelling, agent: str
    ) -> EditTold | NotInspected:
        """Return the answer that says it; what cannot say it is not handed on."""
        ...


class Workers(Protocol):
    """Processes that do pure jobs on bytes; a dead or late one is replaced."""

    async def ask(
        self,
        job: bytes,
        payload: bytes | memoryview,
        read: Callable[[Parts], T],
        agent: str,
    ) -> "T | NotInspected":
        """Have a worker do one job; `read` takes its answer, in a thread.

        A worker that is ready has two seconds for it. `agent` is whose connection brought the
        payload, with a slash before what tells apart several that share a name: no agent takes the
        room of the others, and what is over its own waits a while. They have their turns one after
        the other, so that none waits for more than one payload of another.
        """
        ...
