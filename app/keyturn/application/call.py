"""One judged call on its way through the gate: what came in, and what goes back to the agent.

Of a tool mostly; whatever else is judged that a client asks for goes the same way.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from keyturn.application.agreements import Standing
from keyturn.application.connection import Connection
from keyturn.application.environments import NOTHING_FOUND, Environments, Found
from keyturn.application.flow_ledger import FlowLedger
from keyturn.application.ports.clock import Timer
from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonObject, Malformed
from keyturn.domain.client_request import TOOLS_CALL, name_in
from keyturn.domain.commands import Command
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.decision import Outcome
from keyturn.domain.definition import ToolDefinition
from keyturn.domain.destinations import Destination, destinations_in
from keyturn.domain.edit import with_kept, with_typed_on_card
from keyturn.domain.environment import Crossing
from keyturn.domain.flow import NO_FLOWS, Flows
from keyturn.domain.grant import GrantScope
from keyturn.domain.hold_budget import held_seconds
from keyturn.domain.lamps import Lamps
from keyturn.domain.origin import Trace
from keyturn.domain.policy import Because, Judgement, Posture
from keyturn.domain.step_up import Weighed
from keyturn.domain.tier import Tier
from keyturn.domain.touches import ONE, Touches, touches_of
from keyturn.domain.written_files import RunsWritten, run_in, written_in


@dataclass(slots=True, kw_only=True, eq=False)
class CallRounds:
    """How a call waits for a person over several requests of its client."""

    left: int
    """How often its client can still be had to ask again."""
    since_ns: int
    """When its first request came."""
    given: int = 0
    """How often it was."""
    hold_seconds: float = 0.0
    """How long its agent's client waits for one answer."""
    walk: "asyncio.Task[Handled] | None" = None
    """Its one way through the gate, whichever request waits for it."""
    returns: "asyncio.Future[None] | None" = None
    """Set while no request of the client waits: done once one does, or none will."""
    on_asked: Callable[[], None] = lambda: None
    """Called when a person is asked."""
    unheard: Callable[[], None] = lambda: None
    """Called where its client does not come back for what a person answered."""
    timer: Timer | None = None
    """Ends the round of the request that waits."""

    def drop_timer(self) -> None:
        """Let no round end any more."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def left_unheard(self) -> None:
        """Take it, once, that its client does not come back."""
        unheard, self.unheard = self.unheard, lambda: None
        unheard()

    def await_no_longer(self) -> None:
        """Go on without its client, where it has none."""
        if self.returns is not None and not self.returns.done():
            self.returns.set_result(None)


class IncomingCall(msgspec.Struct, kw_only=True):
    """A `tools/call`, or another judged request, as the wire decoded it."""

    id: str
    """Keyturn's own id of the call; links its records."""
    connection: Connection
    request_id: str | int
    """The client's JSON-RPC id; the same id is used upstream."""
    params: JsonObject | Malformed
    method: str = TOOLS_CALL
    cancelled: bool = False
    """The client cancelled or left; nothing may be sent from then on."""
    ended: bool = False
    """The connection or its server ended while the client still waits, so it is refused."""
    sent: bool = False
    """The request was written upstream, so that a cancellation is passed on instead."""
    decided: bool = False
    """Its decision is in the log; what happens from then on is a delivery."""
    approval_id: str = ""
    """Set while the call waits for a person."""
    held_result: str = ""
    """Set while its result waits for a person."""
    shown: int = 0
    """How often it was shown to one."""
    again_for: str = ""
    """The call that this one was until it took more to allow it than was met."""
    heard: Callable[[], bool] = lambda: True
    """Tells whether an answer would still reach the client, as far as that can be known."""
    awaits: "asyncio.Future[None] | None" = None
    """Set while the call waits for the answer to an identical one that was sent before."""
    rounds: CallRounds | None = None
    """Set where its client can be had to ask again while it waits for a person."""
    fault: str = ""
    """Why it is refused however it reads: what it says that it continues is not there."""
    stops_seen: int | None = None
    """How many stops there were when it came; None where it is taken as it comes."""

    def begin_anew(self, id_: str) -> None:
        """Take it as another call: what was decided of this one is void, and written down."""
        self.again_for, self.id = self.id, id_
        self.decided, self.shown = False, 0

    def cancel(self) -> None:
        """Take it that the client gave the call up; nothing is sent from now on."""
        self.cancelled = True
        self._await_no_longer()

    def end(self) -> None:
        """Take it that the connection or its server ended; nothing is sent from now on."""
        self.ended = True
        self._await_no_longer()

    @property
    def left(self) -> bool:
        """Whether nobody waits for its answer any more."""
        return self.cancelled or not self.heard()

    def held_for(self, hold_seconds: float, in_all: float | None) -> float:
        """Say that a person is asked now; return for how long, over all rounds together."""
        if self.rounds is None:
            return hold_seconds
        self.rounds.hold_seconds = hold_seconds
        self.rounds.on_asked()
        most = held_seconds(hold_seconds, self.rounds.left)
        return most if in_all is None else min(most, in_all)

    def _await_no_longer(self) -> None:
        if self.rounds is not None:
            self.rounds.await_no_longer()
        if self.awaits is not None and not self.awaits.done():
            self.awaits.set_result(None)

    def claimed_name(self) -> str:
        """Return what it names, whether or not there is such a thing; empty for what is unread."""
        if isinstance(self.params, Malformed):
            return ""
        of_tool = self.method == TOOLS_CALL
        named = self.params.get("name") if of_tool else name_in(self.method, self.params)
        return named if isinstance(named, str) else ""


