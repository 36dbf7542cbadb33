"""One server: the command whole, its environment by name, and what a person can do about it.

Removing is confirmed in the page itself; there are no dialogs that a press could fall through to.
"""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from keyturn.domain.tier import Tier
from keyturn.gui.armed_action import ArmedAction
from keyturn.gui.look import Look
from keyturn.gui.servers.panes import DetailPane
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.allow_button import AllowButton
from keyturn.gui.widgets.buttons import DECISION, Button, Kind
from keyturn.gui.widgets.layouts import clear, column, row
from keyturn.gui.widgets.long_text import value_label
from keyturn.gui.widgets.pairs import PairList
from keyturn.gui.widgets.text import Align, Text
from keyturn.presentation.arming import ArmingTerms, Subject
from keyturn.presentation.card import Pair
from keyturn.presentation.marks import Icon
from keyturn.presentation.servers import ServerView

_KEYS: Final = 132
_NUMBER: Final = 28


class ArgvList(QFrame):
    """A command as it is handed to the system: one numbered line an argument, nothing cut.

    Of a remote server, its address.
    """

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._shown: tuple[tuple[str, ...], str] | None = None
        self.setObjectName(name)
        self._rows = column(self)

    def show_argv(self, argv: Sequence[str], address: str = "") -> None:
        """Show a command, or an address in its place."""
        if (tuple(argv), address) == self._shown:
            return
        self._shown = (tuple(argv), address)
        clear(self._rows)
        if address:
            value = value_label(self._look, address)
            self._rows.addWidget(value)
            self.setAccessibleName(self._look.words("servers.address_spoken", address=address))
            return
        for number, word in enumerate(argv):
            self._rows.addWidget(self._row(number, word))
        self.setAccessibleName(self._look.words("servers.command_spoken", n=len(argv)))

    def _row(self, number: int, word: str) -> QWidget:
        place = QWidget()
        line = row(place, gap=12)
        index = Text(self._look, Type.VALUE, Token.TEXT_TERTIARY, align=Align.AlignRight)
        index.say(str(number))
        index.setFixedWidth(_NUMBER)
        value = value_label(self._look, word)
        value.setAccessibleName(self._look.words("servers.argument_spoken", n=number, word=word))
        line.addWidget(index, 0, Align.AlignTop)
        line.addWidget(value, 1)
        return place


