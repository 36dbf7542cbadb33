"""The system's dialog on a card and in the settings: asked for, open, taken back, refused."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from keyturn.application.approval_request import RequestKind
from keyturn.application.console_protocol import IntentDone, StateChanged
from keyturn.application.pin_messages import PinState, SetPin
from keyturn.application.window_messages import DropDialog
from keyturn.domain.presence import Readiness
from keyturn.domain.tier import Tier
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender
from keyturn.gui.settings.pin_line import PinLine, PinPresenter
from keyturn.presentation.settings import PinRow
from tests.factories import make_request
from tests.gui.conftest import Clock
from tests.gui.scenes import let_go
from tests.gui.sheets_scene import SheetsScene
from tests.gui.spy_bridge import SpyBridge

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
RISKY = replace(make_request(), tier=Tier.T2)
CHOSEN = PinState(is_set=True, use="t2_t3", dialog=True, ready="ready")


@pytest.mark.requirement("PRESENCE-4", "PRESENCE-3")
def test_the_card_asks_says_that_it_is_open_and_takes_it_back(
    qtbot: QtBot, look: Look, clock: Clock
) -> None:
    """Then the PIN does as well, for this call; whatever was typed goes with the answer only."""
    scene = SheetsScene(qtbot, look, clock)
    scene.bridge.tell(StateChanged(pin=CHOSEN))
    scene.ask(RISKY)
    card, allow = scene.view.card, scene.view.card.block.allow
    assert (card.dialog.isVisible(), card.pin.isVisible()) == (True, False)
    assert allow.text() == look.words("card.dialog_allow")
    assert not allow.armed, "what else the card asks is asked all the same"
    scene.confirm_card()
    scene.wait(2_000)
    assert (allow.armed, allow.reason) == (True, look.words("card.dialog_hint"))
    scene.click(allow)
    sent = scene.decided()[-1]
    assert (sent.dialog, sent.pin, sent.allow) == (True, "", True)
    assert card.dialog.drop.isVisible()
    assert not card.dialog.by_pin.isVisible()
    assert card.dialog.outcome.outcome is Outcome.WAITING
    scene.wait(4_000)
    assert (allow.armed, allow.reason) == (False, look.words("arming.dialog"))
    _press_elsewhere(scene)
    assert (card.dialog.drop.isVisible(), card.dialog.by_pin.isVisible()) == (True, False)
    scene.click(card.dialog.drop)
    assert scene.bridge.sent[-1] == DropDialog(n=scene.bridge.sent[-1].n, id=RISKY.id)
    assert not allow.armed, "until the broker says so it is open"
    scene.bridge.intent_done.emit(IntentDone(n=sent.n, ok=False, sentence="Taken back."))
    assert card.dialog.outcome.sentence == "Taken back."
    assert not allow.armed, "the time starts anew"
    scene.click(card.dialog.by_pin)
    assert (card.dialog.isVisible(), card.pin.isVisible()) == (False, True)
    card.pin.field.setText("2580")
    scene.confirm_card()
    scene.wait(2_000)
    scene.click(allow)
    sent = scene.decided()[-1]
    assert (sent.dialog, sent.pin) == (False, "2580")
    let_go(scene.window)


def _press_elsewhere(scene: SheetsScene) -> None:
    """Press on another card, which the broker refuses as one is open; and come back."""
    row = scene.view.card.dialog
    scene.ask(replace(RISKY, id="call-2"))
    scene.queue.open_card("call-2")
    scene.confirm_card()
    scene.wait(2_000)
    scene.click(scene.view.card.block.allow)
    refused = IntentDone(n=scene.decided()[-1].n, ok=False, sentence="One is open.")
    scene.bridge.intent_done.emit(refused)
    assert (row.outcome.sentence, row.drop.isVisible()) == ("One is open.", False)
    scene.queue.open_card(RISKY.id)


@pytest.mark.requirement("PRESENCE-4")
def test_what_came_of_it_is_said_on_another_card_too(
    qtbot: QtBot, look: Look, clock: Clock
) -> None:
    """A dialog may take a minute, and a person goes on; what is said stands once.

    Also where its own card asks for the PIN by then, because that was chosen in between.
    """
    scene = SheetsScene(qtbot, look, clock)
    scene.bridge.tell(StateChanged(pin=CHOSEN))
    scene.ask(RISKY)
    told = list[str]()
    scene.queue.answers.failed.connect(told.append)
    for leaves in (False, True):
        scene.confirm_card()
        scene.wait(2_000)
        scene.click(scene.view.card.block.allow)
        sent = scene.decided()[-1]
        assert sent.dialog
        if leaves:
            scene.ask(replace(RISKY, id="call-2"))
            scene.queue.open_card("call-2")
            assert not scene.view.card.dialog.drop.isVisible(), "of the other one it is"
        scene.bridge.intent_done.emit(IntentDone(n=sent.n, ok=False, sentence="Not confirmed."))
        assert told == (["Not confirmed."] if leaves else [])
    scene.wait(2_000)
    scene.confirm_card()
    scene.wait(2_000)
    scene.click(scene.view.card.block.allow)
    scene.bridge.tell(StateChanged(pin=PinState(is_set=True, use="t2_t3")))
    done = IntentDone(n=scene.decided()[-1].n, ok=False, sentence="Void.")
    scene.bridge.intent_done.emit(done)
    assert told[1:] == ["Void."]
    let_go(scene.window)


@pytest.mark.requirement("PRESENCE-2")
def test_it_stands_on_no_other_card(qtbot: QtBot, look: Look, clock: Clock) -> None:
    """One after the other in one window, and again on a call's card at the end."""
    scene = SheetsScene(qtbot, look, clock)
    cards: list[tuple[PinState, dict[str, Any]]] = [
        (PinState(is_set=True, use="t2_t3"), {}),
        (CHOSEN, {"two_persons": True}),
        (CHOSEN, {"tier": Tier.T1}),
        (CHOSEN, {"kind": RequestKind.COMMAND}),
        (CHOSEN, {}),
    ]
    stands = list[bool]()
    for number, (state, facts) in enumerate(cards):
        scene.bridge.tell(StateChanged(pin=state))
        scene.ask(replace(RISKY, id=f"call-{number}", **facts))
        scene.queue.open_card(f"call-{number}")
        stands.append(scene.view.card.dialog.isVisible())
    assert stands == [False, False, False, False, True]
    let_go(scene.window)


