"""The pinned foot of a card: why it is asked, how long the agent waits, the decision row.

Its height and the places of its buttons are the same for every card, tier and tab, so that nothing
moves under a pointer. It holds no request: whoever owns it says what the buttons are for.
"""

from typing import Final

from PySide6.QtCore import QEvent, QRectF, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.mirroring import mirror
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.allow_button import AllowButton
from keyturn.gui.widgets.buttons import DECISION, Button, Kind
from keyturn.gui.widgets.layouts import EDGE, column, least_height, row
from keyturn.gui.widgets.scroll_pane import SnugPane
from keyturn.gui.widgets.text import Text
from keyturn.presentation.arming import ArmState
from keyturn.presentation.card import CardActions, DeadlineText
from keyturn.presentation.marks import Icon

HEIGHT: Final = 112
_SIDE: Final = 24
_NARROW_SIDE: Final = 16
_IN_GROUP: Final = 8
_LEAST_SAID: Final = 16
_BETWEEN: Final = 12
"""Least gap on both sides of Decide later, which keeps Deny and Allow far apart."""


class DeadlineBar(QWidget):
    """Two pixels under the deadline's words, as wide as they are; never red, never moving fast."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._share = 0.0
        self.setFixedHeight(8)

    def show_share(self, share: float) -> None:
        """Show how much of the waiting time is left, 0 to 1."""
        if abs(share - self._share) > 0.001:
            self._share = share
            self.setVisible(share > 0)
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw track and rest; nothing where nobody waits."""
        if not self._share:
            return
        theme = self._look.theme
        painter = QPainter(self)
        mirror(painter, self.rect(), self.layoutDirection())
        painter.fillRect(QRectF(0, 3, self.width(), 2), theme.colour(Token.BORDER_SUBTLE))
        rest = QRectF(0, 3, self.width() * self._share, 2)
        painter.fillRect(rest, theme.colour(Token.BORDER_CONTROL))


