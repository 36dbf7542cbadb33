"""The PIN on a card and in the settings: owed before Allow, sent once, gone from the field."""

from collections.abc import Callable, Iterator
from dataclasses import replace

# pyright: reportUnknownMemberType=false
# pytest-qt's key and mouse methods are untyped.
import msgspec
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from keyturn.application.agent_messages import ChangeState, RaisedState
from keyturn.application.approval_request import RequestKind
from keyturn.application.console_protocol import (
    IntentDone,
    RemoveRule,
    StateChanged,
    decode_from_window,
)
from keyturn.application.console_state import AgentState
from keyturn.application.pin_messages import (
    PinState,
    RemoveSecond,
    SetPin,
    SetSecond,
    WithPin,
)
from keyturn.domain.canonical import JsonObject
from keyturn.domain.tier import Tier
from keyturn.gui.look import Look
from keyturn.gui.pin_bar import PinBar
from keyturn.gui.queue.card_pins import CardPins
from keyturn.gui.sending import IntentSender
from keyturn.gui.settings.pin_line import PinPresenter
from keyturn.gui.settings.second_line import SecondPresenter
from keyturn.gui.settings.view import SettingsView
from keyturn.gui.widgets.choices import ChoiceRow
from tests.factories import make_request
from tests.gui.conftest import Clock
from tests.gui.scenes import let_go
from tests.gui.sheets_scene import SheetsScene
from tests.gui.spy_bridge import SpyBridge
from tests.gui.test_queue_view import PLAIN, Desk

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
RISKY = replace(make_request(), tier=Tier.T2)
START: JsonObject = {
    "argv": ["orders"],
    "cwd": "/work",
    "env": [],
    "executable": "/orders",
    "sha256": "0" * 64,
}


@pytest.fixture
def desk(qtbot: QtBot, look: Look, clock: Clock) -> Iterator[Desk]:
    """Return a desk with a card on it."""
    made = Desk(qtbot, look, clock)
    yield made
    let_go(made.scene.window)


@pytest.mark.requirement("PIN-1", "C5")
def test_a_card_that_asks_for_it_arms_with_it_only(desk: Desk, look: Look) -> None:
    """The buttons stay where they are; a wrong one empties the field and arms anew."""
    bridge = SpyBridge()
    pins = CardPins(bridge, desk.view, desk.clock, look.words, desk.view)
    bridge.tell(StateChanged(pin=PinState(is_set=True, use="t2_t3")))
    assert pins.asked(RISKY)
    assert not pins.asked(replace(RISKY, tier=Tier.T1))
    desk.show(PLAIN)
    place = desk.allow.mapTo(desk.scene.window, desk.allow.rect().topLeft())
    desk.show(replace(PLAIN, pin=True))
    assert desk.allow.mapTo(desk.scene.window, desk.allow.rect().topLeft()) == place
    field = desk.view.card.pin.field
    assert field.isVisible()
    assert field.echoMode() is QLineEdit.EchoMode.Password
    desk.wait(2_000)
    assert not desk.allow.armed
    field.setText("123")
    desk.wait(2_000)
    assert not desk.allow.armed
    field.setText("1234")
    desk.wait(2_000)
    assert desk.allow.armed
    desk.click(desk.allow)
    assert len(desk.allowed) == 1
    assert pins.take(RISKY, 7) == "1234"
    assert field.text() == ""
    bridge.intent_done.emit(IntentDone(n=7, ok=False, sentence="That is not your PIN."))
    assert desk.view.card.pin.outcome.sentence == "That is not your PIN."
    desk.wait(2_000)
    assert not desk.allow.armed


def test_another_card_begins_with_an_empty_field(desk: Desk) -> None:
    """What was typed for one call is not there for the next."""
    desk.show(replace(PLAIN, pin=True))
    desk.view.card.pin.field.setText("1234")
    desk.show(replace(PLAIN, pin=True, request_id="other"))
    assert desk.view.card.pin.field.text() == ""
    desk.show(replace(PLAIN, request_id="third"))
    assert not desk.view.card.pin.isVisible()