@pytest.fixture
def line(look: Look) -> Iterator[tuple[SpyBridge, PinLine]]:
    """Return the line of the PIN, fed and shown."""
    bridge, pin = SpyBridge(), PinLine(look, PinRow(key="pin", title="Your PIN", note=""))
    PinPresenter(bridge=bridge, sender=IntentSender(bridge), line=pin, words=look.words, parent=pin)
    pin.show()
    yield bridge, pin
    let_go(pin)


@pytest.mark.requirement("PRESENCE-3")
def test_it_is_offered_where_the_system_asks_and_saved_with_the_pin(
    line: tuple[SpyBridge, PinLine], look: Look
) -> None:
    """Elsewhere one sentence says why not; what is chosen and not saved says so."""
    bridge, pin = line
    assert not pin.dialog.isVisible(), "nobody has looked yet"
    looks = list[int]()
    pin.shown.connect(lambda: looks.append(1))
    for ready in Readiness:
        bridge.tell(StateChanged(pin=PinState(is_set=True, use="t3", ready=ready.value)))
        assert pin.dialog.group.isVisible() is (ready is Readiness.READY)
        assert pin.dialog.said.text() == look.words(f"settings.dialog_{ready.value}")
        assert pin.dialog.isVisible() is (ready is not Readiness.NO_AUTHORITY)
        assert pin.dialog.command is None
    wants = PinState(is_set=True, use="t3", ready="no_action", mends="sed x | sudo tee y")
    bridge.tell(StateChanged(pin=wants))
    command = pin.dialog.command
    assert command is not None
    assert command.isVisible()
    copy = command.findChild(QAbstractButton, "dialog_command_copy")
    assert copy is not None
    copy.click()
    assert pin.outcome.sentence == look.words("forms.copied")
    assert QGuiApplication.clipboard().text() == "sed x | sudo tee y"
    bridge.tell(StateChanged(pin=PinState(is_set=True, use="t3", ready="ready")))
    assert not command.isVisible()
    _by_pin, system = pin.dialog.group.buttons
    system.click()
    assert pin.outcome.outcome is Outcome.OWED
    pin.present.setText("2580")
    pin.save.click()
    assert bridge.sent == [SetPin(n=1, present="2580", new="", use="t3", dialog=True)]
    bridge.tell(StateChanged(pin=PinState(is_set=True, use="t3", dialog=True, ready="keeps")))
    by_pin, system = pin.dialog.group.buttons
    assert (system.isChecked(), pin.dialog.group.isVisible()) == (True, True), "the way back"
    by_pin.click()
    assert pin.outcome.outcome is Outcome.OWED
    pin.hide()
    pin.show()
    assert system.isChecked()
    assert looks == [1], "it may have changed"
    QCoreApplication.sendEvent(pin, QEvent(QEvent.Type.WindowActivate))
    assert looks == [1, 1], "in a terminal"
