"""Feeds the arming with what happens in the window, and asks it before an approval is sent on.

The only path from a press to an approval: a press that the window system made, on the Allow button,
by its shortcut or with Enter in its field, while armed, let go with nothing in between (console.md
sections 3.2, 3.11).
"""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from keyturn.gui.widgets.allow_button import AllowButton
from keyturn.gui.window_keys import KEYS, WindowKeys
from keyturn.presentation.answer import Answer, Route
from keyturn.presentation.arming import Arming, ArmingTerms, Subject

_FRAME_MS: Final = 33
"""The ring is painted at most 30 times a second, and only while it runs."""
_MODIFIERS: Final = {
    Qt.Key.Key_Control,
    Qt.Key.Key_Shift,
    Qt.Key.Key_Alt,
    Qt.Key.Key_Meta,
    Qt.Key.Key_AltGr,
}
_PRESSES: Final = {
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseButtonDblClick,
    QEvent.Type.TouchBegin,
    QEvent.Type.TabletPress,
}
_RELEASES: Final = {
    QEvent.Type.KeyRelease,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.TouchEnd,
    QEvent.Type.TabletRelease,
}
_INPUTS: Final = _PRESSES | _RELEASES
_DISTURBANCES: Final = {
    QEvent.Type.Move,
    QEvent.Type.Resize,
    QEvent.Type.WindowStateChange,
    QEvent.Type.ScreenChangeInternal,
    QEvent.Type.DevicePixelRatioChange,
    QEvent.Type.StyleChange,
    QEvent.Type.LayoutDirectionChange,
}
_OF_THE_PLACE: Final = _DISTURBANCES | {QEvent.Type.Hide}
_WATCHED: Final = (
    _INPUTS
    | _OF_THE_PLACE
    | {QEvent.Type.WindowActivate, QEvent.Type.WindowDeactivate, QEvent.Type.Paint}
)


