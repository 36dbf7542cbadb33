"""Keeps what waits and what is open, between the broker's messages and the queue's model and view.

The open card changes only by a person's choice, by the end of its own request, or when nothing was
open; an answer always names the request and digest of the card that was on screen.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from keyturn.application.approval_request import ApprovalRequest, WithdrawCause
from keyturn.application.console_protocol import (
    RequestDetached,
    RequestShown,
    RequestWithdrawn,
)
from keyturn.gui.bridge import Bridge
from keyturn.gui.queue.answers import QueueAnswers
from keyturn.gui.queue.card_pins import CardPins
from keyturn.gui.queue.choices import QueueChoices
from keyturn.gui.queue.model import QueueModel
from keyturn.gui.queue.view import QueueView
from keyturn.gui.queue.waiting_rows import WaitingOne, WaitingRows, requests_of
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.decided import LAST_DECISIONS, Decided, decided_row, missing
from keyturn.presentation.group_table import GroupBuilder, first_deadline
from keyturn.presentation.queue_builder import RowState
from keyturn.presentation.request_text import RequestTexts
from keyturn.presentation.words import Words

AGE_MS: Final = 1000
GATHER_MS: Final = 30
"""Arrivals and ends within this time are shown together, so that a burst stalls nothing."""


class QueuePresenter(QObject):
    """Feeds the queue's screen and sends what a person decides there."""

    waiting_changed = Signal(int, int)
    """How many wait, and since how many milliseconds the oldest does."""
    arrived = Signal(object)
    """`ApprovalRequest`: something new waits."""
    ended = Signal(object)
    """`Decided`: something that waited has ended."""

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
        self._tables = GroupBuilder(words, cards)
        self._now_ms = now_ms
        self.kept = self._waiting = WaitingRows(words, cards, now_ms)
        self._decided: deque[Decided] = deque(maxlen=LAST_DECISIONS)
        self._open: str | None = None
        self._group = ""
        """The group that is open; also while the own card of one of its calls is."""
        self._within = ""
        """That call."""
        self._held: frozenset[tuple[str, bool]] = frozenset()
        self._clock = QTimer(self)
        self._clock.setInterval(AGE_MS)
        self._clock.timeout.connect(self._refresh)
        self._clock.start()
        self._gathering = QTimer(self)
        self._gathering.setSingleShot(True)
        self._gathering.setInterval(GATHER_MS)
        self._gathering.timeout.connect(self.refresh_now)
        self._left_place: int | None = None
        self._left_call = ""
        self._pins = CardPins(bridge, view, now_ms, words, self)
        self._pins.changed.connect(self._on_pins)
        self.answers = QueueAnswers(
            bridge=bridge,
            view=view,
            waiting=self._waiting,
            texts=RequestTexts(words, cards),
            pins=self._pins,
            parent=self,
        )
        self.choices = QueueChoices(self._waiting, view, self.refresh_now, self)
        self._connect()

    @property
    def open_request(self) -> ApprovalRequest | None:
        """Return the request whose card is open."""
        waiting = self._waiting.get(self._open or "")
        return waiting.request if waiting is not None else None

    @property
    def waiting(self) -> list[WaitingOne]:
        """Return what waits, in order."""
        return self._waiting.waiting

    def hold(self, agents: frozenset[tuple[str, bool]]) -> None:
        """Take which agents are held, by name and whether they are enrolled."""
        self._held = agents
        self._show_group()

    def open_group_of(self, agent: str) -> None:
        """Open the first group of an agent's calls, where there is one."""
        group = self._waiting.group_of(agent)
        if group:
            self.open_card(group)

    def close(self) -> None:
        """Show nothing more: the window is going."""
        self._clock.stop()
        self._gathering.stop()

    def _connect(self) -> None:
        self._bridge.request_shown.connect(self._on_shown)
        self._bridge.request_detached.connect(self._on_detached)
        self._bridge.request_withdrawn.connect(self._on_withdrawn)
        self._view.later_requested.connect(self._on_later)
        self._view.request_chosen.connect(self.open_card)
        self._view.group.call_opened.connect(self.open_within)

    def remember(self, earlier: Iterable[Decided]) -> None:
        """Show, behind what it saw itself, what was decided before this window began."""
        self._decided.extend(missing(self._decided, earlier))
        self._refresh()

    # ---------------------------------------------------------------- from the broker

    def _on_shown(self, message: RequestShown) -> None:
        in_its_place = self._waiting.add(message)
        self._gather()
        if not in_its_place or message.request.edited is None:
            self.arrived.emit(message.request)
        if in_its_place and self._open is None and message.request.call == self._left_call:
            self.open_card(message.request.id)

    def _on_detached(self, message: RequestDetached) -> None:
        waiting = self._waiting.detach(message)
        if waiting is None:
            return
        self._gather()
        if self._open == message.id:
            self._show_card(waiting)

    def _on_withdrawn(self, message: RequestWithdrawn) -> None:
        by_rule = message.cause == WithdrawCause.DECIDED_BY_RULE.value
        anew = message.cause == WithdrawCause.ASKED_ANEW.value
        waiting = self._waiting.end(message.id, by_rule=by_rule, anew=anew)
        if waiting is None:
            return
        if not anew:
            persons = self._pins.persons(waiting.request)
            self._decided.appendleft(_ended(waiting.request, message, persons, self._now_ms()))
            self.ended.emit(self._decided[0])
        if self._open == message.id:
            # It stays on screen until the next one comes, and can no longer be allowed.
            self._open, self._left_call = None, waiting.request.call if anew else ""
            self._left_place = self._model.rows.place_of(message.id)
            self._view.show_pending(False)
        self._gather()

    def _on_pins(self) -> None:
        self.open_card(self._open or "")
        self._show_group()

    # ---------------------------------------------------------------- from the person

    def open_card(self, request_id: str) -> None:
        """Open what a row stands for; only choices and ends of requests lead here."""
        if self._waiting.is_group(request_id):
            self._open, self._within = None, ""
            self._group = request_id
            self._show_group()
            return
        waiting = self._waiting.get(request_id)
        if waiting is None:
            return
        if request_id != self._within:
            self._group = self._within = ""
        self._open = request_id
        self._show_card(waiting)

    def open_within(self, request_id: str) -> None:
        """Open the own card of a call of the group that is open; the group stays one."""
        self._within = request_id
        self.open_card(request_id)

    def _on_later(self, request_id: str) -> None:
        """Put a request aside: it keeps waiting, and the next one is opened."""
        waiting = self._waiting.get(request_id)
        if waiting is None:
            return
        self._waiting.put_aside(waiting)
        place = self._model.rows.place_of(request_id)
        self._refresh()
        following = self._model.rows.request_at(place + 1)
        if following is not None:
            self.open_card(following)

    # ---------------------------------------------------------------- showing

    def _gather(self) -> None:
        if not self._gathering.isActive():
            self._gathering.start()

    def refresh_now(self) -> None:
        """Show what came and went since the last time, and open a card when none is open."""
        before = self._model.rows.place_of(self._group or None)
        self._refresh()
        if self._open is None:
            # The call may be decided whose own card was open: back to its group.
            self._within = ""
        if self._group and not self._within:
            self._show_group()
            if not self._group:
                self._left_place = before
        if self._open is None and not self._group:
            place, self._left_place = max(0, self._left_place or 0), None
            self._open_nearest(place)

    def _open_nearest(self, place: int) -> None:
        """Go on to the request that moved up, else to the one before, else to none."""
        following = self._model.rows.request_at(place) or self._model.rows.request_at(place - 1)
        if following is not None:
            self.open_card(following)
        if following is None or (self._open is None and not self._group):
            self._model.show_group(None)
            self._model.show_card(None)

    def _show_card(self, waiting: WaitingOne) -> None:
        card = self._cards.card(
            waiting.request, revision=waiting.revision, deadline=waiting.deadline
        )
        self._model.show_card(self._pins.on_card(card, waiting.request))
        self._view.show_pending(True)

    def _show_group(self) -> None:
        """Show the group that is open as it is now; an empty one is left for what comes next."""
        if not self._group or self._within:
            return
        units = self._waiting.units(self._group)
        if not units:
            self._group = ""
            return
        first = units[0][0].request
        # An agent that stopped waiting gets one retry, which is another button's word.
        alone = units[0][0].state is RowState.STOPPED_WAITING or self._pins.takes_more(first)
        fault = self._words("burst.never") if alone else ""
        if (first.agent, first.asked_by.agent_enrolled) in self._held:
            fault = self._words("burst.held")
        view = self._tables.view(self._group, [requests_of(unit) for unit in units], fault)
        self._model.show_group(view)
        self._show_group_deadline(units)

    def _show_group_deadline(self, units: list[list[WaitingOne]]) -> None:
        deadlines = [one.deadline for unit in units for one in unit]
        text = first_deadline(deadlines, self._now_ms(), self._words)
        self._view.group.block.show_deadline(text)

    def _refresh(self) -> None:
        now = self._now_ms()
        opened = "" if self._within else self._open or ""
        rows = self._waiting.rows(open_id=opened, kept=self._group)
        waiting = self._waiting.waiting
        self._model.show_rows(rows, self._waiting.counts())
        self.choices.offer_sorting()
        self._model.show_decided(
            [decided_row(d, now, self._cards, self._words) for d in self._decided]
        )
        if self._group and not self._within:
            self._show_group_deadline(self._waiting.units(self._group))
        oldest = min((w.arrived_ms for w in waiting), default=now)
        self.waiting_changed.emit(len(waiting), now - oldest)


def _ended(
    request: ApprovalRequest, message: RequestWithdrawn, persons: tuple[str, ...], now_ms: int
) -> Decided:
    by_rule = message.cause == WithdrawCause.DECIDED_BY_RULE.value
    return Decided(
        request=request,
        outcome=message.outcome,
        by_rule=by_rule,
        at_ms=now_ms,
        persons=persons,
    )
