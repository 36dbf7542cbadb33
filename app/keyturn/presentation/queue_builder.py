"""Builds the rows of the queue: one waiting request each, in three lines."""

from enum import Enum
from typing import Final

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.presentation.card import DecisiveValue
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.chips import tier_of
from keyturn.presentation.claims import is_own
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.queue import QueueRow, RowNote
from keyturn.presentation.relative_time import duration_text
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

LONGEST_SPOKEN: Final = 600
"""Characters of a row that readers are told; the rest is counted."""


class RowState(Enum):
    """What a row says of its state; waiting is not printed."""

    WAITING = ""
    LATER = "phrases.row_later"
    STOPPED_WAITING = "phrases.chip_stopped_waiting"
    DECIDED_BY_RULE = "phrases.row_decided_by_rule"


class QueueBuilder:
    """Makes rows in one language."""

    def __init__(self, words: Words, cards: CardBuilder) -> None:
        self._words = words
        self._cards = cards

    def row(
        self,
        request: ApprovalRequest,
        *,
        age_seconds: float,
        revision: int = 1,
        state: RowState = RowState.WAITING,
    ) -> QueueRow:
        """Return the row of a request that has waited for `age_seconds`."""
        phrases = self._cards.phrases
        decisive = self._cards.decisive(request)
        tier = tier_of(request)
        told = self._told(request, decisive)
        return QueueRow(
            request_id=request.id,
            revision=revision,
            digest=request.digest,
            tier=tier,
            verb=phrases.verb(request),
            decisive=told,
            notes=self._notes(request, state),
            age=duration_text(age_seconds, self._words),
            spoken=shown_line(
                self._words(
                    "phrases.row_spoken",
                    headline=phrases.headline(request),
                    tier=phrases.tier(tier),
                    decisive=told,
                ),
                self._words,
                most=LONGEST_SPOKEN,
            ),
        )

    def _told(self, request: ApprovalRequest, decisive: tuple[DecisiveValue, ...]) -> str:
        """Return the most telling value; with its name where only the server says what is done."""
        if not decisive:
            return ""
        first = decisive[0]
        if request.kind is RequestKind.COMMAND:
            # One argument a line on the card; here the whole command on one.
            return first.value.replace("\n", " ")
        if not self._cards.phrases.server_speaks(request):
            return first.value
        return self._words("phrases.row_named_value", key=first.key, value=first.value)

    def _notes(self, request: ApprovalRequest, state: RowState) -> tuple[RowNote, ...]:
        phrases = self._cards.phrases
        who = self._words("phrases.row_own") if is_own(request) else request.agent
        notes = [
            RowNote(text=text)
            for text in (phrases.tier(tier_of(request)), who, request.server)
            if text
        ]
        if phrases.server_speaks(request):
            notes.append(RowNote(text=self._words("phrases.row_server_words"), icon=Icon.CLAIMED))
        if state is not RowState.WAITING:
            notes.append(RowNote(text=self._words(state.value), role=Role.INFO))
        return tuple(notes)
