"""Owns what an answer has to have met to allow something, and what it did meet.

Asked when an answer is applied, and once more before what it allowed goes out: what was allowed by
less than it takes by then is allowed by nobody.
"""

from dataclasses import replace
from typing import Protocol

from keyturn.application.answering import WINDOW, may_answer
from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    RequestKind,
)
from keyturn.domain.step_up import Takes, Weighed

TWO = 2


class Levels(Protocol):
    """Says what it takes, as things are when it is asked."""

    def of_call(self, weighed: Weighed) -> Takes:
        """Return what it takes to allow a call."""
        ...

    def of_review(self, request: ApprovalRequest, answer: Answer) -> Takes:
        """Return what it takes to allow what is no call with just this answer."""
        ...


class Clicks:
    """Where nobody has a PIN: a click does, unless it takes two persons."""

    def of_call(self, weighed: Weighed) -> Takes:
        """Return what it takes to allow a call."""
        return Takes.BOTH if weighed.two_persons else Takes.CLICK

    def of_review(self, request: ApprovalRequest, answer: Answer) -> Takes:
        """Return what it takes to allow what is no call: a click."""
        return Takes.CLICK


def needed(levels: Levels, request: ApprovalRequest, answer: Answer) -> Takes:
    """Return what it takes to have a request end as an answer says; to deny takes a click."""
    if answer.verdict is not AnswerVerdict.ALLOW_ONCE:
        return Takes.CLICK
    if request.kind is RequestKind.CALL:
        return levels.of_call(request.weighed)
    return levels.of_review(request, answer)


def met(answer: Answer) -> Takes:
    """Return what came with an answer."""
    if len(answer.persons) == TWO:
        return Takes.BOTH
    if answer.pin:
        return Takes.PIN
    return Takes.NAME if answer.named else Takes.CLICK


def with_level(answer: Answer) -> Answer:
    """Bind to an answer what it met."""
    return replace(answer, level=met(answer))


def level_of(levels: Levels, request: ApprovalRequest, answer: Answer | None) -> Takes:
    """Return what was met by whatever ended a request; what it took, where that was no person."""
    return levels.of_call(request.weighed) if answer is None else answer.level


def refusal(levels: Levels, request: ApprovalRequest, answer: Answer) -> AnswerEffect | None:
    """Return why an answer has no effect on a request; None where it has."""
    if answer.digest != request.digest:
        # A wrong digest never allows, and it is not taken as a person's denial either.
        return AnswerEffect.STALE
    if not may_answer(request.kind, answer):
        return AnswerEffect.NOT_ALLOWED
    level = needed(levels, request, answer)
    if met(answer) >= level:
        return None
    if answer.route not in WINDOW:
        return AnswerEffect.NO_WINDOW
    if level is Takes.BOTH:
        return AnswerEffect.BOTH_WANTED
    return AnswerEffect.PIN_WANTED if level is Takes.PIN else AnswerEffect.NAME_WANTED