class ArmingWatch(QObject):
    """Watches one window for one card."""

    allowed = Signal(object)
    """`Answer`: a person allowed what was shown."""
    refused = Signal()
    """A press came while unarmed; the reason stands on the button."""
    name_wanted = Signal()
    """A press through assistive technology, for a call that needs the tool's name as well."""
    ticked = Signal()
    """Time passed that the button shows."""

    def __init__(
        self,
        allow: AllowButton,
        now_ms: Callable[[], int],
        parent: QWidget,
        arming: Arming | None = None,
        *,
        shortcut: bool = True,
    ) -> None:
        """`now_ms` is a monotonic clock in milliseconds; `parent` lives in the watched window.

        Without `shortcut` Ctrl+Enter is no press: what it would do needs the focus on the button.
        """
        super().__init__(parent)
        self.arming = arming or Arming()
        self._allow = allow
        self._now_ms = now_ms
        self._place = parent
        self._shortcut = shortcut
        self.field: QWidget | None = None
        """Plain Enter in it is a press, too."""
        self._by_key = False
        self._made_ms = 0
        """When what the button makes something of was made."""
        self._noted: tuple[QEvent.Type, str] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._on_tick)
        self._unpainted = False
        """What is to arm was not painted yet: a window that is held up shows something else."""
        self._keys = WindowKeys(now_ms)
        allow.is_real = self._keys.is_real
        allow.gripped.connect(self._on_gripped)
        allow.let_go.connect(self._on_let_go)
        allow.pressed_by_accessibility.connect(self._on_accessibility)
        self._watching = False

    def show(self, subject: Subject, terms: ArmingTerms) -> None:
        """Begin to arm for what has just been put on screen."""
        now = self._now_ms()
        self._watch(True)
        if self.arming.subject != subject:
            self._keys.forget()
            self.arming.window_active(self._place.isActiveWindow(), now)
            self._unpainted = True
            self._place.update()
        self.arming.shown(subject, terms, now)
        self._timer.start()
        self.ticked.emit()

    def hide(self) -> None:
        """Stop: nothing is on screen."""
        self.arming.hidden(self._now_ms())
        self._watch(False)
        self._timer.stop()
        self.ticked.emit()

    def confirm(self, path: str) -> None:
        """Note that a person confirmed a value."""
        self.arming.confirmed(path, self._now_ms())
        self._run()

    def answer(self, route: Route) -> Answer | None:
        """Return an answer for what is on screen; for denials, which need no more than that."""
        now = self._steady_ms()
        subject = self.arming.subject
        if subject is None or not self.arming.deny_armed(now):
            return None
        return _answer(self.arming, subject, route, now)

    def _press_by_shortcut(self, event: QEvent) -> None:
        """Take a key for Allow as one whole press, before it counts as input itself."""
        now = self._steady_ms()
        self.arming.press(now, self._keys.made_ms(event))
        subject = self.arming.release(now)
        self.arming.input_happened(now)
        self._settle(subject, Route.KEYBOARD, now)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note what happens in the window; only what presses Allow is swallowed."""
        # Asked once: each answer is made into an enum's member, and every event comes by here.
        kind = event.type()
        if kind not in _WATCHED:
            return False
        if kind in KEYS:
            self._note_key(watched, event)
        if not isinstance(watched, QWidget):
            return False
        if kind is QEvent.Type.Paint:
            self._note_paint(watched)
            return False
        if kind in _INPUTS:
            if kind is QEvent.Type.KeyPress and self._is_press(watched, event):
                self._press_by_shortcut(event)
                return True
            self._note_input(watched, event, kind)
        elif watched is self._place.window():
            self._note_window(kind)
        elif watched is self._place and kind in _OF_THE_PLACE:
            # What went out of sight is looked at from when it is painted again.
            self._unpainted |= kind is QEvent.Type.Hide
            self.arming.disturbed(self._now_ms())
            self._run()
        return False

    def _watch(self, watching: bool) -> None:
        """See every event of the application, but only while there is something to arm for."""
        application = QApplication.instance()
        if watching is self._watching or application is None:
            return
        self._watching = watching
        if watching:
            application.installEventFilter(self)
        else:
            application.removeEventFilter(self)
            self._keys.forget()

    def _note_key(self, watched: QObject, event: QEvent) -> None:
        self._keys.note(watched, event)
        if self._keys.missed:
            # Qt's bridge to readers began later than this: come before it, for the next key.
            QTimer.singleShot(0, self._come_first)

    def _come_first(self) -> None:
        """See each event before whoever else sees them all: the last one to come is the first."""
        application = QApplication.instance()
        if self._watching and application is not None:
            application.removeEventFilter(self)
            application.installEventFilter(self)

    def _is_press(self, watched: QWidget, event: QEvent) -> bool:
        """Tell whether an event is Enter of the window system that presses, with the card shown."""
        if not isinstance(event, QKeyEvent) or not self._keys.is_real(event):
            return False
        by = _pressed_with(event)
        presses = by == Qt.KeyboardModifier.NoModifier and watched is self.field
        if self._shortcut and by == Qt.KeyboardModifier.ControlModifier:
            presses = True
        return presses and self._place.isVisible() and watched.window() is self._place.window()

    def _note_input(self, watched: QWidget, event: QEvent, kind: QEvent.Type) -> None:
        if watched is self._allow and self._is_grip(event):
            self._noted = None
            self._made_ms = self._keys.made_ms(event)
            return
        control = _control_of(event)
        if control is None:
            return
        # Qt offers an event that nobody takes to each parent in turn, no longer as spontaneous.
        noted = (kind, control)
        if noted == self._noted and not event.spontaneous():
            return
        self._noted = noted
        now = self._now_ms()
        if kind in _PRESSES:
            self.arming.held(control, now)
        else:
            self.arming.released(control, now)
        self._run()

    def _is_grip(self, event: QEvent) -> bool:
        """Tell whether the button itself will make something of the event."""
        if isinstance(event, QKeyEvent):
            keys = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}
            self._by_key = True
            return (
                event.key() in keys and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
            )
        self._by_key = False
        return isinstance(event, QMouseEvent) and event.button() is Qt.MouseButton.LeftButton

    def _note_paint(self, watched: QWidget) -> None:
        """Begin the time anew with the first picture of what is to arm."""
        if self._unpainted and (watched is self._place or self._place.isAncestorOf(watched)):
            self._unpainted = False
            self.arming.disturbed(self._now_ms())
            # Not from within a paint: what is told of it may want another one.
            QTimer.singleShot(0, self, self._run)

    def _steady_ms(self) -> int:
        """Return the time of a press; one that no picture came before finds nothing armed."""
        now = self._now_ms()
        if self._unpainted:
            self.arming.disturbed(now)
        return now

    def _note_window(self, kind: QEvent.Type) -> None:
        now = self._now_ms()
        if kind is QEvent.Type.WindowActivate:
            self._come_first()
            self.arming.window_active(True, now)
        elif kind in {QEvent.Type.WindowDeactivate, QEvent.Type.Hide}:
            self.arming.window_active(False, now)
        else:
            self.arming.disturbed(now)
        self._run()

    def _on_gripped(self) -> None:
        now = self._steady_ms()
        if not self.arming.press(now, self._made_ms):
            self.arming.input_happened(now)
            self.refused.emit()
        self._run()

    def _on_let_go(self) -> None:
        now = self._now_ms()
        subject = self.arming.release(now)
        self.arming.input_happened(now)
        self._settle(subject, Route.KEYBOARD if self._by_key else Route.POINTER, now)

    def _on_accessibility(self) -> None:
        now = self._steady_ms()
        subject = self.arming.accessible_press(now)
        if subject is None and self.arming.state(now).armed:
            self.name_wanted.emit()
            return
        self._settle(subject, Route.ACCESSIBILITY, now)

    def _settle(self, subject: Subject | None, route: Route, now: int) -> None:
        if subject is None:
            self.refused.emit()
        else:
            self.allowed.emit(_answer(self.arming, subject, route, now))
        self._run()

    def _run(self) -> None:
        """Go on telling the time as long as anything can still change by time alone."""
        if self.arming.subject is not None and not self._timer.isActive():
            self._timer.start()
        self.ticked.emit()

    def _on_tick(self) -> None:
        self.ticked.emit()
        now = self._now_ms()
        state = self.arming.state(now)
        if (state.armed or state.left_ms == 0) and self.arming.deny_armed(now):
            self._timer.stop()


def _control_of(event: QEvent) -> str | None:
    """Name the key or button; None for one that types nothing, such as Shift."""
    if isinstance(event, QKeyEvent):
        # The place of the key, because letting go of Shift first turns "A" into "a".
        place = event.nativeScanCode() or event.key()
        return None if event.key() in _MODIFIERS else f"key {place}"
    if isinstance(event, QMouseEvent):
        return f"button {event.button().value}"
    return "touch"


def _pressed_with(event: QKeyEvent) -> Qt.KeyboardModifier | None:
    """Return what is held with an Enter that begins; None for any other key.

    With Ctrl it presses anywhere in the window, alone in the field. No QShortcut: that one is set
    off by events that a program sends as well.
    """
    if event.isAutoRepeat() or event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
        return None
    return event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier


def _answer(arming: Arming, subject: Subject, route: Route, now: int) -> Answer:
    return Answer(
        request_id=subject.request_id,
        revision=subject.revision,
        digest=subject.digest,
        shown_for_ms=arming.shown_for_ms(now),
        after_arming_ms=arming.after_arming_ms(now),
        route=route,
    )