@pytest.mark.requirement("PIN-1")
def test_the_answer_carries_it(qtbot: QtBot, look: Look, clock: Clock) -> None:
    """From the broker's word on the PIN to the decision that is sent."""
    scene = SheetsScene(qtbot, look, clock)
    scene.bridge.tell(StateChanged(pin=PinState(is_set=True, use="t2_t3")))
    scene.ask(RISKY)
    scene.confirm_card()
    if scene.view.card.name_field.isVisible():
        assert scene.view.card.card is not None
        scene.view.card.name_field.setText(scene.view.card.card.tool_short_name)
    scene.wait(2_000)
    assert not scene.view.card.block.allow.armed
    scene.view.card.pin.field.setText("1234")
    scene.wait(2_000)
    scene.click(scene.view.card.block.allow)
    assert [decide.pin for decide in scene.decided()] == ["1234"]
    scene.bridge.tell(StateChanged(pin=PinState(is_set=True, use="never")))
    assert not scene.view.card.pin.isVisible()
    let_go(scene.window)


PERSONS = ("Ada", "Berta")
BOTH = PinState(is_set=True, use="never", second="Berta", beside="Ada")


def by_enter(scene: SheetsScene, _allow: QWidget) -> None:
    """Press Enter in the field, as who has just typed there does; it has the keyboard."""
    scene.view.card.pin.field.setFocus()
    scene.key(Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier)


@pytest.mark.requirement("TWO-1", "PIN-4")
@pytest.mark.parametrize("press", [SheetsScene.click, by_enter])
def test_two_persons_type_one_after_the_other(
    qtbot: QtBot, look: Look, clock: Clock, press: Callable[[SheetsScene, QWidget], None]
) -> None:
    """The card says whose turn it is, forgets what was typed, and arms anew for the second.

    Until then its button neither says nor looks as if it let anything through.
    """
    scene = SheetsScene(qtbot, look, clock)
    scene.bridge.tell(
        StateChanged(pin=PinState(is_set=True, use="never", second="Berta", beside="Ada"))
    )
    scene.ask(replace(make_request(), two_persons=True))
    scene.confirm_card()
    field, allow = scene.view.card.pin.field, scene.view.card.block.allow
    for pin, second in (("1234", False), ("5678", True)):
        said = "two_second" if second else "two_first"
        assert field.accessibleName() == look.words(f"card.{said}", name=PERSONS[second])
        # The first one's press allows nothing, and the button does not say that it does.
        goes_on = look.words("card.two_next", name="Berta")
        assert (allow.text() == goes_on) is not second
        assert allow.property("kind") == ("allow" if second else "primary")
        assert field.text() == ""
        scene.wait(2_000)
        assert (allow.armed, allow.reason) == (False, f"Enter the PIN of {PERSONS[second]}")
        field.setText(pin)
        scene.wait(2_000)
        hint = look.words("card.two_hint")
        assert (allow.armed, allow.reason == hint) == (True, not second)
        press(scene, allow)
        sent = scene.decided()[-1]
        assert (sent.pin, sent.second) == (pin, second)
        scene.bridge.intent_done.emit(IntentDone(n=sent.n, ok=True, second="Berta"))
    late = IntentDone(n=sent.n, ok=False, sentence="Too late.")
    scene.bridge.intent_done.emit(late)
    assert field.accessibleName() == look.words("card.two_first", name="Ada")
    assert scene.view.card.pin.outcome.sentence == "Too late."
    let_go(scene.window)


@pytest.mark.requirement("PIN-1", "PIN-4")
def test_the_field_has_the_keyboard_while_more_is_asked(
    qtbot: QtBot, look: Look, clock: Clock
) -> None:
    """For the second person and after a wrong one; of a card that was left meanwhile not."""
    scene = SheetsScene(qtbot, look, clock)
    scene.bridge.tell(StateChanged(pin=BOTH))
    scene.ask(replace(make_request(), two_persons=True))
    field = scene.view.card.pin.field
    for ok, left in ((True, False), (False, False), (True, True)):
        scene.confirm_card()
        field.setText("1234")
        scene.wait(2_000)
        scene.click(scene.view.card.block.allow)
        sent = scene.decided()[-1]
        scene.view.card.rest_focus()
        if left:
            scene.ask(replace(make_request("other"), two_persons=True))
            scene.queue.open_card("other")
        done = IntentDone(n=sent.n, ok=ok, second="Berta", sentence="" if ok else "No.")
        scene.bridge.intent_done.emit(done)
        assert field.hasFocus() is not left
    let_go(scene.window)


