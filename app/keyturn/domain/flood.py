"""Owns when one agent asks too much of a person: what is counted, and which count is a flood.

Pure: every input carries the moment it happened, in nanoseconds of one monotonic clock. It decides
nothing about a call; whoever counts holds the agent until a person chooses (console.md 3.4).
"""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

PROMPTS: Final = 30
"""So many in `PROMPTS_SECONDS` are no flood; one more is."""
PROMPTS_SECONDS: Final = 60
SAME_DENIED: Final = 3
"""So many denials of the identical call are a flood."""
TOOLS: Final = 5
"""So many tools tried within `TOOLS_SECONDS` after a denial are no flood; one more is."""
TOOLS_SECONDS: Final = 10
MOST_DENIED: Final = 200
"""Calls whose denials are counted; the one denied longest ago is forgotten then."""
_SECOND: Final = 1_000_000_000


class FloodCause(StrEnum):
    """What there was too much of."""

    PROMPTS = "prompts"
    SAME_DENIED = "same_denied"
    TOOLS = "tools"


@dataclass(frozen=True, slots=True)
class Flood:
    """What was counted when it became too much."""

    cause: FloodCause
    count: int
    seconds: int
    """In how many; 0 where no time is counted."""


@dataclass(slots=True)
class FloodTally:
    """Counts for one agent; a flood is returned each time that an input is too much."""

    _asked_ns: deque[int] = field(default_factory=lambda: deque[int](maxlen=PROMPTS * 16))
    _denied: dict[str, int] = field(default_factory=dict[str, int])
    _denied_ns: int | None = None
    _tools: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def asked(self, server: str, tool: str, now_ns: int) -> Flood | None:
        """Count one more question to the person."""
        self._asked_ns.append(now_ns)
        while now_ns - self._asked_ns[0] >= PROMPTS_SECONDS * _SECOND:
            self._asked_ns.popleft()
        count = len(self._asked_ns)
        if count > PROMPTS:
            seconds = (now_ns - self._asked_ns[0]) // _SECOND + 1
            return Flood(FloodCause.PROMPTS, count, min(PROMPTS_SECONDS, seconds))
        return self._tried(server, tool, now_ns)

    def denied(self, digest: str, now_ns: int) -> Flood | None:
        """Count a denial of a call, whether a person was asked or their denial held on."""
        self._denied_ns, self._tools = now_ns, set()
        count = self._denied.pop(digest, 0) + 1
        self._denied[digest] = count
        if len(self._denied) > MOST_DENIED:
            del self._denied[next(iter(self._denied))]
        return Flood(FloodCause.SAME_DENIED, count, 0) if count >= SAME_DENIED else None

    def _tried(self, server: str, tool: str, now_ns: int) -> Flood | None:
        if self._denied_ns is None or now_ns - self._denied_ns > TOOLS_SECONDS * _SECOND:
            return None
        self._tools.add((server, tool))
        count = len(self._tools)
        return Flood(FloodCause.TOOLS, count, TOOLS_SECONDS) if count > TOOLS else None
