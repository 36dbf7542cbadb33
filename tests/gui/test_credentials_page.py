"""The credentials' page: a value leaves its field once, and no widget keeps or shows it."""

import gc
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from keyturn.application.console_protocol import (
    IntentDone,
    PutCredential,
    RemoveCredential,
    SettleCredential,
    StateChanged,
)
from keyturn.application.console_state import CredentialState, HealthState
from keyturn.gui.credentials.presenter import CredentialsPresenter
from keyturn.gui.credentials.view import CredentialsView
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender
from keyturn.presentation.credentials_builder import row_id
from tests.gui import pages_data as data
from tests.gui.scenes import let_go
from tests.gui.spy_bridge import SpyBridge

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
STORED = row_id("logistics", "logistics-prod")
MISSING = row_id("notes", "notes-key")
VALUE = "".join(chr(ord("a") + n % 26) for n in range(32))


@dataclass(frozen=True, slots=True)
class Page:
    """The page under test."""

    bridge: SpyBridge
    view: CredentialsView
    presenter: CredentialsPresenter

    def type_value(self, chosen: str) -> None:
        """Open a credential and type a value."""
        self.view.credential_chosen.emit(chosen)
        QTest.keyClicks(self.view.detail.field, VALUE)


@pytest.fixture
def page(look: Look) -> Iterator[Page]:
    """Return the page, filled and shown."""
    bridge = SpyBridge()
    view = CredentialsView(look)
    presenter = CredentialsPresenter(
        bridge=bridge, sender=IntentSender(bridge), view=view, words=look.words
    )
    bridge.tell(data.STATE)
    view.resize(1200, 744)
    view.show()
    yield Page(bridge, view, presenter)
    let_go(view)


def texts(root: QWidget) -> list[str]:
    """Return everything that a widget of the page says or shows."""
    widgets = [root, *root.findChildren(QWidget)]
    said = [w.accessibleName() + w.accessibleDescription() + w.toolTip() for w in widgets]
    said += [label.text() for label in root.findChildren(QLabel)]
    return said + [line.displayText() for line in root.findChildren(QLineEdit)]


def test_a_value_goes_out_once_and_the_field_forgets_it(page: Page) -> None:
    page.type_value(MISSING)
    page.view.detail.store.click()
    message = page.bridge.sent[-1]
    assert isinstance(message, PutCredential)
    assert (message.server, message.name, message.value) == ("notes", "notes-key", VALUE)
    field = page.view.detail.field
    assert field.text() == ""
    field.undo()
    assert field.text() == ""
    page.bridge.answer()
    assert page.view.detail.outcome.outcome is Outcome.DONE


def test_no_widget_shows_a_typed_value(page: Page) -> None:
    page.type_value(STORED)
    page.view.grab()
    assert not [text for text in texts(page.view) if VALUE[:4] in text]
    assert page.view.detail.typed.text() == "32 characters, not shown"


def test_nothing_but_the_message_holds_the_value(page: Page) -> None:
    page.type_value(MISSING)
    page.view.detail.store.click()
    message = page.bridge.sent.pop()
    assert isinstance(message, PutCredential)
    page.bridge.intent_done.emit(IntentDone(n=message.n, ok=True))
    value = message.value
    del message
    gc.collect()
    keepers = [
        keeper
        for keeper in gc.get_referrers(value)
        if type(keeper) in (dict, list, tuple) and keeper is not globals()
    ]
    assert keepers == []


def test_a_value_cannot_be_copied_out(page: Page) -> None:
    QGuiApplication.clipboard().setText("before")
    page.type_value(STORED)
    field = page.view.detail.field
    field.selectAll()
    field.copy()
    field.cut()
    assert QGuiApplication.clipboard().text() == "before"


def test_a_refused_value_must_be_typed_again(page: Page) -> None:
    page.type_value(MISSING)
    page.view.detail.store.click()
    page.bridge.answer(ok=False, sentence="The keychain did not answer.")
    assert page.view.detail.outcome.sentence == "The keychain did not answer."
    assert page.view.detail.field.text() == ""


