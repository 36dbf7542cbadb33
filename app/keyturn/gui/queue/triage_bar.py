"""What stands over a long queue: the banner of a held or paused agent, and the triage strip.

It says what was pressed and about whom; whoever owns it sends that.
"""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QWidget

from keyturn.application.agent_messages import FloodChoice
from keyturn.gui.forms.outcome import OutcomeLine
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.chip import ChipRow
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import Margins, WrapLayout, column, pane, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.arming import LEAST_CAREFUL_DELAY_MS
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.triage import HeldView, TriageView

_WORDS: Final = 280
"""So much room at 100 % words have beside buttons; with less, the buttons are below them."""


class _Sides(QObject):
    """Words with buttons beside them, or below them in as many lines as they need."""

    def __init__(
        self,
        around: QWidget,
        look: Look,
        margins: Margins,
        words: QHBoxLayout,
        buttons: Sequence[Button],
    ) -> None:
        super().__init__(around)
        self._around = around
        self._look = look
        self._margins = margins
        self._buttons = QWidget()
        wrapped = WrapLayout(self._buttons, gap=12)
        for button in buttons:
            wrapped.addWidget(button)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, around)
        self._box.setContentsMargins(*margins)
        self._box.setSpacing(12)
        self._box.addLayout(words, 1)
        self._box.addWidget(self._buttons)
        around.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Choose again by every width, and when words or their size are others."""
        if event.type() in {QEvent.Type.Resize, QEvent.Type.StyleChange, QEvent.Type.LayoutRequest}:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        needed = self._buttons.sizeHint().width() + self._look.theme.tall(_WORDS)
        room = self._around.width() - self._margins[0] - self._margins[2]
        direction = QBoxLayout.Direction
        wanted = direction.TopToBottom if needed > room else direction.LeftToRight
        if self._box.direction() is not wanted:
            self._box.setDirection(wanted)
        # Beside words the buttons keep one line; below them they may take several.
        beside = wanted is direction.LeftToRight
        self._buttons.setMinimumWidth(self._buttons.sizeHint().width() if beside else 0)


class HeldBanner(QFrame):
    """Which agent is held and by what numbers, with what a person can choose."""

    chosen = Signal(str)
    """A `FloodChoice`."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setObjectName("held_banner")
        self._text = Text(look, Type.BODY, Token.TEXT_PRIMARY, wrap=True)
        self.review = Button(look, Kind.LINK, look.words("burst.review"), name="flood_review")
        self.deny = Button(look, Kind.PLAIN, name="flood_deny")
        self.go_on = Button(look, Kind.PLAIN, name="flood_go_on")
        self._paused = False
        self._about: tuple[str, bool, bool] | None = None
        """The agent, whether it is enrolled and whether it is paused, as the buttons mean it."""
        self.arming = QTimer(self)
        self.arming.setSingleShot(True)
        self.arming.setInterval(LEAST_CAREFUL_DELAY_MS)
        self.arming.timeout.connect(self._on_armed)
        head = row(gap=12)
        head.addWidget(IconLabel(look, Icon.ATTENTION, look.theme.role_token(Role.WARNING), 20))
        head.addWidget(self._text, 1)
        buttons = (self.review, self.deny, self.go_on)
        self._sides = _Sides(self, look, (16, 6, 16, 6), head, buttons)
        self.review.clicked.connect(self._on_review)
        self.deny.clicked.connect(self._on_deny)
        self.go_on.clicked.connect(self._on_go_on)
        self.hide()

    def show_held(self, held: HeldView | None) -> None:
        """Show a banner, or none."""
        self.setVisible(held is not None)
        self._arm_for(held)
        if held is None:
            return
        words = self._look.words
        self._paused = held.paused
        more = words("burst.more_agents", n=held.more) if held.more else ""
        rest = f" {held.rest} {more}".rstrip()
        self._text.say_pieces(
            (held.strong, Type.BODY_STRONG, Token.TEXT_PRIMARY),
            (rest, Type.BODY, Token.TEXT_SECONDARY),
        )
        self.review.setVisible(not held.paused)
        self.deny.setVisible(not held.paused)
        self.deny.say(words("burst.deny_and_pause", agent=held.shown_agent))
        self.go_on.say(words("burst.go_on" if held.paused else "burst.continue"))

    def _arm_for(self, held: HeldView | None) -> None:
        """Keep what loosens unpressed for a while once it is about another agent, or another end.

        What was under the pointer would let somebody else go on. To deny and pause is never late.
        """
        about = (held.agent, held.enrolled, held.paused) if held is not None else None
        if about == self._about:
            return
        self._about = about
        self.review.setEnabled(False)
        self.go_on.setEnabled(False)
        self.arming.start()

    def _on_armed(self) -> None:
        self.review.setEnabled(True)
        self.go_on.setEnabled(True)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Fill with the role's tint."""
        QPainter(self).fillRect(self.rect(), self._look.theme.role_tint(Role.WARNING))

    def _on_review(self) -> None:
        self.chosen.emit(FloodChoice.REVIEW.value)

    def _on_deny(self) -> None:
        self.chosen.emit(FloodChoice.DENY_AND_PAUSE.value)

    def _on_go_on(self) -> None:
        choice = FloodChoice.GO_ON if self._paused else FloodChoice.CONTINUE
        self.chosen.emit(choice.value)