@pytest.mark.requirement("PIN-1", "C2", "C6")
def test_enter_in_the_field_does_what_the_button_would(
    qtbot: QtBot, look: Look, clock: Clock
) -> None:
    """Armed, from the window system, not repeated and alone; else it is said why it did not."""
    scene = SheetsScene(qtbot, look, clock)
    scene.bridge.tell(StateChanged(pin=PinState(is_set=True, use="t2_t3")))
    scene.ask(RISKY)
    row, allow = scene.view.card.pin, scene.view.card.block.allow
    by_enter(scene, allow)
    assert row.outcome.sentence == allow.reason != ""
    scene.confirm_card()
    scene.wait(2_000)
    row.field.setFocus()
    qtbot.keyClicks(row.field, "1234")
    by_enter(scene, allow)
    assert row.outcome.sentence == look.words("card.enter_again")
    scene.wait(299)
    by_enter(scene, allow)
    assert (row.field.text(), scene.decided()) == ("1234", [])
    scene.wait(2_000)
    assert allow.armed
    # A program's event is none, nor is what a held key repeats.
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        event = QKeyEvent(kind, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(row.field, event)
        scene.wait(2_000)
    none = Qt.KeyboardModifier.NoModifier
    for down in (True, False):
        QTest.simulateEvent(row.field, down, Qt.Key.Key_Return, none, "", True)
    scene.wait(2_000)
    assert allow.armed
    scene.key(Qt.Key.Key_Return, Qt.KeyboardModifier.AltModifier)
    assert scene.decided() == []
    scene.wait(2_000)
    by_enter(scene, allow)
    assert [decide.pin for decide in scene.decided()] == ["1234"]
    # It is gone from the field: the next press has nothing to go by.
    scene.wait(2_000)
    by_enter(scene, allow)
    assert len(scene.decided()) == 1
    let_go(scene.window)


@pytest.mark.requirement("PIN-5")
@pytest.mark.parametrize("second", ["", "Berta"])
def test_the_card_of_a_review_asks_where_the_broker_says_so(
    qtbot: QtBot, look: Look, clock: Clock, second: str
) -> None:
    """In its own field, for what was chosen; what was chosen stays, and it arms anew."""
    scene = SheetsScene(qtbot, look, clock)
    scene.bridge.tell(
        StateChanged(pin=PinState(is_set=True, use="t2_t3", second=second, beside="Ada"))
    )
    review = make_request(kind=RequestKind.DEFINITION, arguments={"name": "dispatch_order"})
    scene.ask(review, None)
    card = scene.view.card
    # What this takes, only the broker knows.
    choose_tier(scene, Tier.T3)
    press_allow(scene)
    assert not card.pin.isVisible()
    (plain,) = scene.decided()
    assert (plain.pin, plain.tier) == ("", None)
    what_for = "What you chose lets calls through."
    done = IntentDone(n=plain.n, ok=False, sentence=what_for, pin=True, second=second)
    scene.bridge.intent_done.emit(done)
    assert card.pin.isVisible()
    turn = look.words("card.two_first", name="Ada")
    prompt = f"{what_for} {turn}" if second else what_for
    assert card.pin.field.accessibleName() == prompt
    assert card.review.tiers.tier is None
    assert card.pin.field.hasFocus()
    assert not card.block.allow.armed
    card.pin.field.setText("1234")
    press_allow(scene)
    typed = scene.decided()[-1]
    assert (typed.pin, typed.tier) == ("1234", None)
    scene.ask(make_request("other", kind=RequestKind.DEFINITION), None)
    scene.queue.open_card("other")
    assert not card.pin.isVisible()
    let_go(scene.window)


@pytest.mark.requirement("PIN-5")
@pytest.mark.parametrize(("use", "asked"), [("t2_t3", True), ("t3", False), ("never", False)])
def test_the_card_of_a_start_asks_at_once(
    qtbot: QtBot, look: Look, clock: Clock, use: str, asked: bool
) -> None:
    """It runs code whatever is chosen on it, so that nobody has to press first to hear so."""
    scene = SheetsScene(qtbot, look, clock)
    scene.bridge.tell(StateChanged(pin=PinState(is_set=True, use=use)))
    start = make_request(kind=RequestKind.COMMAND, tool=None, arguments=START, tier=Tier.T2)
    scene.ask(start, None)
    assert scene.view.card.pin.isVisible() is asked
    let_go(scene.window)


def choose_tier(scene: SheetsScene, tier: Tier) -> None:
    """Choose a tier on the card of a tool."""
    rows = scene.view.card.review.tiers.findChildren(ChoiceRow, f"tier_{tier.name}")
    for row in rows:
        row.setChecked(True)


def press_allow(scene: SheetsScene) -> None:
    """Do what the open card owes, wait until it is armed, and press it."""
    scene.confirm_card()
    shown = scene.view.card
    if shown.name_field.isVisible() and shown.card is not None:
        shown.name_field.setText(shown.card.tool_short_name)
    scene.wait(2_000)
    scene.click(shown.block.allow)


@pytest.mark.requirement("STEP-1")
def test_a_raised_agent_s_card_takes_more_and_says_why(
    qtbot: QtBot, look: Look, clock: Clock
) -> None:
    """The name without a PIN, the PIN with one; lowered, it takes what it took."""
    scene = SheetsScene(qtbot, look, clock)
    change = ChangeState(server="logistics", cause="new_tool", since="2026-11-28T10:00:00.000Z")
    agent = AgentState(name="analyst", enrolled=True, connections=1)
    raised = msgspec.structs.replace(agent, raised=RaisedState(changes=(change,), shown="s"))
    scene.ask(make_request())
    card = scene.view.card
    assert not card.raised.isVisible()
    scene.bridge.tell(StateChanged(agents=(raised,)))
    assert (card.raised.isVisible(), card.name_field.isVisible()) == (True, True)
    assert not card.pin.isVisible()
    scene.bridge.tell(StateChanged(pin=PinState(is_set=True, use="never")))
    assert card.pin.isVisible()
    scene.wait(2_000)
    assert not card.block.allow.armed
    scene.bridge.tell(StateChanged(agents=(agent,)))
    assert not card.raised.isVisible()
    assert not card.pin.isVisible()
    let_go(scene.window)


@pytest.fixture
def settings(look: Look) -> Iterator[tuple[SpyBridge, SettingsView]]:
    """Return the settings' screen with its PIN line fed."""
    bridge, view = SpyBridge(), SettingsView(look)
    PinPresenter(
        bridge=bridge, sender=IntentSender(bridge), line=view.pin, words=look.words, parent=view
    )
    SecondPresenter(
        bridge=bridge, sender=IntentSender(bridge), line=view.second, words=look.words, parent=view
    )
    view.pin.setParent(view)
    view.second.setParent(view)
    view.show()
    yield bridge, view
    let_go(view)


@pytest.mark.requirement("PIN-3")
def test_setting_it_sends_it_once(settings: tuple[SpyBridge, SettingsView]) -> None:
    """Two that differ are not sent; what was sent is gone from the fields."""
    bridge, view = settings
    line = view.pin
    assert line.present.isHidden() or not line.present.isVisibleTo(line)
    line.new.setText("1234")
    line.again.setText("1235")
    line.save.click()
    assert bridge.sent == []
    assert line.outcome.sentence
    line.again.setText("1234")
    line.choose("t3")
    line.save.click()
    assert bridge.sent == [SetPin(n=bridge.sent[-1].n, present="", new="1234", use="t3")]
    assert (line.new.text(), line.again.text()) == ("", "")
    bridge.answer()
    bridge.tell(StateChanged(pin=PinState(is_set=True, use="t3")))
    assert line.present.isVisibleTo(line)
    line.choose("never")
    line.present.setText("1234")
    line.save.click()
    assert bridge.sent[-1] == SetPin(n=bridge.sent[-1].n, present="1234", new="", use="never")
    bridge.answer(ok=False, sentence="That is not your PIN.")
    assert line.outcome.sentence == "That is not your PIN."


@pytest.mark.requirement("PIN-3", "PIN-4")
def test_naming_a_second_person_sends_it_once(settings: tuple[SpyBridge, SettingsView]) -> None:
    """Every PIN is gone from its field by then; taking them out asks for both as well."""
    bridge, line = settings[0], settings[1].second
    pins = (line.first, line.present, line.new, line.again)
    typed = ("1111", "2222", "3333", "3333")
    assert not line.remove.isVisibleTo(line)
    bridge.tell(StateChanged(pin=PinState(is_set=True, use="t3", second="Berta", beside="Ada")))
    assert line.remove.isVisibleTo(line)
    for field, pin in zip(pins, typed, strict=True):
        field.setText(pin)
    line.again.setText("3334")
    line.save.click()
    assert bridge.sent == []
    line.again.setText("3333")
    line.save.click()
    number = bridge.sent[-1].n
    assert bridge.sent == [
        SetSecond(n=number, first="1111", present="2222", beside="Ada", name="Berta", new="3333")
    ]
    assert [field.text() for field in pins] == [""] * 4
    bridge.answer(ok=False, sentence="Not theirs.")
    assert line.outcome.sentence == "Not theirs."
    line.first.setText("1111")
    line.present.setText("2222")
    line.remove.click()
    assert bridge.sent[-1] == RemoveSecond(n=bridge.sent[-1].n, first="1111", present="2222")
    bridge.answer()
    assert line.outcome.sentence


Change = tuple[SpyBridge, IntentSender, PinBar, list[bool]]


@pytest.fixture
def change(qtbot: QtBot, look: Look) -> Iterator[Change]:
    """Return a change that a person asked for, and what they were told of it."""
    bridge, bar, told = SpyBridge(), PinBar(look), list[bool]()
    sender = IntentSender(bridge)
    sender.second = "Later."
    sender.pin_wanted.connect(bar.ask)
    sender.pin_settled.connect(bar.clear)
    bar.given.connect(sender.give_pin)
    bar.dropped.connect(sender.drop_pin)
    qtbot.addWidget(bar)
    sender.send(lambda n: RemoveRule(n=n, id="r-deny"), lambda done: told.append(done.ok))
    bridge.intent_done.emit(IntentDone(n=bridge.sent[-1].n, ok=False, sentence="Why.", pin=True))
    yield bridge, sender, bar, told
    let_go(bar)


@pytest.mark.requirement("PIN-1")
def test_a_change_that_takes_it_is_sent_once_more_with_it(qtbot: QtBot, change: Change) -> None:
    """The very same intent; a wrong one is asked again, and the field is empty."""
    bridge, _, bar, told = change
    assert (bar.isVisible(), told) == (True, [])
    assert not bar.go.isEnabled()
    for ok in (False, True):
        qtbot.keyClicks(bar.field, "1234")
        bar.go.click()
        assert bar.field.text() == ""
        sent = bridge.sent[-1]
        assert isinstance(sent, WithPin)
        assert sent.pin == "1234"
        assert "1234" not in repr(sent)
        assert decode_from_window(sent.intent.encode()) == RemoveRule(n=sent.n, id="r-deny")
        bridge.intent_done.emit(IntentDone(n=sent.n, ok=ok, sentence="No.", pin=not ok))
        assert bar.isVisible() is not ok
        # What it is for stays to be read while the PIN was the wrong one.
        assert (bar.text.text(), bar.fault.sentence) == ("Why.", "No." if not ok else "")
    assert told == [True]


@pytest.mark.requirement("PIN-1", "LAW-4")
@pytest.mark.parametrize("typed", [False, True])
def test_no_other_change_takes_the_place_of_the_one_that_waits(
    qtbot: QtBot, change: Change, typed: bool
) -> None:
    """A program that presses Remove while the bar is open, or while the PIN is looked at."""
    bridge, sender, bar, told = change
    if typed:
        qtbot.keyClicks(bar.field, "1234")
        bar.go.click()
    heard = list[IntentDone]()
    sender.send(lambda n: RemoveRule(n=n, id="r-other"), heard.append)
    other = bridge.sent[-1].n
    bridge.intent_done.emit(IntentDone(n=other, ok=False, sentence="Other.", pin=True))
    assert [(done.ok, done.sentence) for done in heard] == [(False, "Later.")]
    assert (bar.isVisible(), bar.text.text()) == (True, "Why.")
    if not typed:
        qtbot.keyClicks(bar.field, "1234")
        bar.go.click()
    (sent,) = [message for message in bridge.sent if isinstance(message, WithPin)]
    assert decode_from_window(sent.intent.encode()) == RemoveRule(n=sent.n, id="r-deny")
    bridge.intent_done.emit(IntentDone(n=sent.n, ok=True))
    assert (told, bar.isVisible()) == ([True], False)


@pytest.mark.requirement("PIN-1", "LAW-4")
def test_while_one_pin_is_looked_at_no_other_is_sent(qtbot: QtBot, change: Change) -> None:
    """Each would be a try, and the change might be made twice."""
    bridge, sender, bar, told = change
    qtbot.keyClicks(bar.field, "1234")
    bar.go.click()
    sender.give_pin("9999")
    (sent,) = [message for message in bridge.sent if isinstance(message, WithPin)]
    assert sent.pin == "1234"
    bridge.intent_done.emit(IntentDone(n=sent.n, ok=True))
    assert told == [True]


@pytest.mark.requirement("PIN-1")
def test_left_undone_while_the_pin_is_looked_at_it_is_told_once(
    qtbot: QtBot, change: Change
) -> None:
    """What became of it, which may be that it was done; the next change is asked about."""
    bridge, sender, bar, told = change
    qtbot.keyClicks(bar.field, "1234")
    bar.go.click()
    typed = bridge.sent[-1].n
    sender.drop_pin()
    assert told == []
    bridge.intent_done.emit(IntentDone(n=typed, ok=False, sentence="No.", pin=True))
    assert told == [False]
    sender.send(lambda n: RemoveRule(n=n, id="r-other"))
    next_one = bridge.sent[-1].n
    bridge.intent_done.emit(IntentDone(n=next_one, ok=False, sentence="Other.", pin=True))
    assert bar.text.text() == "Other."


@pytest.mark.requirement("PIN-1")
def test_a_change_can_be_left_undone(qtbot: QtBot, change: Change) -> None:
    """Whoever asked for it hears that it was not done, and nothing more is sent."""
    bridge, sender, bar, told = change
    qtbot.keyClick(bar.field, Qt.Key.Key_Escape)
    assert told == [False]
    sender.give_pin("1234")
    assert not [message for message in bridge.sent if isinstance(message, WithPin)]


@pytest.mark.requirement("PIN-1")
def test_what_was_refused_although_the_pin_came_is_said_where_it_was_typed(
    qtbot: QtBot, change: Change
) -> None:
    """The bar goes, and the reason must not stand on another page alone."""
    bridge, sender, bar, told = change
    why = list[str]()
    sender.pin_in_vain.connect(why.append)
    for pin_is_wrong in (True, False):
        qtbot.keyClicks(bar.field, "1234")
        bar.go.click()
        number = bridge.sent[-1].n
        done = IntentDone(n=number, ok=False, sentence="More changed.", pin=pin_is_wrong)
        bridge.intent_done.emit(done)
        assert why == ([] if pin_is_wrong else ["More changed."])
    assert (told, bar.isVisible()) == ([False], False)
    # What took no PIN is said by the page that asked, and nowhere else.
    sender.send(lambda n: RemoveRule(n=n, id="r-allow"))
    bridge.intent_done.emit(IntentDone(n=bridge.sent[-1].n, ok=False, sentence="Gone."))
    assert why == ["More changed."]


@pytest.mark.requirement("TWO-3")
def test_a_change_that_takes_two_is_sent_with_both(qtbot: QtBot, look: Look) -> None:
    """The second field is there only then, and is as empty as the first afterwards."""
    bar, given = PinBar(look), list[tuple[str, str]]()

    def take(pin: str, second: str) -> None:
        given.append((pin, second))

    bar.given.connect(take)
    qtbot.addWidget(bar)
    bar.ask("Both of you.", "", "Berta")
    assert bar.second.isVisibleTo(bar)
    qtbot.keyClicks(bar.field, "1234")
    qtbot.keyClick(bar.field, Qt.Key.Key_Return)
    assert (given, bar.go.isEnabled()) == ([], False)
    qtbot.keyClicks(bar.second, "5678")
    qtbot.keyClick(bar.second, Qt.Key.Key_Return)
    assert given == [("1234", "5678")]
    assert (bar.field.text(), bar.second.text()) == ("", "")
    bar.ask("You.", "")
    assert not bar.second.isVisibleTo(bar)
    let_go(bar)