Basis = tuple[
    str, int, Posture, bool, Lamps, int, Tier, Lamps, bool, Found, tuple[RunsWritten, ...], Flows
]
"""What a judgement rests on beside the call: hash of the rules, changes of the grants, posture,
whether rules are suspended, the session's lamps, how many results its trace looks in, the tool's
tier and labels, whether it takes two persons, what was found of environments, which files it runs
that calls wrote, and which secrets it holds that were read."""


class Judged(msgspec.Struct, kw_only=True):
    """What the first four steps found out about a call."""

    call: ToolCall
    standing: Standing
    definition: ToolDefinition | None
    """As listed on this connection, and covered by a person's pin; None for what is no tool."""
    number: int
    task: int = 1
    """Of its session, when the call came in."""
    stops_seen: int = 0
    """How many stops there had been when the call came in; one more voids its decision."""
    tier: Tier = Tier.T3
    trace: Trace = Trace()
    judgement: Judgement | None = None
    basis: Basis | None = None
    found: Found = NOTHING_FOUND
    """What it crosses, names and reaches."""
    found_at: tuple[int, ServerConfig] | None = None
    """How often labels had changed by then, and the server as it was."""
    commands: tuple[Command, ...] = ()
    """What the commands among its arguments do."""
    ran: tuple[RunsWritten, ...] = ()
    """The files that it runs, of those that earlier calls of the session wrote."""
    flows: Flows = NO_FLOWS
    """What of its arguments was read as a secret before."""
    flows_at: int = -1
    """How much the ledger of these knew by then."""
    apart: bool = False
    """It was waited for while it was looked at, so that something may have come in between."""
    digest: str = ""
    canonical_arguments: bytes = b""
    outcome: Outcome = Outcome.ERROR_BROKER
    """As its decision was recorded."""
    decide_ms: int = 0
    """How long a person took, or let it be."""
    retry_granted: bool = False
    """It was allowed, its client did not come back, and the next identical call may be sent."""
    asked: "Judged | None" = None
    """What its agent asked for, where a person changed the arguments."""

    _touches: Touches | None = None
    _sends_to: tuple[Destination, ...] | None = None
    _runs: tuple[str, ...] | None = None

    def become(self, other: "Judged") -> None:
        """Be what another one is, for all who hold this one."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(other, name))

    def with_edit(self, trace: Trace) -> Trace:
        """Return where its values come from, those included that a person typed in it."""
        if self.asked is None:
            return trace
        asked, mine = self.asked.call.arguments, self.call.arguments
        return with_typed_on_card(with_kept(trace, self.asked.trace, asked, mine), asked, mine)

    @property
    def arguments_text(self) -> str:
        """Its canonical arguments as text; of a large call made before, off the loop."""
        sealed = self.call.sealed
        return self.canonical_arguments.decode() if sealed is None else sealed.text

    @property
    def repeats_edit(self) -> bool:
        """Whether it is what a person wrote in an earlier call, which this one goes on with.

        Nobody judged what its agent asked for this time, so that nothing can be shown of that.
        """
        return self.asked is not None and self.asked.basis is None

    @property
    def is_edit(self) -> bool:
        """Whether a person wrote it just now: where it is refused, no call was denied."""
        return self.asked is not None and not self.repeats_edit

    def touches(self) -> Touches:
        """Count what it touches, once: nothing of that changes."""
        if self._touches is None:
            of_tool = self.call.is_of_tool
            self._touches = touches_of(self.call.arguments, self.commands) if of_tool else ONE
        return self._touches

    @property
    def sends_to(self) -> tuple[Destination, ...]:
        """Where it may send, read off once; nowhere for what only reads and tells nobody."""
        if self._sends_to is None:
            reads = self.tier is Tier.T0 and Lamps.X not in self.standing.labels
            sends = self.call.is_of_tool and not reads
            self._sends_to = destinations_in(self.call.arguments) if sends else ()
        return self._sends_to

    @property
    def runs(self) -> tuple[str, ...]:
        """The files that it runs, read off once."""
        if self._runs is None:
            of_tool = self.call.is_of_tool
            call = self.call
            self._runs = run_in(call.tool, call.arguments, self.commands) if of_tool else ()
        return self._runs

    @property
    def writes(self) -> tuple[str, ...]:
        """The files that it may write, where it may change anything."""
        if not self.call.is_of_tool or self.tier is Tier.T0:
            return ()
        return written_in(self.call.arguments, self.commands)

    def look_for_secrets(self, flows: FlowLedger) -> None:
        """Find out what it would carry on, unless nothing was learnt since that was done."""
        if self.flows_at != flows.version:
            self.flows = flows.flows(self.call.arguments, self.call.session)
            self.flows_at = flows.version

    @property
    def sends_secret(self) -> bool:
        """Whether what was read as a secret would come to where it was not."""
        reaches = Lamps.X in self.standing.labels or self.tier > Tier.T0
        return self.flows.leave(self.call.server, reaches=reaches)

    def look(self, environments: Environments, connection: Connection) -> None:
        """Find out what it crosses, unless that was found since a label or a pair changed."""
        now = (environments.changes, connection.server)
        at = self.found_at
        if at is None or at[0] != now[0] or at[1] is not now[1]:
            self.found = environments.find(connection, self.call.arguments)
            self.found_at = now

    def weighed(self, connection: Connection) -> Weighed:
        """Return what says what it takes to allow it, as it was weighed last."""
        call, standing = self.call, self.standing
        return Weighed(call.agent, connection.agent_enrolled, self.tier, standing.two_persons)

    @property
    def only_noted(self) -> bool:
        """Tell whether no rule speaks of it, so that it is noted and not decided."""
        return self.judgement is not None and self.judgement.because is Because.BUILT_IN


def scope_of(incoming: IncomingCall, judged: Judged) -> GrantScope | None:
    """Return what an approval of a call would be remembered for; None for what is no tool's."""
    if not judged.call.is_of_tool:
        return None
    return GrantScope(
        session=incoming.connection.session.id,
        launch_hash=judged.call.launch_hash,
        def_hash=judged.call.def_hash,
        tier=judged.tier,
        labels=judged.standing.labels,
    )


