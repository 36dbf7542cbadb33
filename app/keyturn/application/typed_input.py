"""Owns the look at what a host's hook says was typed: checked, recorded, traceable as a claim.

Anybody who can start a program as this user can say the same, an agent too, so nothing here lowers
a verdict, lights or puts out a lamp, or stands before a result (architecture.md laws 4 and 6).
"""

import asyncio
from collections import deque
from collections.abc import Mapping

import msgspec

from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.inspection import InputCheck
from keyturn.application.ports.processes import ObservedPeer, Processes
from keyturn.application.sessions import Session, Sessions
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.decision import Actor
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.typed import InputFinding, InputFindingKind, InputHost

LONGEST_TEXT = 64 * 1024
"""Characters of one text; of a longer one the command sends so many, and looks at all itself."""
MOST_OF_ONE_HOST = 30
MOST_IN_ALL = 120
"""Texts in a minute; for a further one the command does what it does without a broker."""
_MINUTE_NS = 60 * 1_000_000_000
_HOSTS = frozenset(map(str, InputHost))

_Place = tuple[int, float] | None
"""Pid and start time of the process above the command; None where nobody can tell."""


class TypedInput:
    """Takes one text after the other."""

    def __init__(
        self,
        *,
        check: InputCheck,
        sessions: Sessions,
        processes: Processes,
        log: DecisionLog,
        clock: Clock,
    ) -> None:
        self._check = check
        self._sessions = sessions
        self._processes = processes
        self._log = log
        self._clock = clock
        self._taken: deque[tuple[int, _Place]] = deque()
        self._left_out = 0
        """Texts that came too fast since the last record."""

    async def take(self, request: Mapping[str, JsonValue]) -> JsonObject:
        """Look at a text and return what was found; `ok` false when it is not looked at here.

        `peer` is the id of the process that asks, as the system says: the socket puts it there.
        """
        host, text, peer = request.get("host"), request.get("text"), request.get("peer")
        if not isinstance(text, str) or not isinstance(host, str) or host not in _HOSTS:
            return _refusal("A check needs a known host and a text.")
        if len(text) > LONGEST_TEXT:
            return _refusal(f"A text has {LONGEST_TEXT} characters at most.")
        pid = peer if isinstance(peer, int) and not isinstance(peer, bool) else 0
        observed = await asyncio.to_thread(self._processes.observe, pid) if pid > 0 else _NOBODY
        if not self._has_room(_place_of(observed)):
            self._left_out += 1
            return _refusal("Too many texts were checked within a minute.")
        findings = await asyncio.to_thread(self._check.findings, text)
        sessions = self._sessions.working_for(observed)
        for session in sessions or (None,):
            self._record(session, host, len(text), findings, cut=request.get("cut") is True)
        suspicious = any(one.kind is InputFindingKind.ORDER for one in findings)
        for session in sessions:
            session.take_typed(host, text, suspicious=suspicious)
            # Before a model gets the text: calls are traced against all of it.
            await session.remembered()
        told: list[JsonValue] = [_told(finding) for finding in findings]
        return {"ok": True, "findings": told, "sessions": len(sessions)}

    def _has_room(self, place: _Place) -> bool:
        now = self._clock.monotonic_ns()
        while self._taken and now - self._taken[0][0] >= _MINUTE_NS:
            self._taken.popleft()
        of_this = sum(1 for _, other in self._taken if other == place)
        if len(self._taken) >= MOST_IN_ALL or of_this >= MOST_OF_ONE_HOST:
            return False
        self._taken.append((now, place))
        return True

    def _record(
        self,
        session: Session | None,
        host: str,
        characters: int,
        findings: tuple[InputFinding, ...],
        *,
        cut: bool,
    ) -> None:
        details: JsonObject = {"host": host, "characters": characters, **summary_of(findings)}
        if cut:
            details["cut"] = True
        if self._left_out:
            details["left_out"] = self._left_out
            self._left_out = 0
        self._log.note(
            Entry(
                type=RecordType.TYPED,
                session=session.id if session is not None else "",
                agent=session.agent if session is not None else "",
                outcome="checked",
                actor=Actor.CLIENT,
                details=details,
            )
        )


_NOBODY = ObservedPeer(process=None, parents=(), host=None)


def summary_of(findings: tuple[InputFinding, ...]) -> JsonObject:
    """Say what was found without a word of the text."""
    kinds: list[JsonValue] = [f.what for f in findings if f.kind is InputFindingKind.SECRET]
    hidden = sum(f.count for f in findings if f.kind is InputFindingKind.HIDDEN)
    orders = sum(f.kind is InputFindingKind.ORDER for f in findings)
    return {
        **({"secrets": kinds} if kinds else {}),
        **({"hidden_characters": hidden} if hidden else {}),
        **({"orders": orders} if orders else {}),
    }


def _told(finding: InputFinding) -> JsonObject:
    told: JsonObject = msgspec.to_builtins(finding)
    return told


def _place_of(peer: ObservedPeer) -> _Place:
    process = peer.host or next(iter(peer.parents), None)
    return (process.pid, process.started) if process is not None else None


def _refusal(sentence: str) -> JsonObject:
    return {"ok": False, "sentence": sentence}
