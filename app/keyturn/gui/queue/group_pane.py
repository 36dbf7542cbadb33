"""The card of a group: what is the same once, a table of what varies, one decision row for both.

It shows a `GroupView`, keeps what the person chose of it, and sends nothing. Allow goes to exactly
the calls that were selected, whole on screen and unchanged for the whole arming time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.gui.armed_action import ArmedAction
from keyturn.gui.look import Look
from keyturn.gui.queue.group_table import GroupTable
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.chip import ChipRow
from keyturn.gui.widgets.decision_block import DecisionBlock
from keyturn.gui.widgets.headline import Headline
from keyturn.gui.widgets.layouts import clear, column, pane, row
from keyturn.gui.widgets.long_text import value_label
from keyturn.gui.widgets.scroll_pane import SnugPane
from keyturn.gui.widgets.text import LONGEST, Text, ValueText
from keyturn.presentation.answer import Answer, Route
from keyturn.presentation.card import CardActions
from keyturn.presentation.group_choice import GroupChoice
from keyturn.presentation.group_table import GroupCall, GroupView

_SIDE: Final = 24
_LEAST_HEAD: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAnswer:
    """What a person decided of calls of a group, all of which were on screen."""

    calls: tuple[GroupCall, ...]
    shown_for_ms: int
    after_arming_ms: int | None
    route: Route


class GroupPane(QFrame):
    """Shows one group; what is pressed comes out as signals."""

    allow_requested = Signal(object)
    """`GroupAnswer`."""
    deny_requested = Signal(object)
    """`GroupAnswer`."""
    call_opened = Signal(str)
    """Request whose own card is wanted."""

    def __init__(
        self, look: Look, now_ms: Callable[[], int], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self.choice: GroupChoice | None = None
        self._covered = False
        self.setObjectName("group")
        self.setProperty("surface", "panel")
        self.headline = Headline(look)
        self.chips = ChipRow(look)
        self.table = GroupTable(look)
        self.block = DecisionBlock(look)
        self.action = ArmedAction(look, self.block.allow, now_ms, self, shortcut=True)
        self._constants = column(gap=4)
        self._strip = pane("raised", name="group_constants")
        self._selected = Text(look, Type.BODY_STRONG)
        self._limit = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self._build()
        self._connect()

    def show_group(self, view: GroupView | None) -> None:
        """Show a group as it is now; with none, nothing of it can be allowed."""
        self.setVisible(view is not None)
        if view is None:
            self.action.hide()
            return
        same = self.choice is not None and self.choice.view.group_id == view.group_id
        if self.choice is not None and same:
            self.choice.use(view)
        else:
            self.choice = GroupChoice(view)
        self.headline.show_head(view.headline, view.server_tool, "")
        self.chips.show_chips(view.chips)
        self._show_constants(view)
        self.table.show_choice(self.choice)
        self._show()
        if not same:
            self.rest_focus()

    def cover(self, covered: bool) -> None:
        """Allow nothing while a sheet lies over it; afterwards the arming starts from zero."""
        self._covered = covered
        if covered:
            self.action.hide()
        else:
            self._show()

    def note_opened(self, request_id: str) -> None:
        """Take it that the own card of a call was read to its end."""
        if self.choice is not None:
            self.choice.opened(request_id)

    def rest_focus(self) -> None:
        """Leave the focus where no key decides."""
        self.headline.sentence.setFocus(Qt.FocusReason.OtherFocusReason)

    def deny_all(self, route: Route = Route.KEYBOARD) -> None:
        """Deny every call that is in the table."""
        self._deny(self.choice.calls if self.choice is not None else (), route)

    def deny_outliers(self, route: Route = Route.KEYBOARD) -> None:
        """Deny what is flagged, and nothing else."""
        self._deny(self.choice.outliers if self.choice is not None else (), route)

    # ---------------------------------------------------------------- building

    def _build(self) -> None:
        # Where there is not the height for all, the head scrolls: rows and decision stay.
        around = SnugPane(self._look, "panel", (_SIDE, 20, _SIDE, 8), least=_LEAST_HEAD)
        head = around.body
        head.setSpacing(8)
        head.addWidget(self.headline)
        head.addWidget(self.chips)
        strip = column(self._strip, (16, 8, 16, 8))
        strip.addLayout(self._constants)
        head.addWidget(self._strip)
        line = row(gap=12)
        line.addWidget(self._selected)
        line.addWidget(self._limit, 1)
        head.addLayout(line)
        head.addWidget(self.action.name_row)
        body = column(margins=(_SIDE, 0, _SIDE, 0))
        body.addWidget(self.table)
        layout = column(self)
        layout.addWidget(around)
        layout.addLayout(body, 1)
        layout.addWidget(self.block)

    def _connect(self) -> None:
        self.table.toggled.connect(self._on_toggled)
        self.table.opened.connect(self.call_opened)
        self.table.painted.connect(self._on_painted)
        self.action.pressed.connect(self._on_allowed)
        self.action.changed.connect(self._on_ticked)
        self.block.deny_pressed.connect(self._on_deny)
        self.block.deny_with_message_pressed.connect(self._on_deny_outliers)

    # ---------------------------------------------------------------- showing

    def _show_constants(self, view: GroupView) -> None:
        clear(self._constants)
        self._strip.setVisible(bool(view.constants))
        title = Text(self._look, Type.LABEL, Token.TEXT_SECONDARY)
        title.say(self._look.words("burst.same_in", n=len(view.calls)))
        self._constants.addWidget(title)
        for key, value in view.constants:
            line = row(gap=12)
            name = ValueText(self._look, Type.VALUE, Token.TEXT_SECONDARY, most=LONGEST)
            name.say(key)
            text = value_label(self._look, value)
            line.addWidget(name)
            line.addWidget(text, 1)
            self._constants.addLayout(line)

    def _show(self) -> None:
        """Say how much is selected, and arm for exactly that."""
        choice = self.choice
        if choice is None:
            return
        words, view = self._look.words, choice.view
        selected, count, unlike = len(choice.selected), len(choice.calls), len(choice.outliers)
        actions = CardActions(
            allow=words("burst.allow", n=selected),
            armed_hint=words("burst.allow_hint"),
            deny=words("burst.deny", n=count),
            deny_with_message=words("burst.deny_outliers", n=unlike) if unlike else "",
            rule=words("burst.make_rule"),
        )
        object_ = words("burst.object", n=count, tool=view.tool_short_name)
        self.block.show_actions(actions, view.why_asked, object_)
        if self._covered:
            return
        self.action.show(
            choice.subject(),
            choice.terms(),
            hint=words("burst.allow_hint"),
            name=view.tool_short_name,
            look="burst.look_rows",
        )
        key = choice.fault()
        self.action.refuse(view.fault or (words(key, n=view.most) if key else ""))
        self._say_seen()

    def _say_seen(self) -> None:
        choice = self.choice
        if choice is None:
            return
        words, unseen = self._look.words, choice.unseen
        n, count = len(choice.selected), len(choice.calls)
        seen = unseen is None and n > 0
        text = words("burst.selected_seen", n=n, of=count) if seen else ""
        self._selected.say(text or words("burst.selected", n=n, of=count))
        careful = choice.view.most < 25
        limit = words("burst.confirm_each", n=choice.view.most) if careful else ""
        self._limit.say(limit or words("burst.at_most", n=choice.view.most))
        self._limit.setVisible(choice.view.most > 0)
        self.action.say_unseen(unseen)

    # ---------------------------------------------------------------- from the person

    def _on_toggled(self, request_id: str) -> None:
        if self.choice is not None:
            self.choice.toggle(request_id)
            self.table.show_choice(self.choice)
            self._show()

    def _on_painted(self, request_ids: tuple[str, ...]) -> None:
        choice = self.choice
        if choice is None:
            return
        before = choice.unseen
        choice.painted(request_ids)
        if choice.unseen != before:
            # Painting is no time to change what is painted.
            QTimer.singleShot(0, self, self._say_seen)

    def _on_ticked(self) -> None:
        watch = self.action.watch
        self.block.show_deny_armed(watch.answer(Route.POINTER) is not None)

    def _on_allowed(self, answer: Answer) -> None:
        choice = self.choice
        if choice is None or choice.fault() or choice.unseen is not None:
            return
        if (answer.request_id, answer.revision, answer.digest) != tuple(choice.subject()):
            return
        self.allow_requested.emit(_group_answer(choice.selected, answer))

    def _on_deny(self) -> None:
        self.deny_all(Route.POINTER)

    def _on_deny_outliers(self) -> None:
        self.deny_outliers(Route.POINTER)

    def _deny(self, calls: tuple[GroupCall, ...], route: Route) -> None:
        answer = self.action.watch.answer(route)
        if answer is not None and calls and not self._covered:
            self.deny_requested.emit(_group_answer(calls, answer))


def _group_answer(calls: tuple[GroupCall, ...], answer: Answer) -> GroupAnswer:
    return GroupAnswer(
        calls=calls,
        shown_for_ms=answer.shown_for_ms,
        after_arming_ms=answer.after_arming_ms,
        route=answer.route,
    )