class TriageBar(QFrame):
    """Banner and strip, each only while there is reason for it."""

    flood_settled = Signal(str, bool, str)
    """Agent, whether it is enrolled, a `FloodChoice`."""
    deny_from_wanted = Signal(str, bool)
    """Agent, whether it is enrolled."""
    rule_wanted = Signal()
    """A rule for the largest group is wanted."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("triage_bar")
        self._held: HeldView | None = None
        self._view: TriageView | None = None
        self.banner = HeldBanner(look)
        self.outcome = OutcomeLine(look, name="flood_outcome")
        self.strip = pane("window", edge="bottom", name="triage_strip")
        self._waiting = Text(look, Type.BODY_STRONG)
        self._chips = ChipRow(look)
        self.deny = Button(look, Kind.PLAIN, "", Icon.CROSS, name="deny_from")
        self.pause = Button(look, Kind.PLAIN, "", Icon.PAUSED, name="pause_agent")
        self.rule = Button(
            look, Kind.PLAIN, look.words("burst.make_rule"), Icon.ADD_RULE, name="rule_for_group"
        )
        line = row(gap=12)
        line.addWidget(self._waiting)
        line.addWidget(self._chips, 1, Qt.AlignmentFlag.AlignVCenter)
        self._sides = _Sides(
            self.strip, look, (16, 8, 16, 8), line, (self.rule, self.deny, self.pause)
        )
        layout = column(self)
        layout.addWidget(self.banner)
        said = row(margins=(16, 4, 16, 4))
        said.addWidget(self.outcome)
        self._said = QWidget()
        self._said.setLayout(said)
        self.outcome.said.connect(self._said.show)
        self._said.hide()
        layout.addWidget(self._said)
        layout.addWidget(self.strip)
        self.strip.hide()
        self.banner.chosen.connect(self._on_chosen)
        self.deny.clicked.connect(self._on_deny)
        self.pause.clicked.connect(self._on_pause)
        self.rule.clicked.connect(self.rule_wanted)

    @property
    def shows_strip(self) -> bool:
        """Tell whether the strip is on screen."""
        return self._view is not None

    def show_held(self, held: HeldView | None) -> None:
        """Show which agent is held or paused."""
        if held != self._held:
            if held is not None and self._held is not None and held.agent != self._held.agent:
                self.forget()
            self._held = held
            self.banner.show_held(held)

    def forget(self) -> None:
        """Take away what was said of an earlier choice."""
        self.outcome.say(None)
        self._said.hide()

    def show_triage(self, view: TriageView | None) -> None:
        """Show who waits with how much."""
        if view == self._view:
            return
        self._view = view
        self.strip.setVisible(view is not None)
        if view is not None:
            self._waiting.say(view.waiting)
            self._chips.show_chips(view.chips)
            self.deny.say(view.deny)
            self.pause.say(view.pause)
            self.rule.setVisible(view.groups > 0)

    def _on_chosen(self, choice: str) -> None:
        if self._held is not None:
            self.flood_settled.emit(self._held.agent, self._held.enrolled, choice)

    def _on_deny(self) -> None:
        if self._view is not None:
            self.deny_from_wanted.emit(self._view.agent, self._view.enrolled)

    def _on_pause(self) -> None:
        if self._view is not None:
            choice = FloodChoice.PAUSE.value
            self.flood_settled.emit(self._view.agent, self._view.enrolled, choice)