def test_another_credential_never_gets_what_was_typed_for_this_one(page: Page) -> None:
    page.type_value(MISSING)
    page.view.credential_chosen.emit(STORED)
    assert page.view.detail.field.text() == ""
    QTest.keyClicks(page.view.detail.field, VALUE)
    page.view.detail.close_requested.emit()
    assert page.view.detail.field.text() == ""
    assert page.bridge.sent == []


def test_a_refresh_leaves_a_half_typed_value_alone(page: Page) -> None:
    page.type_value(MISSING)
    page.bridge.tell(StateChanged(credentials=tuple(reversed(data.CREDENTIALS))))
    assert page.view.detail.field.text() == VALUE


def test_an_empty_value_is_not_sent(page: Page) -> None:
    page.view.credential_chosen.emit(MISSING)
    page.view.detail.store.click()
    assert page.bridge.sent == []
    assert page.view.detail.outcome.sentence == "Type a value first."


def test_nothing_is_sent_to_a_locked_keychain(page: Page) -> None:
    page.bridge.tell(StateChanged(health=HealthState(keychain="locked", recording=True)))
    page.type_value(MISSING)
    page.view.detail.store.click()
    assert page.bridge.sent == []
    assert page.view.notice.isVisible()
    page.bridge.tell(StateChanged(health=HealthState(keychain="ready", recording=True)))
    assert not page.view.notice.isVisible()
    page.view.detail.store.click()
    assert isinstance(page.bridge.sent[-1], PutCredential)


@pytest.mark.parametrize("accept", [True, False])
def test_a_proposed_value_is_accepted_or_dropped(page: Page, accept: bool) -> None:
    [row] = page.view.proposals.rows
    (row.accept if accept else row.drop).click()
    message = page.bridge.sent[-1]
    assert isinstance(message, SettleCredential)
    assert (message.server, message.name, message.accept) == ("fetch", "proxy-password", accept)
    page.bridge.answer()
    assert page.view.note.outcome is Outcome.DONE


def test_removing_is_asked_in_the_page(page: Page) -> None:
    page.view.credential_chosen.emit(STORED)
    detail = page.view.detail
    detail.remove.click()
    QTest.keyClick(detail.question.keep, Qt.Key.Key_Escape)
    assert page.bridge.sent == []
    detail.remove.click()
    detail.question.go.click()
    message = page.bridge.sent[-1]
    assert isinstance(message, RemoveCredential)
    assert (message.server, message.name) == ("logistics", "logistics-prod")


def test_there_is_nothing_to_remove_where_nothing_is_stored(page: Page) -> None:
    page.view.credential_chosen.emit(MISSING)
    assert not page.view.detail.remove.isVisible()


def test_hostile_names_are_shown_whole(page: Page) -> None:
    credential = CredentialState(server=data.HOSTILE, name=data.HOSTILE, stored=True)
    page.bridge.tell(StateChanged(credentials=(credential,)))
    page.view.credential_chosen.emit(row_id(data.HOSTILE, data.HOSTILE))
    page.view.grab()
    assert page.view.detail.name.textFormat() is Qt.TextFormat.PlainText
    index = page.view.table.rows.index(0, 1)
    said = str(page.view.table.rows.data(index, Qt.ItemDataRole.AccessibleTextRole))
    assert "\u202e" not in said


def test_the_pane_says_the_environment_that_it_was_labelled_with(page: Page) -> None:
    """Whichever came first, the label or the pane."""
    page.view.credential_chosen.emit(STORED)
    assert "production" not in texts(page.view.detail)
    (server,) = [one for one in data.SERVERS if one.name == "logistics"]
    labelled = msgspec.structs.replace(
        server, credential_environments={"logistics-prod": "production"}
    )
    page.bridge.tell(StateChanged(servers=(labelled,)))
    assert "production" in "".join(texts(page.view.detail))
    # The list says it, too, without anything being opened.
    rows = page.view.table.rows
    listed = [str(rows.data(rows.index(place, 2))) for place in range(rows.rowCount())]
    assert listed.count("production") == 1
