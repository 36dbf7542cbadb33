"""Keeps what waits and what is open, between the broker's messages and the queue's model and view.

The open card changes only by a person's choice, by the end of its own request, or when nothing was
open; an answer always names the request and digest of the card that was on screen.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from keyturn.application.approval_request import ApprovalRequest, RequestKind, WithdrawCause
from keyturn.application.console_protocol import (
    Decide,
    RequestDetached,
    RequestShown,
    RequestWithdrawn,
)
from keyturn.domain.tier import Tier
from keyturn.gui.bridge import Bridge
from keyturn.gui.queue.card_pins import CardPins
from keyturn.gui.queue.model import QueueModel
from keyturn.gui.queue.view import QueueView
from keyturn.presentation.answer import Answer, Route
from keyturn.presentation.card import Deadline
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.decided import LAST_DECISIONS, Decided, decided_row, missing
from keyturn.presentation.queue import QueueCounts, QueueRow
from keyturn.presentation.queue_builder import QueueBuilder, RowState
from keyturn.presentation.relative_time import duration_text
from keyturn.presentation.request_text import RequestTexts
from keyturn.presentation.words import Words

AGE_MS: Final = 1000
REVIEWS: Final = frozenset({RequestKind.DEFINITION, RequestKind.CHANGE})
GATHER_MS: Final = 30
"""Arrivals and ends within this time are shown together, so that a burst stalls nothing."""


@dataclass(slots=True, kw_only=True)
class _Waiting:
    request: ApprovalRequest
    arrived_ms: int
    deadline: Deadline | None
    state: RowState = RowState.WAITING
    revision: int = 1
    row: QueueRow | None = None
    """As built last, for this state and revision; only its age goes on."""


class QueuePresenter(QObject):
    """Feeds the queue's screen and sends what a person decides there."""

    waiting_changed = Signal(int, int)
    """How many wait, and since how many milliseconds the oldest does."""
    arrived = Signal(object)
    """`ApprovalRequest`: something new waits."""

    def __init__(
        self,
        *,
        bridge: Bridge,
        model: QueueModel,
        view: QueueView,
        words: Words,
        cards: CardBuilder,
        now_ms: Callable[[], int],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._model = model
        self._view = view
        self._words = words
        self._cards = cards
        self._rows = QueueBuilder(words, cards)
        self._texts = RequestTexts(words, cards)
        self._now_ms = now_ms
        self._waiting: dict[str, _Waiting] = {}
        self._decided: deque[Decided] = deque(maxlen=LAST_DECISIONS)
        self._open: str | None = None
        self._high_risk_only = False
        self._clock = QTimer(self)
        self._clock.setInterval(AGE_MS)
        self._clock.timeout.connect(self._refresh)
        self._clock.start()
        self._gathering = QTimer(self)
        self._gathering.setSingleShot(True)
        self._gathering.setInterval(GATHER_MS)
        self._gathering.timeout.connect(self._show_gathered)
        self._left_place: int | None = None
        self._pins = CardPins(bridge, view, now_ms, words, self)
        self._pins.changed.connect(self._on_pins)
        self._connect()

    @property
    def open_request(self) -> ApprovalRequest | None:
        """Return the request whose card is open."""
        waiting = self._waiting.get(self._open or "")
        return waiting.request if waiting is not None else None

    def close(self) -> None:
        """Show nothing more: the window is going."""
        self._clock.stop()
        self._gathering.stop()

    def _connect(self) -> None:
        self._bridge.request_shown.connect(self._on_shown)
        self._bridge.request_detached.connect(self._on_detached)
        self._bridge.request_withdrawn.connect(self._on_withdrawn)
        self._view.allow_requested.connect(self._on_allow)
        self._view.deny_requested.connect(self._on_deny)
        self._view.later_requested.connect(self._on_later)
        self._view.request_chosen.connect(self.open_card)
        self._view.high_risk_only_changed.connect(self._on_high_risk_only)

    def remember(self, earlier: Iterable[Decided]) -> None:
        """Show, behind what it saw itself, what was decided before this window began."""
        self._decided.extend(missing(self._decided, earlier))
        self._refresh()

    # ---------------------------------------------------------------- from the broker

    def _on_shown(self, message: RequestShown) -> None:
        now = self._now_ms()
        request = message.request
        self._waiting[request.id] = _Waiting(
            request=request,
            arrived_ms=now - message.waited_ms,
            deadline=_deadline_of(message, now),
        )
        self._gather()
        self.arrived.emit(request)

    def _on_detached(self, message: RequestDetached) -> None:
        waiting = self._waiting.get(message.id)
        if waiting is None:
            return
        left = self._now_ms() - message.ago_ms
        asked = waiting.deadline.asked_at_ms if waiting.deadline is not None else left
        waiting.deadline = Deadline(
            asked_at_ms=asked, waits_until_ms=left, stopped_waiting_at_ms=left
        )
        waiting.state = RowState.STOPPED_WAITING
        waiting.revision += 1
        waiting.row = None
        self._gather()
        if self._open == message.id:
            self._show_card(waiting)

    def _on_withdrawn(self, message: RequestWithdrawn) -> None:
        waiting = self._waiting.pop(message.id, None)
        if waiting is None:
            return
        if message.cause != WithdrawCause.ASKED_ANEW.value:
            self._decided.appendleft(
                Decided(
                    request=waiting.request,
                    outcome=message.outcome,
                    by_rule=message.cause == WithdrawCause.DECIDED_BY_RULE.value,
                    at_ms=self._now_ms(),
                )
            )
        if self._open == message.id:
            # It stays on screen until the next one comes, and can no longer be allowed.
            self._open = None
            self._left_place = self._model.rows.place_of(message.id)
            self._view.show_pending(False)
        self._gather()

    def _on_pins(self) -> None:
        self.open_card(self._open or "")

    # ---------------------------------------------------------------- from the person

    def open_card(self, request_id: str) -> None:
        """Open the card of a request; only choices and ends of requests lead here."""
        waiting = self._waiting.get(request_id)
        if waiting is None:
            return
        self._open = request_id
        self._show_card(waiting)

    def deny(self, request_id: str, digest: str, message: str = "") -> None:
        """Deny exactly this request, as the notification or the message sheet asks."""
        self._bridge.send(
            Decide(
                n=self._bridge.next_number(),
                id=request_id,
                digest=digest,
                allow=False,
                message=message,
            )
        )

    def _on_allow(self, answer: Answer) -> None:
        """Allow; of a review also say what was chosen of the tool."""
        tiers = self._view.card.review.tiers
        waiting = self._waiting.get(answer.request_id)
        if waiting is not None and waiting.request.kind in REVIEWS:
            answer = replace(answer, tier=tiers.tier, labels=tiers.labels)
        self.send_answer(answer, allow=True)

    def _on_deny(self, answer: Answer) -> None:
        self.send_answer(answer, allow=False)

    def send_answer(self, answer: Answer, *, allow: bool, hide: bool = False) -> None:
        """Send what was decided of exactly the card that was on screen; `hide` is of reviews."""
        waiting = self._waiting.get(answer.request_id)
        if waiting is None:
            return
        number = self._bridge.next_number()
        self._bridge.send(
            Decide(
                n=number,
                id=answer.request_id,
                digest=answer.digest,
                allow=allow,
                message=answer.message,
                prompt_hash=self._texts.of(waiting.request, None).prompt_hash,
                shown_ms=answer.shown_for_ms,
                accessibility=answer.route is Route.ACCESSIBILITY,
                tier=answer.tier,
                labels=answer.labels,
                hide=hide,
                pin=self._pins.take(waiting.request, number) if allow else "",
                second=allow and self._pins.is_second(waiting.request),
                named=allow and self._pins.is_named(waiting.request),
            )
        )

    def _on_later(self, request_id: str) -> None:
        """Put a request aside: it keeps waiting, and the next one is opened."""
        waiting = self._waiting.get(request_id)
        if waiting is None:
            return
        if waiting.state is RowState.WAITING:
            waiting.state = RowState.LATER
            waiting.row = None
        place = self._model.rows.place_of(request_id)
        self._refresh()
        following = self._model.rows.request_at(place + 1)
        if following is not None:
            self.open_card(following)

    def _on_high_risk_only(self, only: bool) -> None:
        self._high_risk_only = only
        self._refresh()

    # ---------------------------------------------------------------- showing

    def _gather(self) -> None:
        if not self._gathering.isActive():
            self._gathering.start()

    def _show_gathered(self) -> None:
        """Show what came and went since the last time, and open a card when none is open."""
        self._refresh()
        if self._open is None:
            place, self._left_place = self._left_place or 0, None
            self._open_nearest(place)

    def _open_nearest(self, place: int) -> None:
        """Go on to the request that moved up, else to the one before, else to none."""
        following = self._model.rows.request_at(place) or self._model.rows.request_at(place - 1)
        if following is not None:
            self.open_card(following)
        else:
            self._model.show_card(None)

    def _show_card(self, waiting: _Waiting) -> None:
        card = self._cards.card(
            waiting.request, revision=waiting.revision, deadline=waiting.deadline
        )
        self._model.show_card(self._pins.on_card(card, waiting.request))
        self._view.show_pending(True)

    def _refresh(self) -> None:
        now = self._now_ms()
        least = Tier.T2 if self._high_risk_only else Tier.T0
        shown = [w for w in self._waiting.values() if w.request.tier >= least]
        rows = [self._row(waiting, now) for waiting in shown]
        high = sum(w.request.tier >= Tier.T2 for w in self._waiting.values())
        self._model.show_rows(rows, QueueCounts(waiting=len(self._waiting), high_risk=high))
        self._model.show_decided(
            [decided_row(d, now, self._cards, self._words) for d in self._decided]
        )
        oldest = min((w.arrived_ms for w in self._waiting.values()), default=now)
        self.waiting_changed.emit(len(self._waiting), now - oldest)

    def _row(self, waiting: _Waiting, now: int) -> QueueRow:
        seconds = (now - waiting.arrived_ms) / 1000
        if waiting.row is None:
            waiting.row = self._rows.row(
                waiting.request,
                age_seconds=seconds,
                revision=waiting.revision,
                state=waiting.state,
            )
        return replace(waiting.row, age=duration_text(seconds, self._words))


def _deadline_of(message: RequestShown, now_ms: int) -> Deadline | None:
    if message.remaining_ms is None:
        return None
    return Deadline(
        asked_at_ms=now_ms - message.waited_ms,
        waits_until_ms=now_ms + message.remaining_ms,
        ends=message.request.kind is RequestKind.INPUT,
        withholds=message.request.kind is RequestKind.RESULT,
    )
