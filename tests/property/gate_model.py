"""What the gate promises, as a model without log, futures or timers."""

from dataclasses import dataclass, field
from enum import Enum, auto

HOLD, DETACHED, GRANT = 50, 24 * 3600, 600


class Phase(Enum):
    """Where the model holds a call to be."""

    ASKED = auto()
    DETACHED = auto()
    STARTING = auto()
    ATTACHED = auto()
    COMMITTING = auto()
    SERVING = auto()
    OVER = auto()


@dataclass(eq=False)
class ModelLate:
    """A result that nobody took, as the model sees it."""

    what: str
    owed: bool
    until: float
    given: bool = False


@dataclass(eq=False)
class ModelCall:
    """A call as the model sees it."""

    order: int
    stops_seen: int
    phase: Phase = Phase.OVER
    deadline: float = 0.0
    outcome: str = ""
    reply: str = ""
    """What the agent is answered; empty while it waits."""
    recorded: str = ""
    """The decision in the log, the one that counts for the send."""
    cancelled: bool = False
    sent: bool = False
    person_denied: bool = False
    connection: int = 0
    joined: "ModelCall | None" = None
    """The identical call whose answer it waits for."""
    late: ModelLate | None = None
    retry: bool = False
    claims: "list[ModelCall]" = field(default_factory=list["ModelCall"])
    interrupted: bool = False
    """A stop came while the server worked on it."""


