"""Words a decision that was just made, for the foot of the queue's list."""

from dataclasses import dataclass

from keyturn.application.approval_request import ApprovalRequest
from keyturn.domain.decision import Outcome
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.queue import DecidedRow
from keyturn.presentation.relative_time import duration_text
from keyturn.presentation.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A request that has ended."""

    request: ApprovalRequest
    outcome: str
    by_rule: bool
    at_ms: int


_MARKS = {
    Outcome.ALLOWED_ONCE: (Icon.CHECK, Role.ALLOW, "decided.allowed"),
    Outcome.ALLOWED_RULE: (Icon.CHECK, Role.ALLOW, "decided.allowed_rule"),
    Outcome.DENIED_USER: (Icon.CROSS, Role.DENY, "decided.denied"),
    Outcome.DENIED_RULE: (Icon.CROSS, Role.DENY, "decided.denied_rule"),
    Outcome.EXPIRED_NO_ANSWER: (Icon.EXPIRED, Role.INFO, "decided.expired"),
    Outcome.CANCELLED_BY_CLIENT: (Icon.WITHDRAWN, Role.INFO, "decided.withdrawn"),
}


def decided_row(decided: Decided, now_ms: int, cards: CardBuilder, words: Words) -> DecidedRow:
    """Return the row of a decision; an outcome that is none of a person's reads as refused."""
    try:
        mark = _MARKS.get(Outcome(decided.outcome))
    except ValueError:
        mark = None
    icon, role, key = mark or (Icon.REFUSED, Role.NEUTRAL, "decided.refused")
    text = words(key, agent=decided.request.agent, what=cards.phrases.verb(decided.request))
    age = duration_text((now_ms - decided.at_ms) / 1000, words)
    return DecidedRow(icon=icon, role=role, text=text, age=age)
