"""All tools of a server that nobody has reviewed, in one list, each with tier and labels.

Nothing is pinned that was not on screen: the button arms only after every row was seen whole and
the person has confirmed to have read them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QWidget

from keyturn.domain.tier import Tier
from keyturn.gui.armed_action import ArmedAction
from keyturn.gui.look import Look
from keyturn.gui.servers.panes import DetailPane
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.allow_button import AllowButton
from keyturn.gui.widgets.buttons import DECISION, Button, Kind
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import WrapLayout, clear, column, divider, row
from keyturn.gui.widgets.text import LONGEST, Text, ValueText
from keyturn.gui.widgets.tier_box import TierPills
from keyturn.presentation.answer import Answer, Route
from keyturn.presentation.arming import ArmingTerms, Subject
from keyturn.presentation.marks import Icon
from keyturn.presentation.servers import BatchAnswer, BatchRow, BatchView, ToolAnswer

ALL: Final = "/all"
_NEAR: Final = 2


class BatchRowBox(QFrame):
    """One tool: name, what the server says, what it takes, its tier and labels."""

    seen_whole = Signal()
    changed = Signal()
    opened = Signal(str)
    """The tool, to be reviewed on its own."""

    def __init__(self, look: Look, view: BatchRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view
        self.seen = False
        self.pills: TierPills | None = None
        self._top_seen = self._bottom_seen = False
        self.setObjectName(f"batch_{view.tool}")
        name = ValueText(look, Type.VALUE_LARGE, most=LONGEST)
        name.say(view.tool)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.setSpacing(12)
        self._head.addWidget(name, 1)
        self._reason: QWidget | None = None
        if view.alone:
            self._reason = self._alone(look, view)
            self._head.addWidget(self._reason)
        # Longer ones than any of these are pinned alone, where all of them is shown.
        words = ValueText(look, Type.VALUE, most=LONGEST)
        words.say(view.description or look.words("servers.no_description"))
        words.setAccessibleName(look.words("servers.row_spoken", tool=view.tool, text=words.text()))
        facts = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        facts.say(look.words("servers.row_facts", takes=view.takes, claims=view.claims))
        layout = column(self, (0, 8, 0, 0), gap=4)
        layout.addLayout(self._head)
        layout.addWidget(words)
        layout.addWidget(facts)
        if view.choice.proposal and not view.alone:
            proposal = Text(look, Type.NOTE, Token.TEXT_PRIMARY, wrap=True)
            proposal.say(view.choice.proposal)
            layout.addWidget(proposal)
        if not view.alone:
            self.pills = TierPills(look, view.choice, view.tool)
            self.pills.changed.connect(self.changed)
            layout.addSpacing(4)
            layout.addWidget(self.pills)
        layout.addSpacing(8)
        layout.addWidget(divider())

    @property
    def tier(self) -> Tier | None:
        """Return the chosen tier."""
        return self.pills.tier if self.pills is not None else None

    def controls(self) -> list[QWidget]:
        """Return what takes the focus, in the order of reading."""
        if self.pills is not None:
            return self.pills.controls()
        return list(self.findChildren(Button, "open_alone"))

    @property
    def labels(self) -> str:
        """Return the letters of the labels that are ticked."""
        return self.pills.labels if self.pills is not None else ""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put why it is alone under the name where both have no room in one line."""
        super().resizeEvent(event)
        if self._reason is None:
            return
        wide = event.size().width() >= 2 * self._reason.sizeHint().width()
        kind = QBoxLayout.Direction
        self._head.setDirection(kind.LeftToRight if wide else kind.TopToBottom)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Note what a person could see of the row: its first and its last line."""
        super().paintEvent(event)
        shown = self.visibleRegion().boundingRect()
        if shown.isEmpty() or self.seen:
            return
        self._top_seen |= shown.top() <= _NEAR
        self._bottom_seen |= shown.bottom() >= self.height() - 1 - _NEAR
        if self._top_seen and self._bottom_seen:
            self.seen = True
            # Painting is no time to change what is painted.
            QTimer.singleShot(0, self, self.seen_whole.emit)

    def _alone(self, look: Look, view: BatchRow) -> QWidget:
        place = QWidget()
        line = WrapLayout(place)
        line.addWidget(IconLabel(look, Icon.OUTLIER, Token.WARNING_FG, 16))
        reason = Text(look, Type.LABEL, Token.WARNING_FG, wrap=True)
        reason.say(view.alone)
        line.addWidget(reason)
        button = Button(look, Kind.PLAIN, look.words("servers.open"), name="open_alone")
        button.setAccessibleName(
            look.words("card.named", action=look.words("servers.open"), object=view.tool)
        )
        button.clicked.connect(self._on_open)
        line.addWidget(button)
        return place

    def _on_open(self) -> None:
        self.opened.emit(self.view.tool)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is carried over when the list is drawn anew."""

    seen: bool
    tier: Tier | None
    labels: str


