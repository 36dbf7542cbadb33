"""What a person is told of beside cards: one quiet line, and the desktop where nobody looks."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication

from keyturn.application.console_protocol import StateChanged
from keyturn.application.console_state import ChangedTable, SealState
from keyturn.gui.appearance import AppearanceKeeper
from keyturn.gui.desk import Desk
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.widgets.text import Text
from keyturn.presentation.alerts import LONGEST_ALERT
from keyturn.presentation.verbs import read_verbs
from tests.gui.conftest import Clock
from tests.gui.spy_bridge import SpyBridge
from tests.sources import ROOT

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]


@dataclass
class Told:
    """A desk without a broker, and what the desktop was told."""

    bridge: SpyBridge
    desk: Desk
    desktop: list[str] = field(default_factory=list[str])

    @property
    def text(self) -> str:
        """What the line says."""
        return self.desk.window.alert.findChildren(Text)[0].text()

    @property
    def close(self) -> QAbstractButton:
        """Its button."""
        found = self.desk.window.findChild(QAbstractButton, "alert_close")
        assert found is not None
        return found


@pytest.fixture
def told(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    bridge = SpyBridge()
    verbs = read_verbs(ROOT / "resources" / "verbs.toml")
    desk = Desk(look, AppearanceKeeper(look.theme, bridge), bridge, verbs, clock)
    made = Told(bridge, desk)
    monkeypatch.setattr(desk.standing.tray, "tell", made.desktop.append)
    desk.window.show()
    yield made
    desk.close()


def test_it_is_shown_with_nothing_hidden_until_it_is_closed(told: Told) -> None:
    assert not told.desk.window.alert.isVisible()
    told.bridge.alerted.emit("ra\u202ew was <b>ended</b>.")
    assert told.desk.window.alert.isVisible()
    assert "\u202e" not in told.text
    assert "<b>" in told.text
    told.bridge.alerted.emit("x" * 10_000)
    assert len(told.text) < LONGEST_ALERT + 200
    assert "1 earlier" in told.text
    told.close.setFocus()
    told.close.click()
    assert not told.desk.window.alert.isVisible()
    focus = QApplication.focusWidget()
    assert focus is None or "stop" not in focus.objectName()
    told.bridge.alerted.emit("again")
    assert "earlier" not in told.text
    assert told.bridge.sent == []


def test_it_takes_no_keyboard_and_the_desktop_says_it_only_where_nobody_looks(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = told.desk.window
    window.activateWindow()
    before = QApplication.focusWidget()
    monkeypatch.setattr(window, "isActiveWindow", lambda: True)
    told.bridge.alerted.emit("one")
    assert told.desktop == []
    monkeypatch.setattr(window, "isActiveWindow", lambda: False)
    told.bridge.alerted.emit("two")
    assert told.desktop == ["two"]
    assert QApplication.focusWidget() is before
    assert not window.isHidden()


@pytest.mark.requirement("PIN-1")
def test_what_was_refused_although_a_pin_was_typed_is_said_on_whatever_page(told: Told) -> None:
    told.desk.intents.pin_in_vain.emit("More changed meanwhile\u202e.")
    assert told.desk.window.alert.isVisible()
    assert told.text.startswith("Not done, although you typed your PIN: More changed meanwhile")
    assert "\u202e" not in told.text


def test_what_came_to_nothing_leads_to_the_page_that_asked(told: Told) -> None:
    window = told.desk.window
    lead = window.alert.findChild(QAbstractButton, "alert_lead")
    assert lead is not None
    window.show_page(Page.AGENTS)
    told.desk.intents.pin_wanted.emit("It takes your PIN.", "", "")
    window.show_page(Page.QUEUE)
    told.desk.intents.pin_in_vain.emit("More changed meanwhile.")
    assert lead.isVisible()
    assert lead.text() == "Open Agents"
    lead.click()
    assert window.page is Page.AGENTS
    assert not window.alert.isVisible()
    # Who is there already needs no way.
    told.desk.intents.pin_in_vain.emit("More changed meanwhile.")
    assert not lead.isVisible()
    told.bridge.alerted.emit("Another one.")
    assert not lead.isVisible()


@pytest.mark.requirement("SEAL-1")
def test_what_another_program_changed_is_said_on_every_page_once(told: Told) -> None:
    """What is gone from a list because of it would go unnoticed; answered, it can come again."""

    def tell(*tables: str) -> None:
        changed = tuple(ChangedTable(table=table, whole=True, shown="s") for table in tables)
        told.bridge.tell(StateChanged(seals=SealState(state="on", changed=changed)))

    tell()
    assert not told.desk.window.alert.isVisible()
    tell("agents", "servers")
    assert "(agents, servers)" in told.text
    assert len(told.desktop) == (0 if told.desk.window.isActiveWindow() else 1)
    for tables, again in (
        (("agents", "servers"), False),
        (("servers",), False),
        (("servers", "rules"), True),
        ((), False),
        (("rules",), True),
    ):
        told.close.click()
        tell(*tables)
        assert told.desk.window.alert.isVisible() is again