class DecisionBlock(QFrame):
    """Asks for one of five things; each signal is a press, never a decision by itself."""

    deny_pressed = Signal()
    deny_with_message_pressed = Signal()
    later_pressed = Signal()
    rule_pressed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._actions: CardActions | None = None
        self._object = ""
        self._narrow = False
        self.setObjectName("decision_block")
        self.setProperty("surface", "raised")
        self.setProperty("edge", "top")
        least_height(self, look.theme, HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._why = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self._deadline = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self._bar = DeadlineBar(look)
        self._no_answer = Text(look, Type.NOTE, Token.TEXT_TERTIARY)
        self.deny = Button(look, Kind.DENY, "", Icon.CROSS, name="deny", height=DECISION)
        self.deny_with_message = self._soft("deny_with_message")
        self.later = Button(look, Kind.GHOST, name="decide_later", height=DECISION)
        self.rule = self._soft("allow_with_rule")
        self.allow = AllowButton(look, name="allow_once")
        self._build()
        self.deny.clicked.connect(self.deny_pressed)
        self.deny_with_message.clicked.connect(self.deny_with_message_pressed)
        self.later.clicked.connect(self.later_pressed)
        self.rule.clicked.connect(self.rule_pressed)

    def show_actions(self, actions: CardActions, why: str, object_: str) -> None:
        """Show words for one card; `object_` goes into the names that readers say."""
        self._actions, self._object = actions, object_
        words = self._look.words
        self._why.say_pieces(
            (words("card.why_asked"), Type.NOTE, Token.TEXT_TERTIARY),
            ("  ", Type.NOTE, Token.TEXT_TERTIARY),
            (why, Type.NOTE, Token.TEXT_SECONDARY),
        )
        self._no_answer.say(words("card.no_answer"))
        self._say(self.deny, actions.deny)
        self._say(self.allow, actions.allow)
        self.allow.use_goes_on(actions.goes_on)
        self._fit()

    def show_deadline(self, deadline: DeadlineText | None) -> None:
        """Show how long the agent still waits; None where nobody waits."""
        self._deadline.say(deadline.text if deadline else "")
        self._fit()
        self._bar.show_share(deadline.share_left if deadline else 0.0)

    def show_arming(self, state: ArmState, reason: str, short: str) -> None:
        """Show whether Allow can be activated, and why not; `short` for where words are long."""
        self.allow.show_state(state, reason, short)

    def show_deny_armed(self, armed: bool) -> None:
        """Show for a quarter of a second after a card appears that Deny is not yet live."""
        self.deny.use_token(None if armed else Token.TEXT_SECONDARY)

    def use_narrow(self, narrow: bool) -> None:
        """Turn the two long buttons into pictures with full names; the others keep their places."""
        if narrow is not self._narrow:
            self._narrow = narrow
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the buttons out for the width."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Lay the buttons out again when the text size is another."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._fit()

    def _soft(self, name: str) -> Button:
        return Button(self._look, Kind.SOFT, name=name, height=DECISION)

    def _say(self, button: Button, text: str) -> None:
        button.say(text, self._look.words("card.named", action=text, object=self._object))

    def _fit(self) -> None:
        """Use words, then pictures, then two rows: by the width, never by the card."""
        if self._actions is None:
            return
        side = _NARROW_SIDE if self._narrow else _SIDE
        self._inside.setContentsMargins(side, 8 - EDGE, side, 12)
        room = self.width() - 2 * side
        self._use_pictures(self._narrow)
        if not self._narrow and self._needed() > room:
            self._use_pictures(True)
        direction = QBoxLayout.Direction
        stacked = self._needed() > room
        self._buttons.setDirection(direction.TopToBottom if stacked else direction.LeftToRight)
        self._no_answer.setVisible(not self._narrow and not stacked)
        self._bar.setMaximumWidth(max(1, min(room, self._deadline.sizeHint().width())))

    def _needed(self) -> int:
        buttons = (self.deny, self.deny_with_message, self.later, self.rule, self.allow)
        return sum(button.sizeHint().width() for button in buttons) + 2 * _IN_GROUP + 2 * _BETWEEN

    def _use_pictures(self, pictures: bool) -> None:
        if self._actions is None:
            return
        words = self._look.words
        message, rule = self._actions.deny_with_message, self._actions.rule
        # A button that this card does not have keeps its room, so it keeps its words too.
        for button, given, usual, icon in (
            (self.deny_with_message, message, "card.deny_with_message", Icon.DENY_WITH_MESSAGE),
            (self.rule, rule, "card.allow_with_rule", Icon.ADD_RULE),
        ):
            text = given or words(usual)
            spoken = words("card.named", action=text, object=self._object)
            button.say("" if pictures else text, spoken)
            button.use_icon(icon if pictures else None)
            button.setToolTip(text if pictures else "")
            button.setVisible(bool(given))
        self._say(self.later, self._actions.later or words("card.decide_later"))
        self.later.setVisible(bool(self._actions.later))

    def _build(self) -> None:
        self._inside = column(self, (_SIDE, 8 - EDGE, _SIDE, 12))
        deadline = row(gap=16)
        deadline.addWidget(self._deadline, 1)
        deadline.addWidget(self._no_answer)
        bar = row()
        bar.addWidget(self._bar, 1)
        bar.addStretch()
        for button in (self.deny_with_message, self.rule, self.later):
            policy = button.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            button.setSizePolicy(policy)
        refusing = row()
        refusing.addWidget(self.deny)
        refusing.addSpacing(_IN_GROUP)
        refusing.addWidget(self.deny_with_message)
        refusing.addStretch()
        refusing.addWidget(self.later)
        refusing.addStretch()
        allowing = row()
        allowing.addStretch()
        allowing.addWidget(self.rule)
        allowing.addSpacing(_IN_GROUP)
        allowing.addWidget(self.allow)
        self._buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._buttons.setSpacing(8)
        self._buttons.addLayout(refusing, 1)
        self._buttons.addLayout(allowing)
        # Longer words push the block's upper edge up; the buttons stay at its foot.
        self._inside.addStretch()
        # In a window that is too low for all of it the words scroll; the buttons keep their size.
        said = SnugPane(self._look, "raised", (0, 0, 0, 0), least=_LEAST_SAID)
        said.body.addWidget(self._why)
        said.body.addSpacing(4)
        said.body.addLayout(deadline)
        said.body.addLayout(bar)
        self._inside.addWidget(said)
        self._inside.addSpacing(4)
        self._inside.addLayout(self._buttons)