class ServerPane(DetailPane):
    """Shows a `ServerView`."""

    confirm_requested = Signal(object)
    """The `ServerView` of a proposal, exactly as it was on screen."""
    remove_requested = Signal(str)
    keep_requested = Signal(str)
    review_requested = Signal(str)
    sign_in_requested = Signal(str)
    sign_out_requested = Signal(str)
    batch_requested = Signal(str)
    opened = Signal(str)
    """Id of the request about the command."""

    def __init__(
        self, look: Look, now_ms: Callable[[], int], parent: QWidget | None = None
    ) -> None:
        super().__init__(look, name="server_pane", parent=parent)
        self._view: ServerView | None = None
        self._sure = False
        self._busy = ""
        self.argv = ArgvList(look, "server_command")
        self.confirm = AllowButton(look, name="confirm_server", kind=Kind.PRIMARY)
        self.review = Button(look, Kind.PLAIN, "", Icon.LOOK, name="review_tools", height=DECISION)
        self.remove = Button(look, Kind.PLAIN, name="remove_server", height=DECISION)
        self.keep = Button(look, Kind.SOFT, name="keep_server", height=DECISION)
        self.sign_out = Button(look, Kind.PLAIN, name="sign_out", height=DECISION)
        self.action = ArmedAction(look, self.confirm, now_ms, self)
        self._values = column()
        self._facts = column()
        self._fill()
        self._connect()

    def show_view(self, view: ServerView, busy: str = "") -> None:
        """Show a server; `busy` says what is under way and stands above the buttons."""
        previous, self._view = self._view, view
        if previous is None or previous.server != view.server:
            self._sure = False
        self._busy = busy
        self.headline.show_head(view.headline, view.server, "")
        self.chips.show_chips(view.chips)
        self.notice.show_notice(view.notice)
        words = self._look.words
        self._place_title.say(words("servers.address" if view.address else "servers.command"))
        self._values_title.say(words("servers.headers" if view.address else "servers.variables"))
        self.argv.show_argv(view.argv, view.address)
        if previous is None or previous.values != view.values:
            nothing = Pair(key=words("servers.no_variables"), value="")
            self._pairs(self._values, view.values or (nothing,))
        if previous is None or previous.facts != view.facts:
            self._pairs(self._facts, view.facts)
        self._show_foot(view)

    def leave(self) -> None:
        """Forget a removal that was begun."""
        self._view = None
        self._sure = False
        self.action.hide()

    def _fill(self) -> None:
        self._place_title = self.add_section("servers.command")
        self.body.addWidget(self.argv)
        self._values_title = self.add_section("servers.variables")
        self.body.addLayout(self._values)
        self.add_section("servers.facts")
        self.body.addLayout(self._facts)
        self.body.addStretch()
        self.add_buttons(
            (self.remove, self.keep, self.sign_out),
            (self.action.name_row, self.review, self.confirm),
        )

    def _connect(self) -> None:
        self.notice.action_pressed.connect(self._on_notice)
        self.remove.clicked.connect(self._on_remove)
        self.keep.clicked.connect(self._on_keep)
        self.review.clicked.connect(self._on_review)
        self.sign_out.clicked.connect(self._on_sign_out)
        self.action.pressed.connect(self._on_confirm)

    def _pairs(self, place: QVBoxLayout, pairs: Sequence[Pair]) -> None:
        clear(place)
        place.addWidget(PairList(self._look, pairs, key_width=_KEYS))

    def _show_foot(self, view: ServerView) -> None:
        words = self._look.words
        asking = self._sure or view.removal
        footing = "servers.footing_remote" if view.address else "servers.footing"
        remove, keep = "servers.remove", "servers.cancel"
        if view.proposal:
            footing, remove = "servers.footing_proposed", "servers.drop"
            footing = "servers.footing_address" if view.address else footing
        elif asking:
            footing, remove = "servers.footing_remove", "servers.remove_now"
            keep = "servers.keep" if view.removal else "servers.cancel"
        self.footing.say(self._busy or words(footing, server=view.server))
        self._say(self.remove, remove, view)
        self._say(self.keep, keep, view)
        self._say(self.review, "servers.review_tools", view)
        self._say(self.confirm, "servers.confirm", view)
        self._say(self.sign_out, "servers.sign_out", view)
        shown = [self.remove, self.confirm] if view.proposal else [self.remove]
        if not view.proposal:
            shown.append(self.keep if asking else self.review)
        if view.signed_in and not asking:
            shown.append(self.sign_out)
        every = (self.remove, self.keep, self.sign_out, self.review, self.confirm)
        self.show_only(*shown, among=every)
        self._rest_while_busy()
        if view.proposal:
            self.action.show(
                Subject(view.server, 1, view.digest),
                ArmingTerms(tier=Tier.T2),
                hint=words("servers.confirm_hint"),
                name=view.server,
            )
        else:
            self.action.hide()

    def _rest_while_busy(self) -> None:
        if self._busy and self.review.hasFocus():
            self.rest_focus()
        self.review.setEnabled(not self._busy)

    def _say(self, button: Button, key: str, view: ServerView) -> None:
        text = self._look.words(key, server=view.server)
        button.say(text, self._look.words("card.named", action=text, object=view.server))

    def _on_notice(self) -> None:
        notice = self.notice.notice
        if self._view is None or notice is None:
            return
        if notice.opens:
            self.opened.emit(notice.opens)
        elif notice.signs_in:
            self.sign_in_requested.emit(self._view.server)
        else:
            self.batch_requested.emit(self._view.server)

    def _on_remove(self) -> None:
        """Ask once more in place; a proposal is dropped at once, for nothing depends on it."""
        view = self._view
        if view is None:
            return
        if view.proposal or view.removal or self._sure:
            self._sure = False
            self.remove_requested.emit(view.server)
        else:
            self._sure = True
            self._show_foot(view)
            self.keep.setFocus()

    def _on_keep(self) -> None:
        view = self._view
        if view is None:
            return
        self._sure = False
        if view.removal:
            self.keep_requested.emit(view.server)
        else:
            self._show_foot(view)
            self.remove.setFocus()

    def _on_review(self) -> None:
        if self._view is not None:
            self.review_requested.emit(self._view.server)

    def _on_sign_out(self) -> None:
        if self._view is not None:
            self.sign_out_requested.emit(self._view.server)

    def _on_confirm(self) -> None:
        if self._view is not None and self._view.proposal:
            self.confirm_requested.emit(self._view)
