"""Answers a retry with what an identical earlier call brought: steps 7 to 9, with nothing to send.

The gate looks here before it asks a person; the retry's own decision is recorded like any other,
and names the call that was sent.
"""

from collections.abc import Generator
from contextlib import contextmanager

from keyturn.application.assessment import Assessment
from keyturn.application.call import Forwarded, IncomingCall, Judged, Refused, Reply, Silence
from keyturn.application.events import Observers, Topic
from keyturn.application.late_results import Claim, Flight, LateResults
from keyturn.application.ports.clock import Clock
from keyturn.application.recording import Recorder
from keyturn.application.stop import StopSwitch
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Delivery, Outcome
from keyturn.domain.late import Kept

FIRST = "first"
"""In the details of a decision and a delivery: the identical call that was sent."""


class LateCalls:
    """The gate's way to results of calls whose requester left."""

    def __init__(
        self,
        *,
        assessment: Assessment,
        stop: StopSwitch,
        recorder: Recorder,
        observers: Observers,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._assessment = assessment
        self._recorder = recorder
        self._observers = observers
        self._results = LateResults(clock, limits)
        # After the stop nothing is delivered late, also when a person resumes at once.
        stop.on_engage(lambda _facts: self._results.clear())

    def sent(self, incoming: IncomingCall, judged: Judged) -> Flight:
        """Follow a call from its write on."""
        return self._results.sent(incoming, judged)

    def ended(self, flight: Flight, reply: Reply) -> None:
        """Take its answer in, for whoever retries."""
        self._results.ended(flight, reply)

    def claim(self, incoming: IncomingCall, judged: Judged) -> Claim | None:
        """Return what an identical earlier call leaves to this one; None for a call of its own.

        As one with a person's arguments is, which its agent has made neither now nor before.
        """
        return self._results.claim(incoming, judged) if judged.asked is None else None

    @contextmanager
    def holding(self, claim: Claim) -> Generator[None]:
        """Give back, whatever happens, what the retry did not take in the end."""
        try:
            yield
        finally:
            self._results.release(claim)

    async def deliver(self, incoming: IncomingCall, judged: Judged, claim: Claim) -> Reply:
        """Wait for the first call's answer where it still runs, and give it to the retry.

        The stop, a changed tool and a client that left are looked at last, as before a write.
        """
        if claim.woken is not None:
            await claim.woken
            incoming.awaits = None
        kept = claim.kept
        refused = _given_up(incoming) or self._assessment.overtaken(incoming, judged)
        if refused is None and kept is None:
            refused = Refused(outcome=Outcome.ERROR_BROKER)
        if refused is not None or kept is None:
            return self._not_given(incoming, judged, claim, refused or Silence())
        self._results.given(kept)
        details: JsonObject = {FIRST: kept.call}
        if kept.withheld:
            details["withheld"] = kept.withheld
        self._deliver(incoming, judged, kept.delivery, details)
        return _reply(kept)

    def _not_given(
        self, incoming: IncomingCall, judged: Judged, claim: Claim, refused: Refused | Silence
    ) -> Reply:
        reason = refused.outcome.value if isinstance(refused, Refused) else "cancelled"
        details: JsonObject = {FIRST: claim.first, "reason": reason}
        self._deliver(incoming, judged, Delivery.NOT_SENT, details)
        return refused

    def _deliver(
        self, incoming: IncomingCall, judged: Judged, delivery: Delivery, details: JsonObject
    ) -> None:
        self._recorder.delivery(
            call_id=incoming.id,
            connection=incoming.connection,
            tool=judged.call.tool,
            delivery=delivery,
            details=details,
        )
        self._observers.changed(Topic.HISTORY)


def _given_up(incoming: IncomingCall) -> Refused | Silence | None:
    if incoming.ended:
        return Refused(outcome=Outcome.ERROR_BROKER)
    return Silence() if incoming.left else None


def _reply(kept: Kept) -> Reply:
    if kept.line:
        return Forwarded(line=kept.line, other_id=True)
    if kept.withheld:
        return Refused(outcome=Outcome.ERROR_BROKER, withheld=kept.withheld)
    return Refused(outcome=Outcome.ERROR_BROKER, unknown=True)