class Model:
    """What the gate promises, without log, futures or timers."""

    def __init__(self) -> None:
        self.calls: list[ModelCall] = []
        self.now = 0.0
        self.stopped = self.drifted = self.full = self.slow = self.dead = self.silent = False
        self.starting = False
        self.rule: str = ""
        self.stops = 0
        self.grants: dict[int, float] = {}
        self.denials: dict[int, float] = {}
        """Until when identical calls are denied unasked."""
        self.kept: dict[int, ModelLate] = {}
        self.connection = 0

    @property
    def undisturbed(self) -> bool:
        """Whether a call that a person allows is sent."""
        return not (self.stopped or self.drifted or self.full or self.rule == "deny")

    def meets_another(self, order: int) -> bool:
        """Tell whether a call would wait for the server beside one that it may be a retry of.

        Both would go on at the same moment, and which is first is not promised: the later one is
        given the other's answer, or asked about.
        """
        return self.starting and any(
            call.phase in (Phase.ASKED, Phase.STARTING)
            and call.order == order
            and call.connection < self.connection
            for call in self.calls
        )

    def arrive(self, order: int) -> None:
        call = ModelCall(order=order, stops_seen=self.stops, connection=self.connection)
        self.calls.append(call)
        if not self.refused_at_once(call):
            call.phase = Phase.STARTING
            if not self.starting:
                self.judge(call)

    def refused_at_once(self, call: ModelCall) -> bool:
        if self.stopped or self.stops != call.stops_seen:
            self.decide(call, "refused_paused")
        elif self.drifted:
            self.decide(call, "blocked_definition_changed")
        elif self.rule == "deny":
            self.decide(call, "denied_rule")
        else:
            return False
        return True

    def claim(self, call: ModelCall) -> bool:
        """Let a retry have what an identical call left behind, with nothing to send."""
        late = self.kept.pop(call.order, None)
        if late is not None and late.until > self.now:
            call.late = late
        else:
            call.joined = next((c for c in self.calls if self.joins(call, c)), None)
            if call.joined is not None:
                call.joined.claims.append(call)
        call.retry = call.late is not None or call.joined is not None
        if call.retry:
            call.outcome = "allowed_retry_grant"
            self.write(call)
        return call.retry

    def joins(self, call: ModelCall, first: ModelCall) -> bool:
        running = first.phase is Phase.SERVING and not first.interrupted
        retried = first.cancelled or first.connection < call.connection
        return running and retried and first.order == call.order

    def deliver(self, call: ModelCall) -> None:
        """End the wait of a recorded retry."""
        call.phase = Phase.OVER
        if call.cancelled:
            call.reply = "silence"
        elif self.stopped or self.stops != call.stops_seen:
            call.reply = "refused_paused"
        elif self.drifted:
            call.reply = "blocked_definition_changed"
        elif call.late is not None:
            call.reply, call.late.given = call.late.what, True
            self.kept = {order: late for order, late in self.kept.items() if not late.given}
        self.give_back(call)

    def give_back(self, call: ModelCall) -> None:
        late = call.late
        call.joined = None
        if late is not None and late.owed and not late.given and call.stops_seen == self.stops:
            self.keep(call.order, late)

    def keep(self, order: int, late: ModelLate) -> None:
        late.until = late.until or self.now + GRANT
        self.kept[order] = late

    def judge(self, call: ModelCall) -> None:
        if self.claim(call):
            return
        granted = self.grants.get(call.order, 0.0) > self.now
        if self.rule == "allow":
            self.decide(call, "allowed_rule")
            return
        self.grants.pop(call.order, None)
        if granted:
            self.decide(call, "allowed_retry_grant")
            return
        if self.denials.get(call.order, 0.0) > self.now:
            call.person_denied = True
            self.decide(call, "denied_user")
            return
        for other in self.calls:
            if other.phase is Phase.DETACHED and other.order == call.order:
                other.phase = Phase.OVER
        call.phase, call.deadline = Phase.ASKED, self.now + HOLD
        if call.cancelled:
            self.detach(call, "silence")

    def decide(self, call: ModelCall, outcome: str) -> None:
        call.outcome = outcome
        if self.starting and outcome.startswith("allowed"):
            call.phase = Phase.STARTING
        else:
            self.write(call)

    def write(self, call: ModelCall) -> None:
        call.phase = Phase.COMMITTING
        if not self.slow:
            self.commit(call)

    def start(self) -> None:
        self.starting = False
        for call in self.calls:
            if call.phase is Phase.STARTING and call.outcome:
                self.write(call)
            elif call.phase is Phase.STARTING and not self.refused_at_once(call):
                self.judge(call)

    def commit(self, call: ModelCall) -> None:
        call.phase = Phase.OVER
        if self.full:
            call.reply = "error_broker"
            self.give_back(call)
            return
        if call.retry:
            call.recorded = call.outcome
            call.phase = Phase.ATTACHED
            if call.joined is None or call.cancelled:
                self.deliver(call)
            return
        call.recorded = call.outcome
        if not call.outcome.startswith("allowed"):
            gone = call.outcome == "cancelled_by_client"
            call.reply = "silence" if gone else call.outcome
        elif call.cancelled:
            call.reply = "silence"
        elif self.stopped or self.stops != call.stops_seen:
            call.reply = "refused_paused"
        elif self.drifted:
            call.reply = "blocked_definition_changed"
        elif self.dead:
            call.reply = "error_broker"
        else:
            call.sent = True
            call.phase = Phase.SERVING
            if not self.silent:
                self.serve(call, lost=False)

    def serve(self, call: ModelCall, *, lost: bool) -> None:
        call.phase, call.reply = Phase.OVER, "unknown" if lost else "result"
        owed = call.cancelled and not call.interrupted
        late = ModelLate(what=call.reply, owed=owed, until=0.0)
        waiting = [retry for retry in call.claims if retry.joined is call and not retry.cancelled]
        for retry in waiting:
            retry.joined, retry.late = None, late
        for retry in waiting:
            if retry.phase is Phase.ATTACHED:
                self.deliver(retry)
        if not waiting and owed:
            self.keep(call.order, late)

    def answer(self, call: ModelCall, *, allow: bool) -> None:
        if call.phase is Phase.DETACHED:
            if allow:
                self.grants[call.order] = self.now + GRANT
            else:
                self.denials[call.order] = self.now + GRANT
            call.phase, call.person_denied = Phase.OVER, not allow
        elif call.phase is Phase.ASKED:
            call.person_denied = not allow
            self.decide(call, "allowed_once" if allow else "denied_user")

    def cancel(self, call: ModelCall) -> None:
        call.cancelled = True
        if call.phase is Phase.ASKED:
            self.detach(call, "silence")
        elif call.phase is Phase.ATTACHED:
            self.deliver(call)

    def host_gone(self, call: ModelCall) -> None:
        call.cancelled = True
        if call.phase is Phase.ASKED:
            self.decide(call, "cancelled_by_client")
        elif call.phase is Phase.DETACHED:
            call.phase = Phase.OVER
        elif call.phase is Phase.ATTACHED:
            self.deliver(call)

    def detach(self, call: ModelCall, reply: str) -> None:
        call.phase, call.reply, call.deadline = Phase.DETACHED, reply, self.now + DETACHED

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        for call in sorted(self.calls, key=lambda c: c.deadline):
            if call.phase is Phase.ASKED and call.deadline <= end:
                self.now = call.deadline
                self.detach(call, "expired_no_answer")
            if call.phase is Phase.DETACHED and call.deadline <= end:
                call.phase = Phase.OVER
        self.now = end

    def refuse_all(self, outcome: str) -> None:
        for call in self.calls:
            if call.phase is Phase.ASKED:
                self.decide(call, outcome)
            elif call.phase is Phase.DETACHED:
                call.phase = Phase.OVER

    def stop(self) -> None:
        if not self.stopped:
            self.stopped, self.stops = True, self.stops + 1
            self.grants.clear()
            self.kept.clear()
            self.refuse_all("refused_paused")
            for call in self.calls:
                call.interrupted = call.interrupted or call.phase is Phase.SERVING
                call.joined = None
                if call.phase is Phase.ATTACHED:
                    self.deliver(call)

    def use_rule(self, name: str) -> None:
        self.rule = name
        for call in self.calls:
            if name and call.phase is Phase.ASKED:
                self.decide(call, "denied_rule" if name == "deny" else "allowed_rule")
