"""One armed button with everything that it owes its person: the reason, the ring, the name field.

Panes that open a way use it like the card uses Allow once: they say what is on screen and what is
owed, and are told of a press only when the arming agreed to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from keyturn.gui.arming_watch import ArmingWatch
from keyturn.gui.look import Look
from keyturn.gui.readers import announce
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.allow_button import AllowButton
from keyturn.gui.widgets.layouts import column
from keyturn.gui.widgets.text import Text
from keyturn.presentation.answer import Answer
from keyturn.presentation.arming import ArmingTerms, ArmState, Owed, Subject
from keyturn.presentation.arming_text import look_text
from keyturn.presentation.visible_text import shown_line

_FIELD: Final = 280
_LONGEST_NAME: Final = 200
"""Characters of a name that are said beside the field; nobody types as many."""


class ArmedAction(QObject):
    """Binds an `AllowButton` to what one pane shows."""

    pressed = Signal(object)
    """`Answer`: a person pressed while armed."""
    changed = Signal()
    """The arming stands otherwise than before, or time passed."""

    def __init__(
        self,
        look: Look,
        button: AllowButton,
        now_ms: Callable[[], int],
        place: QWidget,
        *,
        shortcut: bool = False,
    ) -> None:
        """`place` is what is watched: hidden, moved or resized, it starts the time again.

        `shortcut`: Ctrl+Enter presses too; a key alone never saves a rule or adds a server.
        """
        super().__init__(place)
        self._look = look
        self._now_ms = now_ms
        self._objects: Mapping[str, str] = {}
        self._hint = ""
        self._name = ""
        self._fault = ""
        self._look_key = ""
        self.button = button
        self.watch = ArmingWatch(button, now_ms, place, shortcut=shortcut)
        self.name_field = QLineEdit()
        self.name_field.setObjectName("typed_name")
        self.name_field.setFixedWidth(_FIELD)
        self._prompt = Text(look, Type.LABEL, Token.TEXT_SECONDARY)
        self.name_row = QWidget()
        layout = column(self.name_row, gap=4)
        layout.addWidget(self._prompt)
        layout.addWidget(self.name_field)
        self.name_row.hide()
        self.name_field.textChanged.connect(self._on_name)
        self.watch.ticked.connect(self._show)
        self.watch.allowed.connect(self._on_allowed)
        self.watch.refused.connect(self._on_refused)
        self.watch.name_wanted.connect(self.name_row.show)

    def show(
        self,
        subject: Subject,
        terms: ArmingTerms,
        *,
        objects: Mapping[str, str] | None = None,
        hint: str = "",
        name: str = "",
        look: str = "",
    ) -> None:
        """Arm for what has just been put on screen.

        `objects` names what is owed by its path, in words; `name` is what assistive technology
        has typed for T2, because any program can press a button through it; `look` is the key of
        the words for what was not on screen yet, where these are no lines.
        """
        self._look_key = look
        self._objects = objects or {}
        self._hint = hint
        if subject != self.watch.arming.subject:
            self.name_field.clear()
            self.name_row.hide()
        self._name = name
        words = self._look.words
        # The row stands beside the buttons; the whole name stands above.
        shown = name if len(name) <= _LONGEST_NAME else shown_line(name, words, most=_LONGEST_NAME)
        prompt = words("card.type_name", name=shown)
        self._prompt.say(prompt)
        self.name_field.setAccessibleName(shown_line(prompt, words))
        self.watch.show(subject, terms)

    def hide(self) -> None:
        """Stop: what was shown is gone."""
        self.watch.hide()

    def refuse(self, fault: str) -> None:
        """Keep the button unarmed for a reason of the pane's own; empty takes it back."""
        self._fault = fault
        self._show()

    def confirm(self, path: str) -> None:
        """Note that a person confirmed something owed."""
        self.watch.confirm(path)

    def say_unseen(self, unseen: tuple[int, int] | None) -> None:
        """Note which lines have not been on screen."""
        self.watch.arming.lines_unseen(unseen)
        self._show()

    def _show(self) -> None:
        state = self.watch.arming.state(self._now_ms())
        if self._fault:
            state = replace(state, armed=False, owed=Owed.CONFIRM)
            self.button.show_state(state, self._fault)
        elif state.owed is not Owed.REQUEST:
            self.button.show_state(state, self._reason(state))
        self.changed.emit()

    def _reason(self, state: ArmState) -> str:
        if state.owed is Owed.LOOK and not self._look_key:
            return look_text(state, self._look.words)
        first, last = state.unseen or (0, 0)
        key = self._look_key if state.owed is Owed.LOOK and self._look_key else state.reason
        return self._look.words(
            key,
            object=self._objects.get(state.path, ""),
            n=max(1, -(-state.left_ms // 1000)),
            first=first,
            last=last,
            name=self._name,
            hint=self._hint,
        )

    def _on_allowed(self, answer: Answer) -> None:
        if not self._fault:
            self.pressed.emit(answer)

    def _on_refused(self) -> None:
        """Say why a press by the shortcut came to nothing; with the focus the button says it."""
        if not self.button.hasFocus():
            announce(self.button, self.button.reason)

    def _on_name(self, text: str) -> None:
        self.watch.arming.name_typed(bool(self._name) and text == self._name)
        self._show()
