"""The queue's screen: list and card, keys, and the intents that a person's presses become.

It knows no broker. `QueueModel` feeds it; what a person wants comes out as signals that carry the
request and the digest that were on screen.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, cast

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from keyturn.gui.arming_watch import ArmingWatch
from keyturn.gui.look import Look
from keyturn.gui.queue.card_pane import DIFF, RAW, READABLE, CardPane
from keyturn.gui.queue.group_pane import GroupPane
from keyturn.gui.queue.list_pane import ListPane
from keyturn.gui.queue.list_split import ListSplit
from keyturn.gui.queue.model import QueueModel
from keyturn.gui.queue.stepper import Stepper
from keyturn.gui.queue.triage_bar import TriageBar
from keyturn.gui.readers import announce
from keyturn.gui.widgets.layouts import column, row
from keyturn.gui.widgets.notices import EmptyState
from keyturn.gui.widgets.scroll_pane import SnugPane, page_around
from keyturn.presentation.answer import Answer, Route
from keyturn.presentation.arming import (
    Owed,
    Subject,
    terms_of,
)
from keyturn.presentation.arming_text import reason_text, short_reason_text
from keyturn.presentation.card import CardView, deadline_text
from keyturn.presentation.group_table import GroupView
from keyturn.presentation.marks import Icon
from keyturn.presentation.queue_empty import EmptyQueue, Leads
from keyturn.presentation.words import Words

_SECOND_MS: Final = 1000
_STACKED: Final = 820
"""Page width under which list and card stand behind each other (900 px of window)."""
_LEAST_TRIAGE: Final = 40
_LOW: Final = 360
"""Page height at 100 % under which who waits is said in the list, not above what is open."""


class QueueView(QFrame):
    """List left, card right; stacked when narrow."""

    allow_requested = Signal(object)
    """`Answer`: allow exactly what was shown, once."""
    deny_requested = Signal(object)
    """`Answer`."""
    deny_with_message_requested = Signal(str, str)
    """Request and digest, to write words for."""
    later_requested = Signal(str)
    rule_requested = Signal(str, str)
    """Request and digest, to make a rule from."""
    request_chosen = Signal(str)
    source_requested = Signal(str)
    opened = Signal(str)
    history_requested = Signal()
    way_wanted = Signal(object)
    """`Leads`: the way out that the empty queue offers."""

    def __init__(
        self,
        look: Look,
        model: QueueModel,
        now_ms: Callable[[], int],
        parent: QWidget | None = None,
    ) -> None:
        """`now_ms` is the monotonic clock that the cards' deadlines are in."""
        super().__init__(parent)
        self._look = look
        self._model = model
        self._now_ms = now_ms
        self._stacked = False
        self._list_shown = self._covered = False
        self._leads = Leads.AGENTS
        self.setObjectName("queue_page")
        self.setProperty("surface", "panel")
        self.pane = ListPane(look, model)
        self.split = ListSplit(look, self)
        self.card = CardPane(look)
        self.group = GroupPane(look, now_ms)
        self.triage = TriageBar(look)
        self.stepper = Stepper(look)
        self.empty = EmptyState(look, Icon.QUEUE)
        self.watch = ArmingWatch(self.card.block.allow, now_ms, self.card)
        self._clock = QTimer(self)
        self._clock.setInterval(_SECOND_MS)
        self._clock.timeout.connect(self._show_deadline)
        self._build()
        self._connect()
        self._add_keys()
        self._on_card(model.card)

    def show_empty(self, empty: EmptyQueue) -> None:
        """Say what there is to say while nothing waits."""
        self._leads = empty.leads
        self.empty.say(empty.title, empty.body, empty.action)

    def show_pending(self, pending: bool) -> None:
        """Take from the broker whether what is on screen still waits."""
        self.watch.arming.broker_confirms(pending and not self._covered, self._now_ms())
        self._show_arming()

    def cover_card(self, covered: bool, *, pending: bool = False) -> None:
        """Shut the card's way to allow while a sheet covers it, whatever is shown of it anew."""
        self._covered = covered
        self.show_pending(pending)

    def choose_next(self, step: int) -> None:
        """Choose the request after (1) or before (-1) the present one."""
        rows = self._model.rows
        place = rows.place_of(self._model.open_id)
        request_id = rows.request_at(place + step)
        if request_id is not None:
            self.request_chosen.emit(request_id)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put list and card behind each other when there is no room for both."""
        super().resizeEvent(event)
        self._arrange()

    def _build(self) -> None:
        right = column()
        right.addWidget(self.stepper)
        right.addWidget(self.card, 1)
        right.addWidget(self.group, 1)
        self.group.hide()
        right.addWidget(self.empty, 1)
        _lay_out(self, right, self._look)
        self.stepper.hide()

    def _connect(self) -> None:
        self._model.card_changed.connect(self._on_card)
        self._model.group_changed.connect(self._on_group)
        self._model.rows_shown.connect(self._mark_row)
        self._model.counts_changed.connect(self.stepper.show_counts)
        self.split.moved.connect(self._arrange)
        self.pane.list.request_chosen.connect(self.request_chosen)
        self.pane.history_requested.connect(self.history_requested)
        self.empty.action_pressed.connect(self._on_empty)
        self.stepper.step_requested.connect(self.choose_next)
        self.stepper.list_requested.connect(self._on_list_wanted)
        card = self.card
        card.value_confirmed.connect(self._on_confirmed)
        card.name_typed.connect(self._on_name_typed)
        card.source_requested.connect(self.source_requested)
        card.opened.connect(self.opened)
        card.seen.changed.connect(self._on_seen)
        block = card.block
        block.deny_pressed.connect(self._on_deny)
        block.deny_with_message_pressed.connect(self._on_deny_with_message)
        block.later_pressed.connect(self._on_later)
        block.rule_pressed.connect(self._on_rule)
        self.watch.allowed.connect(self.allow_requested)
        self.watch.ticked.connect(self._show_arming)
        self.watch.refused.connect(partial(_lead, self.card, self.watch, self._now_ms))
        self.watch.name_wanted.connect(partial(self.card.ask_for_name, True))

    def _add_keys(self) -> None:
        keys: dict[str, Callable[[], None]] = {
            "Ctrl+Shift+Return": self._on_rule,
            "Ctrl+Backspace": self._on_deny_by_key,
            "Ctrl+Shift+Backspace": self._on_deny_with_message,
            "Ctrl+L": self._on_later,
            "Alt+Down": partial(self.choose_next, 1),
            "Alt+Up": partial(self.choose_next, -1),
        }
        add_keys(self, keys | _tab_keys(self.card))

    def _on_empty(self) -> None:
        self.way_wanted.emit(self._leads)

    def _on_card(self, card: CardView | None) -> None:
        self.setFocusProxy(self.card.headline.sentence if card is not None else self.pane.list)
        if card is None:
            _take_focus_from(self.card, self)
        self.empty.setVisible(self._model.open_id is None)
        if card is None:
            self.card.hide()
            self._clock.stop()
            self.watch.hide()
            self._mark_row()
            return
        previous = self.card.card
        same = previous is not None and previous.request_id == card.request_id
        _show_filled(self.card, card)
        subject = Subject(card.request_id, card.revision, card.digest)
        terms = terms_of(card)
        if self.watch.arming.subject != subject or terms.type_name:
            self.card.ask_for_name(terms.type_name)
        self.watch.show(subject, terms)
        self._on_seen()
        _show_confirmed(self.card, self.watch, card)
        self._mark_row()
        if not same:
            self._list_shown = False
            self._arrange()
        self._show_deadline()
        self._clock.start()

    def _on_group(self, group: GroupView | None) -> None:
        self.empty.setVisible(self._model.open_id is None)
        self.group.show_group(group)
        if group is not None:
            self.setFocusProxy(self.group.headline.sentence)
        self._mark_row()
        self._arrange()

    def _mark_row(self) -> None:
        self.pane.list.choose(self._model.open_id)
        self.stepper.show_place(self._model.rows.place_of(self._model.open_id))

    def _arrange(self) -> None:
        width = self.width()
        stacked = width < _STACKED
        if stacked is not self._stacked:
            self._stacked = stacked
            self.card.use_narrow(stacked)
        list_alone = stacked and (self._list_shown or self._model.open_id is None)
        self.stepper.setVisible(stacked and not list_alone)
        self.pane.setVisible(not stacked or list_alone)
        self.card.setVisible(self._model.card is not None and not list_alone)
        self.group.setVisible(self._model.group is not None and not list_alone)
        self.pane.use_width(None if list_alone else self.split.list_width(self.pane, width))
        _leave_room(self, self._look, stacked=stacked, list_alone=list_alone)

    def _show_arming(self) -> None:
        card = self._model.card
        if card is not None:
            _show_arming(self.card, card, self.watch, self._now_ms(), self._look.words)

    def _show_deadline(self) -> None:
        card = self._model.card
        if card is not None:
            _show_deadline(self.card, card, self._now_ms(), self._look.words)

    def _on_confirmed(self, path: str) -> None:
        self.watch.confirm(path)
        self.card.decisive.show_confirmed(path, True)
        _rest(self.card, self._look.words)

    def _on_seen(self) -> None:
        unseen = self.card.seen.unseen
        lines, page = (unseen.lines, unseen.elsewhere) if unseen else (None, "")
        self.watch.arming.lines_unseen(lines, page)
        if unseen is None and self.card.card is not None:
            self.group.note_opened(self.card.card.request_id)
        self._show_arming()

    def _on_name_typed(self, matches: bool) -> None:
        self.watch.arming.name_typed(matches)
        self._show_arming()

    def _on_deny(self, *, route: Route = Route.POINTER) -> None:
        answer: Answer | None = self.watch.answer(route)
        if answer is not None:
            self.deny_requested.emit(answer)

    def _on_deny_by_key(self) -> None:
        if self._model.group is not None:
            self.group.deny_all()
        else:
            self._on_deny(route=Route.KEYBOARD)

    def _on_deny_with_message(self) -> None:
        card = self._model.card
        if card is not None:
            self.deny_with_message_requested.emit(card.request_id, card.digest)
        elif self._model.group is not None:
            self.group.deny_outliers()

    def _on_later(self) -> None:
        if self._model.card is not None:
            self.later_requested.emit(self._model.card.request_id)

    def _on_rule(self) -> None:
        card = self._model.card
        if card is not None and card.actions.rule:
            self.rule_requested.emit(card.request_id, card.digest)

    def _on_list_wanted(self) -> None:
        self._list_shown = True
        self._arrange()


def _take_focus_from(card: CardPane, page: QWidget) -> None:
    """Before the card hides: Qt would hand its focus to the next widget, the stop button."""
    # Null while nothing has the focus, which the stubs do not know.
    focused = cast("QWidget | None", page.window().focusWidget())
    if focused is None or card.isAncestorOf(focused):
        page.setFocus(Qt.FocusReason.OtherFocusReason)


def _tab_keys(card: CardPane) -> dict[str, Callable[[], None]]:
    tabs = {"Ctrl+R": READABLE, "Ctrl+J": RAW, "Ctrl+D": DIFF}
    return {keys: partial(card.choose_tab, tab) for keys, tab in tabs.items()}


def add_keys(view: QWidget, keys: Mapping[str, Callable[[], None]]) -> None:
    """Give a page its shortcuts; a key that is held down is one press."""
    for keys_text, slot in keys.items():
        shortcut = QShortcut(QKeySequence(keys_text), view)
        shortcut.setAutoRepeat(False)
        shortcut.setObjectName(f"key_{keys_text}")
        shortcut.activated.connect(slot)


def _show_arming(
    pane: CardPane, card: CardView, watch: ArmingWatch, now_ms: int, words: Words
) -> None:
    state = watch.arming.state(now_ms)
    if state.owed is Owed.REQUEST:
        return
    reason = reason_text(state, card, words)
    pane.block.show_arming(state, reason, short_reason_text(state, words) or reason)
    pane.block.show_deny_armed(watch.arming.deny_armed(now_ms))


def _show_deadline(pane: CardPane, card: CardView, now_ms: int, words: Words) -> None:
    text = deadline_text(card.deadline, now_ms, words) if card.deadline else None
    pane.block.show_deadline(text)


def _lead(pane: CardPane, watch: ArmingWatch, now_ms: Callable[[], int]) -> None:
    """Lead to what the button says is owed, once what pressed it is let go."""
    if not pane.block.allow.isDown():
        pane.lead_to(watch.arming.state(now_ms()))
        # By its shortcut the button is pressed from anywhere; where it has the focus it says so.
        if not pane.block.allow.hasFocus():
            announce(pane, pane.block.allow.reason)


def _rest(pane: CardPane, words: Words) -> None:
    """Leave the button that was pressed and is gone; the focus must not fall on the next one."""
    pane.rest_focus()
    announce(pane, words("card.confirmed"))


def _show_filled(pane: CardPane, card: CardView) -> None:
    """Fill a pane, and only then show it: each part that comes in sight lays all of it out."""
    hidden = pane.isHidden()
    pane.show_card(card)
    if hidden:
        pane.show()
        pane.rest_focus()


def _show_confirmed(pane: CardPane, watch: ArmingWatch, card: CardView) -> None:
    for value in card.decisive:
        pane.decisive.show_confirmed(value.path, watch.arming.is_confirmed(value.path))


def _leave_room(view: QueueView, look: Look, *, stacked: bool, list_alone: bool) -> None:
    """Where there is hardly room for what is open, the list says who waits with how much."""
    view.split.setHidden(stacked)
    low = stacked and view.height() < look.theme.tall(_LOW)
    over = page_around(view.triage)
    if over is not None:
        over.setHidden(low and not list_alone)


def _lay_out(view: QueueView, right: QVBoxLayout, look: Look) -> None:
    """Set the list beside what is open, and what is said of all of it above both."""
    beside = row()
    beside.addWidget(view.pane)
    beside.addLayout(right, 1)
    outer = column(view)
    over = SnugPane(look, "window", (0, 0, 0, 0), least=_LEAST_TRIAGE)
    over.body.addWidget(view.triage)
    outer.addWidget(over)
    outer.addLayout(beside, 1)
