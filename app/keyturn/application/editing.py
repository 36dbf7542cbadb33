"""Owns what a person may make of a call that waits: other arguments, judged as all are.

Only the window leads here; nothing that an agent, a server, a rule or another approver says does.
An edit allows nothing: the call waits on, under another id, until a person allows what they see.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from keyturn.application.approvals import Approvals
from keyturn.application.call import IncomingCall, Judged, Refused
from keyturn.application.continuations import Continuations, goes_on
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.recording import Recorder
from keyturn.domain.approval import State
from keyturn.domain.call import ToolCall, without_own_meta
from keyturn.domain.canonical import JsonObject, Malformed, canonical, parse_strict
from keyturn.domain.decision import Actor
from keyturn.domain.edit import LONGEST_EDIT_BYTES
from keyturn.domain.policy import Because
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.sealed import SealedParams, seal

ASKED = "asked_digest"
"""In the details of a decision: the digest of the call as its agent asked for it."""


class EditEffect(StrEnum):
    """What became of an edit."""

    APPLIED = "applied"
    OVER = "over"
    """The request has ended, its agent waits no more, or another edit came first."""
    STALE = "stale"
    """The digest is not the request's."""
    NOT_EDITABLE = "not_editable"
    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    NO_OBJECT = "no_object"
    REFUSED = "refused"
    """Such a call would be refused; the one that waits stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """How it went."""

    effect: EditEffect
    reason: str = ""
    """Of a text that could not be read, one phrase without the text itself."""
    refused: Refused | None = None


class Edits:
    """Applies what the window sends."""

    def __init__(self, approvals: Approvals) -> None:
        self._approvals = approvals

    async def edit(self, request_id: str, digest: str, text: str) -> Edited:
        """Put arguments in the place of those of exactly what was on screen.

        `text` is JSON as a person typed it; what two readers could understand in two ways is
        refused, as in a call of an agent.
        """
        waiting = self._approvals.still_waiting(request_id)
        if waiting is None or waiting.state is not State.PENDING:
            return Edited(effect=EditEffect.OVER)
        if waiting.request.digest != digest:
            return Edited(effect=EditEffect.STALE)
        if waiting.call is None:
            return Edited(effect=EditEffect.NOT_EDITABLE)
        arguments = _read(text)
        if isinstance(arguments, Edited):
            return arguments

        def waits() -> bool:
            now = self._approvals.still_waiting(request_id)
            return now is not None and now is waiting and now.state is State.PENDING

        made = await waiting.call.edit(arguments, waits)
        if made is None:
            return Edited(effect=EditEffect.OVER)
        if isinstance(made, Refused):
            return Edited(effect=EditEffect.REFUSED, refused=made)
        self._approvals.ask_anew(waiting, made)
        return Edited(effect=EditEffect.APPLIED)


def _read(text: str) -> JsonObject | Edited:
    if len(text) > LONGEST_EDIT_BYTES:
        return Edited(effect=EditEffect.TOO_LONG)
    read = parse_strict(text)
    if isinstance(read, Malformed):
        return Edited(effect=EditEffect.MALFORMED, reason=read.reason)
    if not isinstance(read.value, dict):
        return Edited(effect=EditEffect.NO_OBJECT)
    too_long = len(canonical(read.value)) > LONGEST_EDIT_BYTES
    return Edited(effect=EditEffect.TOO_LONG) if too_long else read.value


def edited_from(judged: Judged, arguments: JsonObject) -> Judged | None:
    """Return what is to be judged of a call with other arguments; None for what is not edited.

    That is what is of no tool, is large, or goes on with what a server asked for: its state holds
    for the arguments that it was given for.
    """
    call = judged.call
    if not call.is_of_tool or call.sealed is not None or goes_on(call):
        return None
    if len(judged.canonical_arguments) > LONGEST_EDIT_BYTES:
        return None
    # A copy: this one becomes what the edit makes of it, for all who hold it.
    return _with_arguments(judged, arguments, judged.asked or msgspec.structs.replace(judged))


def continued(judged: Judged, continuations: Continuations) -> Judged:
    """Return a call as a person wrote it, where it goes on with one that they did; else itself."""
    arguments = continuations.written_for(judged.call)
    if arguments is None:
        return judged
    judged.canonical_arguments = judged.call.canonical_arguments()
    judged.digest = judged.digest or judged.call.digest(judged.canonical_arguments)
    return _with_arguments(judged, arguments, judged)


def hash_large(judged: Judged, continuations: Continuations) -> Judged:
    """Do the same for a large call, and compute its digests; to be done in a thread."""
    judged.digest = judged.call.hash_large()
    made = continued(judged, continuations)
    if made is not judged:
        made.digest = made.call.hash_large()
    return made


def still_goes_on(judged: Judged, continuations: Continuations) -> bool:
    """Tell whether what a person wrote in an earlier call still stands for what is asked now.

    True for every call that repeats none.
    """
    if not judged.repeats_edit:
        return True
    judgement = judged.judgement
    allowed = judgement is not None and judgement.because is Because.CONTINUATION
    return allowed and continuations.holds(judged.call)


def as_its_own(judged: Judged) -> Judged:
    """Return what is to be judged of a call that goes on with nothing any more: what was asked."""
    return Judged(
        call=judged.call if judged.asked is None else judged.asked.call,
        standing=judged.standing,
        definition=judged.definition,
        number=judged.number,
        task=judged.task,
        stops_seen=judged.stops_seen,
    )


def _with_arguments(judged: Judged, arguments: JsonObject, asked: Judged) -> Judged:
    params: JsonObject = {**judged.call.params, "arguments": arguments}
    if judged.call.sealed is not None:
        params = SealedParams(params, *seal(params))
    return Judged(
        call=judged.call.with_params(params),
        standing=judged.standing,
        definition=judged.definition,
        number=judged.number,
        task=judged.task,
        stops_seen=judged.stops_seen,
        asked=asked,
    )


def note_asked(
    incoming: IncomingCall, judged: Judged | None, log: DecisionLog, recorder: Recorder
) -> None:
    """Note what an agent asked for, where a person changed it; to come before the decision.

    Whoever commits that has both on the disk: a log keeps its order.
    """
    if judged is None or judged.asked is None:
        return
    connection, call = incoming.connection, judged.asked.call
    committed = judged.asked.canonical_arguments
    kept, masked = recorder.masked(committed)
    log.note(
        Entry(
            type=RecordType.EDITED,
            call=incoming.id,
            session=connection.session.id,
            agent=connection.agent,
            server=connection.server.name,
            def_hash=call.def_hash,
            tool=recorder.name_of(call),
            tier=judged.asked.tier.name,
            call_digest=judged.asked.digest,
            outcome=RecordType.EDITED.value,
            actor=Actor.HUMAN,
            arguments=kept,
            masked=masked,
            committed=committed,
        )
    )


def with_latest(judged: Judged, params: JsonObject) -> ToolCall:
    """Return a call with the params of its client's last request, but a person's arguments."""
    latest: JsonObject = without_own_meta(params)
    if judged.asked is not None:
        latest = {**latest, "arguments": judged.call.arguments}
    return judged.call.with_params(latest)