class BatchPane(DetailPane):
    """Shows a `BatchView`."""

    pin_requested = Signal(object)
    """`BatchAnswer`."""
    tool_opened = Signal(str, str)
    closed = Signal(str)

    def __init__(
        self, look: Look, now_ms: Callable[[], int], parent: QWidget | None = None
    ) -> None:
        super().__init__(look, name="batch_pane", parent=parent)
        self._view: BatchView | None = None
        self._revision = 0
        self._is_read = False
        self.rows: list[BatchRowBox] = []
        self.pin = AllowButton(look, name="pin_all", kind=Kind.PRIMARY)
        self.back = Button(look, Kind.PLAIN, name="batch_back", height=DECISION)
        self.read = Button(look, Kind.PLAIN, "", Icon.CONFIRM, name="confirm_read")
        self.action = ArmedAction(look, self.pin, now_ms, self)
        self._rows = column()
        self._fill()
        self.read.clicked.connect(self._on_read)
        self.back.clicked.connect(self._on_back)
        self.action.pressed.connect(self._on_pressed)

    def show_view(self, view: BatchView) -> None:
        """Show a list; rows that were in it before keep their tier and that they were seen."""
        if view == self._view:
            return
        words = self._look.words
        self._view = view
        self.headline.show_head(view.headline, view.server, "")
        self.chips.show_chips(view.chips)
        count = len(view.together)
        pin = words("servers.pin_all", n=count)
        self.pin.say(pin, words("card.named", action=pin, object=view.server))
        self.pin.make_room_for([words("servers.confirm_first")])
        self._show_rows(view)
        self._begin()

    def leave(self) -> None:
        """Forget what was chosen and seen."""
        self._view = None
        self.rows = []
        clear(self._rows)
        self.action.hide()

    def _fill(self) -> None:
        words = self._look.words
        self.body.addLayout(self._rows)
        self.body.addSpacing(12)
        line = row()
        line.addWidget(self.read)
        line.addStretch()
        self.body.addLayout(line)
        self.body.addStretch()
        self.footing.say(words("servers.batch_footing"))
        self.back.say(words("servers.back"))
        self.add_buttons((self.back,), (self.action.name_row, self.pin))

    def _show_rows(self, view: BatchView) -> None:
        kept = {
            (box.view.request_id, box.view.digest): _Kept(box.seen, box.tier, box.labels)
            for box in self.rows
        }
        clear(self._rows)
        self.rows = [BatchRowBox(self._look, one) for one in view.rows]
        for box in self.rows:
            before = kept.get((box.view.request_id, box.view.digest))
            if before is not None:
                box.seen = before.seen
                if box.pills is not None:
                    box.pills.choose(before.tier, before.labels)
            box.seen_whole.connect(self._on_seen)
            box.changed.connect(self._begin)
            box.opened.connect(self._on_opened)
            self._rows.addWidget(box)
        self._order_focus()

    def _order_focus(self) -> None:
        """Have Tab go as one reads: rows that came later would be last, after the button."""
        stops = [control for box in self.rows for control in box.controls()]
        for before, after in pairwise((self.headline.sentence, *stops, self.read, self.back)):
            self.setTabOrder(before, after)

    def _begin(self) -> None:
        """Arm from zero for exactly these rows and tiers."""
        view = self._view
        if view is None:
            return
        words = self._look.words
        self._revision += 1
        self._is_read = False
        self._say_read()
        self.action.show(
            Subject(f"all {view.server}", self._revision, view.digest),
            ArmingTerms(tier=Tier.T2, confirm=frozenset({ALL}), look=True),
            objects={ALL: words("servers.object_read")},
            hint=words("servers.pin_hint"),
            name=view.server,
            look="arming.look_tools",
        )
        self.action.refuse("" if view.together else words("servers.none_together"))
        self._on_seen()

    def _say_read(self) -> None:
        words, view = self._look.words, self._view
        count = len(view.together) if view is not None else 0
        text = words("card.confirmed") if self._is_read else words("servers.read_all", n=count)
        self.read.say(text)
        self.read.setEnabled(not self._is_read)
        self.read.setVisible(bool(count))

    def _on_seen(self) -> None:
        missing = [place for place, box in enumerate(self.rows, 1) if not box.seen]
        self.action.say_unseen((missing[0], missing[-1]) if missing else None)

    def _on_read(self) -> None:
        self._is_read = True
        self.action.confirm(ALL)
        self._say_read()
        self.rest_focus()

    def _on_back(self) -> None:
        if self._view is not None:
            self.closed.emit(self._view.server)

    def _on_opened(self, tool: str) -> None:
        if self._view is not None:
            self.tool_opened.emit(self._view.server, tool)

    def _on_pressed(self, answer: Answer) -> None:
        view = self._view
        if view is None or answer.digest != view.digest:
            return
        tools = tuple(
            ToolAnswer(
                request_id=box.view.request_id,
                digest=box.view.digest,
                tier=box.tier,
                labels=box.labels,
            )
            for box in self.rows
            if not box.view.alone and box.seen
        )
        self.pin_requested.emit(
            BatchAnswer(
                server=view.server,
                tools=tools,
                shown_for_ms=answer.shown_for_ms,
                accessibility=answer.route is Route.ACCESSIBILITY,
            )
        )
