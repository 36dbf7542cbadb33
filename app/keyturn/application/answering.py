"""Who may answer what: one closed table of route and kind, which no adapter can go around.

A route or a kind of answer that is not in it is no answer (architecture.md law 4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from keyturn.application.approval_request import Answer, AnswerVerdict, RequestKind, Route
from keyturn.domain.tier import CONFIRMABLE

_NOBODY: frozenset[Route] = frozenset()
WINDOW = frozenset({Route.WINDOW, Route.ACCESSIBILITY})
"""Where a person can type a PIN, or a name."""
_PEOPLE = WINDOW | {Route.TERMINAL}
_APPROVERS = _PEOPLE | {Route.EXEC}
_AND_NOTIFICATION = _APPROVERS | {Route.NOTIFICATION}
"""Any program of the user's session can press a notification's button, so it only ever denies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Powers:
    """By which routes one kind of request can be answered how."""

    deny: frozenset[Route] = _APPROVERS
    allow: frozenset[Route] = _APPROVERS
    confirm: frozenset[Route] = _NOBODY
    """Give a tier or labels along with an allowance."""
    hide: frozenset[Route] = _NOBODY


_OF_A_TOOL = _Powers(confirm=_PEOPLE, hide=_PEOPLE)
_POWERS: Mapping[RequestKind, _Powers] = MappingProxyType(
    {
        RequestKind.COMMAND: _Powers(),
        RequestKind.DEFINITION: _OF_A_TOOL,
        RequestKind.CHANGE: _OF_A_TOOL,
        RequestKind.CALL: _Powers(deny=_AND_NOTIFICATION),
        RequestKind.INPUT: _Powers(),
        RequestKind.RESULT: _Powers(),
        RequestKind.AGENT: _Powers(deny=WINDOW, allow=WINDOW),
    }
)


def may_answer(kind: RequestKind, answer: Answer) -> bool:
    """Tell whether an answer of this route may say all of what it says of this kind of request."""
    powers, route = _POWERS[kind], answer.route
    allows = answer.verdict is AnswerVerdict.ALLOW_ONCE
    if route not in (powers.allow if allows else powers.deny):
        return False
    if answer.hide and route not in powers.hide:
        return False
    if answer.tier is None and answer.labels is None:
        return True
    # T3 is what a tool has while nobody has chosen; it cannot be chosen.
    choosable = answer.tier is None or answer.tier in CONFIRMABLE
    return allows and choosable and route in powers.confirm
