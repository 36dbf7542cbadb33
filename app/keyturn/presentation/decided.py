"""Words a decision that was just made, for the foot of the queue's list.

A window that comes back knows of none; it reads the latest ones from the log.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.domain.decision import Outcome
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.queue import DecidedRow
from keyturn.presentation.recorded_call import RecordedCall, request_of
from keyturn.presentation.relative_time import duration_text
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

LAST_DECISIONS: Final = 3
_LONGEST: Final = 60
_LONGEST_NAME: Final = 80
JUST = timedelta(hours=1)
"""What was decided longer ago was not just decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A request that has ended."""

    request: ApprovalRequest
    outcome: str
    by_rule: bool
    at_ms: int
    persons: tuple[str, ...] = ()
    """Who allowed it together, where it took two."""


_MARKS = {
    Outcome.ALLOWED_ONCE: (Icon.CHECK, Role.ALLOW, "decided.allowed"),
    Outcome.ALLOWED_MODIFIED: (Icon.EDITED, Role.ALLOW, "decided.allowed_edited"),
    Outcome.ALLOWED_RULE: (Icon.CHECK, Role.ALLOW, "decided.allowed_rule"),
    Outcome.DENIED_USER: (Icon.CROSS, Role.DENY, "decided.denied"),
    Outcome.DENIED_RULE: (Icon.CROSS, Role.DENY, "decided.denied_rule"),
    Outcome.EXPIRED_NO_ANSWER: (Icon.EXPIRED, Role.INFO, "decided.expired"),
    Outcome.CANCELLED_BY_CLIENT: (Icon.WITHDRAWN, Role.INFO, "decided.withdrawn"),
}


ENDS = (
    Outcome.ALLOWED_ONCE.value,
    Outcome.ALLOWED_MODIFIED.value,
    Outcome.DENIED_USER.value,
    Outcome.EXPIRED_NO_ANSWER.value,
)
"""How what waited for a person ends; a rule decides what never waited, too.

What its agent took back is left out: the log does not tell whether anybody was asked before, and an
agent that takes back three calls would have the whole list to itself.
"""


def decided_before(
    items: Iterable[RecordedCall], *, now: datetime, now_ms: int
) -> tuple[Decided, ...]:
    """Return what the log has of the last hour; `now_ms` is the window's own clock at `now`."""
    ages = [(item, now - datetime.fromisoformat(item.ts_utc)) for item in items]
    return tuple(
        Decided(
            request=request_of(item, item.arguments, None),
            outcome=item.outcome,
            by_rule=False,
            at_ms=now_ms - age // timedelta(milliseconds=1),
        )
        for item, age in ages
        if age < JUST
    )


def missing(known: Collection[Decided], earlier: Iterable[Decided]) -> list[Decided]:
    """Return what is not known yet, as far as there is room behind it."""
    ids = {decided.request.id for decided in known}
    new = [decided for decided in earlier if decided.request.id not in ids]
    return new[: LAST_DECISIONS - len(known)]


def decided_row(decided: Decided, now_ms: int, cards: CardBuilder, words: Words) -> DecidedRow:
    """Return the row of a decision; an outcome that is none of a person's reads as refused."""
    try:
        mark = _MARKS.get(Outcome(decided.outcome))
    except ValueError:
        mark = None
    icon, role, key = mark or (Icon.REFUSED, Role.NEUTRAL, "decided.refused")
    text = _reviewed(decided, icon, cards, words) or _asked(decided, key, cards, words)
    age = duration_text((now_ms - decided.at_ms) / 1000, words)
    return DecidedRow(icon=icon, role=role, text=text, age=age)


def _asked(decided: Decided, key: str, cards: CardBuilder, words: Words) -> str:
    named = {"agent": decided.request.agent, "what": cards.phrases.verb(decided.request)}
    said = {key: _brief(name, words) for key, name in named.items()}
    if decided.persons and decided.outcome == Outcome.ALLOWED_ONCE.value:
        first, second = (shown_line(name, words, most=_LONGEST) for name in decided.persons)
        return words("decided.allowed_together", first=first, second=second, **said)
    if key == "decided.refused":
        return words(key, why=_why(decided.outcome, words), **said)
    return words(key, **said)


def _why(outcome: str, words: Words) -> str:
    """Say which refusal it was; one that this version does not know is one of Keyturn's."""
    known = outcome in {one.value for one in Outcome}
    return words(f"history.outcome_{outcome}") if known else words("history.by_keyturn")


def _brief(name: str, words: Words) -> str:
    """Return the beginning of a name that an agent or a server made longer than any is."""
    more = words("fitting.more", n=len(name) - _LONGEST_NAME)
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]} {more}"


_ENDS_OF_A_REVIEW = {Icon.CHECK: 0, Icon.CROSS: 1}
_REVIEWS = {
    RequestKind.COMMAND: ("decided.start_allowed", "decided.start_denied", "decided.start_over"),
    RequestKind.DEFINITION: ("decided.tool_allowed", "decided.tool_denied", "decided.tool_over"),
    RequestKind.CHANGE: (
        "decided.change_allowed",
        "decided.change_denied",
        "decided.change_over",
    ),
    RequestKind.RESULT: ("decided.result_given", "decided.result_kept", "decided.result_over"),
}
_CONNECTING = (
    "decided.connect_allowed",
    "decided.connect_denied",
    "decided.connect_over",
)


def _reviewed(decided: Decided, icon: Icon, cards: CardBuilder, words: Words) -> str:
    """Say what was reviewed, or what became of a result; empty for what an agent asked."""
    request = decided.request
    keys = _REVIEWS.get(request.kind)
    if keys is None:
        return ""
    if cards.phrases.is_remote(request):
        keys = _CONNECTING
    key = keys[_ENDS_OF_A_REVIEW.get(icon, 2)]
    names = {"server": request.server, "tool": request.tool or "", "agent": request.agent}
    return words(key, **{name: _brief(text, words) for name, text in names.items()})