class Forwarded(msgspec.Struct, frozen=True):
    """The server's own answer: byte for byte as it came, but for the texts that were taken out."""

    line: bytes
    other_id: bool = False
    """It came for an identical call of another id; all else is as it came."""
    asks: bool = True
    """It may ask for something, which is looked for; False where that is known not to be so."""


class Replaced(msgspec.Struct, frozen=True):
    """The server's result, cut by inspection."""

    encoded: bytes | memoryview
    """In JSON."""
    asks: bool = True
    """As of what is forwarded."""


NO_SECOND_PERSON = "the tool takes two persons, and nobody is named as the second one"
NO_WINDOW = "it takes what a person types in Keyturn's window, and there is none"
WANTS_SIGN_IN = "the server wants the user to sign in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Keyturn's own answer: nothing was sent, or nothing of the result may be seen."""

    outcome: Outcome
    message: str = ""
    """The person's words, when they denied with a message."""
    rule: str = ""
    never: bool = False
    """The rule that denied it is marked so that no approval lets it through."""
    crossing: Crossing | None = None
    """From which environment to which it would have gone, where it was denied for that."""
    ticket: str = ""
    faults: tuple[str, ...] = ()
    hold_seconds: int = 0
    unknown: bool = False
    """The call was sent and its outcome is not known."""
    edited: bool = False
    """What was sent had other arguments, which a person wrote."""
    withheld: str = ""
    """The call ran, and why its result is kept back."""
    broke_schema: bool = False
    """That is because the result does not fit what the server itself says of it."""


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Not decided yet: the client is to make the same call again, with this state, and waits on."""

    state: str


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer: the client cancelled, and a cancelled request is not answered."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """It may be sent now, by whoever carries the stream that answers it for as long as it lives."""

    params: JsonObject


Reply = Forwarded | Replaced | Refused | AskAgain | Silence
Handled = Reply | Admitted
