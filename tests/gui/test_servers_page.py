"""The servers' page: what is started, what a proposal would set, what a person confirms."""

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from keyturn.application.approval_request import RequestKind
from keyturn.application.console_protocol import (
    IntentDone,
    KeepServer,
    PutServer,
    RemoveServer,
    ReviewServer,
    SetTier,
    SignIn,
    SignOut,
)
from keyturn.application.pin_messages import MarkTwoPersons
from keyturn.application.result_messages import SetControls
from keyturn.domain.result_controls import ResultControls
from keyturn.domain.tier import Tier
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.gui.servers.model import PATH_ROLE, NewServer
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.presentation.servers import ServerView, ToolView
from tests.fakes.approval_requests import a_review
from tests.gui.conftest import Clock
from tests.gui.scenes import let_go
from tests.gui.servers_scene import HOSTILE, ServersScene, a_server, a_tool

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]


@pytest.fixture
def scene(qtbot: QtBot, look: Look, clock: Clock) -> Iterator[ServersScene]:
    """Return the page, shown and empty."""
    made = ServersScene(qtbot, look, clock)
    yield made
    let_go(made.view)


def choose(scene: ServersScene, server: str, tool: str = "") -> None:
    """Press a row of the tree."""
    view = scene.view.tree
    rows = scene.model.rows
    for top in (rows.index(place, 0) for place in range(rows.rowCount())):
        inside = [rows.index(place, 0, top) for place in range(rows.rowCount(top))]
        for index in [top, *inside]:
            if index.data(PATH_ROLE) == (server, tool):
                where = view.visualRect(index).center()
                QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)
                return
    pytest.fail(f"no row {server} {tool}")


def test_an_empty_page_offers_to_add_a_server(scene: ServersScene) -> None:
    scene.tell()
    assert scene.view.empty.isVisible()
    button = scene.view.empty.findChild(QAbstractButton, "empty_action")
    assert button is not None
    scene.click(button)
    assert scene.view.form.isVisible()


def test_a_server_shows_its_whole_command_and_hides_values(scene: ServersScene) -> None:
    scene.tell(a_server(a_tool("now")))
    choose(scene, "time")
    view = scene.model.detail
    assert isinstance(view, ServerView)
    assert view.argv == ("/opt/time server", "--zone", "UTC")
    shown = [label.text() for label in scene.view.server.argv.findChildren(QLabel)]
    assert shown == ["0", "/opt/time server", "1", "--zone", "2", "UTC"]
    told = {pair.key: pair.value for pair in view.values}
    assert told == {"MODE": "set in the configuration", "TOKEN": "from the keychain: clock"}
    assert ("Log", "/p/logs/servers/time.log") in [(p.key, p.value) for p in view.facts]


def test_what_was_agreed_to_start_is_shown(scene: ServersScene) -> None:
    launch = '{"executable":"/opt/real","sha256":"' + "a" * 64 + '"}'
    scene.tell(a_server(launch=launch, agreed_at="2026-11-23T14:00:00.000Z"))
    choose(scene, "time")
    view = scene.model.detail
    assert isinstance(view, ServerView)
    facts = {pair.key: pair.value for pair in view.facts}
    assert facts["Executable"] == "/opt/real"
    assert facts["SHA-256"] == "a" * 64


def test_a_proposal_shows_every_value_and_is_confirmed_as_shown(scene: ServersScene) -> None:
    scene.tell(a_server(confirmed=False, consented=False))
    choose(scene, "time")
    pane = scene.view.server
    values = [label.text() for label in pane.findChildren(QLabel)]
    assert "demo" in values
    scene.press_armed(pane.action)
    (message,) = scene.sent()
    assert isinstance(message, PutServer)
    assert message.command == ("/opt/time server", "--zone", "UTC")
    assert message.env == {"MODE": "demo", "TOKEN": "keychain:clock"}


def test_a_proposed_address_shows_its_headers_and_is_confirmed_as_shown(
    scene: ServersScene,
) -> None:
    url, headers = "https://time.example/mcp", {"Authorization": "keychain:clock", "X-Team": "qa"}
    remote: dict[str, Any] = {
        "url": url,
        "transport": "sse",
        "headers": headers,
        "env_values": {},
        "command": (),
    }
    scene.tell(a_server(confirmed=False, consented=False, **remote))
    choose(scene, "time")
    pane = scene.view.server
    said = {label.text() for label in pane.findChildren(QLabel)}
    assert {url, "qa", "Address", "Headers", "HTTP+SSE, the older one"} <= said
    scene.press_armed(pane.action)
    (message,) = scene.sent()
    assert isinstance(message, PutServer)
    assert (message.command, message.url, message.transport) == ((), url, "sse")
    assert message.headers == headers


def test_a_proposal_that_changed_has_to_be_read_again(scene: ServersScene) -> None:
    scene.tell(a_server(confirmed=False))
    choose(scene, "time")
    shown = scene.model.detail
    scene.tell(a_server(confirmed=False, command=("/opt/other",)))
    scene.view.server.confirm_requested.emit(shown)
    assert scene.sent() == ()
    assert scene.view.note.outcome is Outcome.OWED
    action = scene.view.server.action
    scene.clock.advance(100)
    action.watch.ticked.emit()
    assert not action.button.armed


def test_a_proposal_is_dropped(scene: ServersScene) -> None:
    scene.tell(a_server(confirmed=False))
    choose(scene, "time")
    scene.click(scene.view.server.remove)
    assert [type(message) for message in scene.sent()] == [RemoveServer]


def test_removing_is_asked_in_the_page(scene: ServersScene) -> None:
    scene.tell(a_server(a_tool("now")))
    choose(scene, "time")
    pane = scene.view.server
    scene.click(pane.remove)
    assert scene.sent() == ()
    assert pane.keep.isVisible()
    assert pane.keep.hasFocus()
    scene.click(pane.keep)
    assert not pane.keep.isVisible()
    scene.click(pane.remove)
    scene.click(pane.remove)
    assert [type(message) for message in scene.sent()] == [RemoveServer]


def test_a_proposed_removal_is_kept_or_done(scene: ServersScene) -> None:
    scene.tell(a_server(removal_proposed=True))
    choose(scene, "time")
    scene.click(scene.view.server.keep)
    scene.click(scene.view.server.remove)
    assert [type(message) for message in scene.sent()] == [KeepServer, RemoveServer]


def test_reviewing_tools_says_what_is_under_way_and_what_failed(scene: ServersScene) -> None:
    scene.tell(a_server())
    choose(scene, "time")
    scene.click(scene.view.server.review)
    assert [type(message) for message in scene.sent()] == [ReviewServer]
    assert not scene.view.server.review.isEnabled()
    scene.bridge.answer(ok=False, sentence="It does not answer.")
    assert scene.view.server.review.isEnabled()
    assert scene.view.note.outcome is Outcome.FAILED
    assert scene.view.note.sentence == "It does not answer."


@pytest.mark.requirement("LAW-4")
def test_only_a_press_signs_in_and_the_host_is_in_the_notice(scene: ServersScene) -> None:
    scene.tell(
        a_server(command=(), url="https://far.example.com/mcp", sign_in_at="auth.example.com")
    )
    choose(scene, "time")
    notice = scene.view.server.notice.notice
    assert notice is not None
    assert notice.strong == "Needs you to sign in at auth.example.com."
    assert scene.sent() == ()
    scene.view.server.notice.action_pressed.emit()
    assert [type(message) for message in scene.sent()] == [SignIn]
    assert not scene.view.server.sign_out.isVisible()


def test_who_is_signed_in_can_sign_out(scene: ServersScene) -> None:
    scene.tell(a_server(command=(), url="https://far.example.com/mcp", signed_in=True))
    choose(scene, "time")
    assert scene.view.server.notice.notice is None
    scene.click(scene.view.server.sign_out)
    assert [type(message) for message in scene.sent()] == [SignOut]


def test_tools_are_listed_once_the_command_is_agreed_to(scene: ServersScene) -> None:
    command = a_review(RequestKind.COMMAND, {"argv": ["x"]}, id="v-c", server="time", tool=None)
    scene.tell(a_server(consented=False))
    choose(scene, "time")
    scene.click(scene.view.server.review)
    scene.ask(command)
    scene.bridge.answer(ok=False, sentence="It waits for your agreement.")
    assert scene.view.note.outcome is Outcome.OWED
    scene.end(command)
    assert [type(message) for message in scene.sent()] == [ReviewServer, ReviewServer]


def test_a_refused_command_is_not_asked_about_again(scene: ServersScene) -> None:
    command = a_review(RequestKind.COMMAND, {"argv": ["x"]}, id="v-c", server="time", tool=None)
    scene.tell(a_server(consented=False))
    choose(scene, "time")
    scene.click(scene.view.server.review)
    scene.ask(command)
    scene.bridge.answer(ok=False, sentence="It waits for your agreement.")
    scene.end(command, "denied_user")
    assert len(scene.sent()) == 1


def test_the_request_about_a_command_is_one_press_away(scene: ServersScene) -> None:
    command = a_review(RequestKind.COMMAND, {"argv": ["x"]}, id="v-c", server="time", tool=None)
    scene.tell(a_server(consented=False))
    scene.ask(command)
    choose(scene, "time")
    wanted: list[str] = []
    scene.presenter.request_wanted.connect(wanted.append)
    button = scene.view.server.notice.findChild(QAbstractButton, "notice_action")
    assert button is not None
    scene.click(button)
    assert wanted == ["v-c"]


def test_the_search_leaves_what_it_finds(scene: ServersScene) -> None:
    scene.tell(a_server(a_tool("now"), a_tool("convert")), a_server(name="notes"))
    scene.view.search_wanted.emit("CONV")
    rows = scene.model.rows
    assert [rows.index(n, 0).data(PATH_ROLE) for n in range(rows.rowCount())] == [("time", "")]
    assert rows.rowCount(rows.index(0, 0)) == 1
    scene.view.search_wanted.emit("")
    assert rows.rowCount() == 2


def test_what_is_open_stays_open_through_a_refresh(scene: ServersScene) -> None:
    scene.tell(a_server(a_tool("now"), a_tool("later")))
    choose(scene, "time", "now")
    scene.tell(a_server(a_tool("now"), a_tool("later"), a_tool("soon"), running=1))
    assert isinstance(scene.model.detail, ToolView)
    assert scene.view.tree.currentIndex().data(PATH_ROLE) == ("time", "now")


def test_a_tier_is_saved_only_after_a_change_and_armed(scene: ServersScene) -> None:
    scene.tell(a_server(a_tool("now", tier=None)))
    choose(scene, "time", "now")
    pane = scene.view.tool
    assert pane.save.reason == "Nothing is changed"
    row = pane.tiers.findChild(ChoiceRow, "tier_T1")
    label = pane.tiers.findChild(ChoiceRow, "label_P")
    assert row is not None
    assert label is not None
    scene.click(row)
    scene.click(label)
    scene.click(pane.save)
    assert scene.sent() == ()
    scene.press_armed(pane.action)
    (message,) = scene.sent()
    assert isinstance(message, SetTier)
    assert (message.tool, message.tier, message.labels) == ("now", Tier.T1, "P")
    shown = a_tool("now")
    assert (message.launch_hash, message.def_hash) == (shown.launch_hash, shown.def_hash)
    assert message.hidden is None


def test_each_tier_has_a_sentence_and_a_name(scene: ServersScene) -> None:
    scene.tell(a_server(a_tool("now")))
    choose(scene, "time", "now")
    rows = [row for row in scene.view.tool.tiers.findChildren(ChoiceRow) if row.isVisible()]
    names = [row.accessibleName() for row in rows]
    assert [name.split(", ")[0] for name in names[:4]] == [
        "T0 Reads",
        "T1 Changes here",
        "T2 Reaches out",
        "Leave unconfirmed",
    ]
    assert all("." in name for name in names[:4])
    assert len(names) == 7


def test_a_removed_tool_is_shown_again_only_after_it_was_read(scene: ServersScene) -> None:
    scene.tell(a_server(a_tool("now", state="hidden")))
    choose(scene, "time", "now")
    pane = scene.view.tool
    assert not pane.remove.isVisible()
    scene.clock.advance(5_000)
    pane.action.watch.ticked.emit()
    assert pane.save.reason == "Confirm the description first"
    box = pane.findChild(QAbstractButton, "confirm_/description")
    assert box is not None
    scene.click(box)
    scene.press_armed(pane.action)
    (message,) = scene.sent()
    assert isinstance(message, SetTier)
    assert message.hidden is False


def test_a_pinned_tool_is_taken_from_agents(scene: ServersScene) -> None:
    scene.tell(a_server(a_tool("now", tier=Tier.T1, labels="X")))
    choose(scene, "time", "now")
    scene.click(scene.view.tool.remove)
    (message,) = scene.sent()
    assert isinstance(message, SetTier)
    assert (message.tier, message.labels, message.hidden) == (Tier.T1, "X", True)


@pytest.mark.requirement("TWO-3")
def test_a_tool_is_marked_to_take_two_persons(scene: ServersScene) -> None:
    """One press either way; what the latter takes beside it the broker says."""
    for marked in (False, True):
        scene.tell(a_server(a_tool("now", two_persons=marked)))
        choose(scene, "time", "now")
        scene.click(scene.view.tool.two)
        wish = scene.sent()[-1]
        assert isinstance(wish, MarkTwoPersons)
        assert (wish.server, wish.tool, wish.on) == ("time", "now", not marked)
    scene.tell(a_server(a_tool("now", state="hidden")))
    assert not scene.view.tool.two.isVisible()


def tick(place: QObject, *names: str) -> None:
    """Choose rows, which may be below what can be seen of the page."""
    for name in names:
        # What was drawn before is deleted only later.
        *_, row = place.findChildren(ChoiceRow, name)
        row.click()


@pytest.mark.requirement("RESULT-SWITCH")
def test_what_comes_back_from_a_tool_is_chosen(scene: ServersScene) -> None:
    scene.tell(a_server(a_tool("now", controls=ResultControls(links=False))))
    choose(scene, "time", "now")
    pane = scene.view.tool
    box = pane.controls
    assert not box.save.isVisible()
    assert pane.save.reason == "Nothing is changed"
    tick(box, "control_secrets", "max_tokens_4000", "day_tokens_16000")
    # What agents use meanwhile takes nothing back of what was chosen.
    used = (("analyst", 1_200), ("", 3))
    scene.tell(a_server(a_tool("now", controls=ResultControls(links=False), used=used)))
    notes = [label.text() for label in box.findChildren(QLabel) if not label.isHidden()]
    assert "Today: 1,200 tokens to analyst, 3 tokens to agents without proof." in notes
    assert pane.footing.text() == "What comes back is not saved."
    scene.press_armed(pane.action)
    (message,) = scene.sent()
    assert isinstance(message, SetControls)
    assert (message.server, message.tool) == ("time", "now")
    chosen = ResultControls(secrets=False, links=False, max_tokens=4_000, day_tokens=16_000)
    assert message.controls == chosen
    assert pane.save.hasFocus()
    scene.tell(a_server(a_tool("now", controls=chosen)))
    assert pane.save.reason == "Nothing is changed"
    assert pane.save.hasFocus()
    tick(box, "control_secrets")
    assert pane.footing.text() == "What comes back is not saved."
    tick(box, "control_secrets")
    assert pane.footing.text().startswith("A tier holds")


@pytest.mark.requirement("RESULT-SWITCH")
def test_one_press_saves_tier_and_what_comes_back_as_two_changes(scene: ServersScene) -> None:
    scene.tell(a_server(a_tool("now")))
    choose(scene, "time", "now")
    pane = scene.view.tool
    tick(pane.tiers, "tier_T1")
    assert pane.footing.text() == "Tier and labels are not saved."
    tick(pane.controls, "control_hold_signs")
    assert pane.footing.text() == "Neither tier and labels nor what comes back is saved."
    scene.press_armed(pane.action)
    tier, controls = scene.sent()
    assert isinstance(tier, SetTier)
    assert tier.tier is Tier.T1
    assert isinstance(controls, SetControls)
    # What failed of the two is said, in whichever order they are heard of.
    failed = IntentDone(n=tier.n, ok=False, sentence="It has changed.")
    scene.bridge.intent_done.emit(failed)
    assert scene.view.note.outcome is not Outcome.DONE
    scene.bridge.intent_done.emit(IntentDone(n=controls.n, ok=True))
    assert scene.view.note.outcome is Outcome.FAILED
    assert scene.view.note.sentence == "It has changed."


@pytest.mark.requirement("RESULT-SWITCH")
def test_what_is_not_saved_is_said_and_kept_when_a_tool_is_left(scene: ServersScene) -> None:
    tools = (a_tool("now", controls=ResultControls(hold_signs=False)), a_tool("later"))
    scene.tell(a_server(*tools))
    choose(scene, "time", "now")
    pane = scene.view.tool
    tick(pane.controls, "control_hold_signs")
    tick(pane.tiers, "label_P")
    choose(scene, "time", "later")
    assert scene.view.note.outcome is Outcome.OWED
    assert scene.view.note.sentence.startswith("now: Neither tier and labels nor what comes back")
    assert pane.footing.text().startswith("A tier holds")
    assert pane.save.reason == "Nothing is changed"
    choose(scene, "time")
    assert scene.view.note.outcome is None
    choose(scene, "time", "now")
    assert pane.footing.text() == "Neither tier and labels nor what comes back is saved."
    assert pane.tiers.labels == "P"
    scene.press_armed(pane.action)
    tier, controls = scene.sent()
    assert isinstance(tier, SetTier)
    assert tier.labels == "P"
    assert isinstance(controls, SetControls)
    assert controls.controls.hold_signs


@pytest.mark.requirement("RESULT-SWITCH")
def test_what_was_chosen_of_another_definition_is_not_taken_up(scene: ServersScene) -> None:
    scene.tell(a_server(a_tool("now"), a_tool("later")))
    choose(scene, "time", "now")
    tick(scene.view.tool.tiers, "tier_T2")
    tick(scene.view.tool.controls, "control_links")
    choose(scene, "time", "later")
    scene.tell(a_server(a_tool("now", description="Tells another thing."), a_tool("later")))
    choose(scene, "time", "now")
    assert scene.view.tool.save.reason == "Nothing is changed"


def test_the_form_shows_what_would_be_started(scene: ServersScene) -> None:
    scene.tell(a_server())
    scene.click(scene.view.add)
    form = scene.view.form
    assert not form.add.isEnabled()
    QTest.keyClicks(form.name, "clock")
    QTest.keyClicks(form.command, "/opt/clock 'two words' $HOME")
    form.variables.setPlainText("MODE=demo\nTOKEN=keychain:clock")

    def shown() -> list[str]:
        return [label.text() for label in form.argv.findChildren(QLabel) if label.isVisible()]

    argv = ["/opt/clock", "two words", "$HOME"]
    scene.qtbot.waitUntil(lambda: shown()[1::2] == argv, timeout=2_000)
    scene.click(form.add)
    (message,) = scene.sent()
    assert isinstance(message, PutServer)
    assert message.command == ("/opt/clock", "two words", "$HOME")
    assert message.env == {"MODE": "demo", "TOKEN": "keychain:clock"}
    scene.bridge.answer()
    scene.tell(a_server(), a_server(name="clock"))
    assert isinstance(scene.model.detail, ServerView)


def test_the_form_takes_an_address_too(scene: ServersScene) -> None:
    scene.tell(a_server())
    scene.click(scene.view.add)
    form = scene.view.form
    QTest.keyClicks(form.name, "clock")
    assert not form.older.isVisible()
    QTest.keyClicks(form.command, "https://clock.example/mcp")
    form.variables.setPlainText("Authorization=keychain:clock")
    scene.qtbot.waitUntil(form.older.isVisible, timeout=2_000)
    scene.click(form.older)
    scene.click(form.add)
    (message,) = scene.sent()
    assert isinstance(message, PutServer)
    assert (message.command, message.env) == ((), {})
    assert (message.url, message.transport) == ("https://clock.example/mcp", "sse")
    assert message.headers == {"Authorization": "keychain:clock"}


def test_the_form_never_replaces_a_server(scene: ServersScene) -> None:
    scene.tell(a_server())
    scene.click(scene.view.add)
    form = scene.view.form
    QTest.keyClicks(form.name, "time")
    QTest.keyClicks(form.command, "/opt/clock")
    assert not form.add.isEnabled()
    assert form.add.accessibleDescription() == "There is a server named time already."
    scene.click(form.cancel)
    assert not isinstance(scene.model.detail, NewServer)


def test_the_focus_never_falls_on_another_button(scene: ServersScene) -> None:
    scene.tell(a_server(confirmed=False))
    choose(scene, "time")
    scene.view.server.confirm.setFocus()
    scene.tell(a_server(confirmed=True))
    assert scene.view.server.headline.sentence.hasFocus()


def test_hostile_names_are_inert_and_move_nothing(scene: ServersScene) -> None:
    scene.tell(a_server(a_tool(HOSTILE, description=HOSTILE), command=(HOSTILE, "x")))
    choose(scene, "time")
    before = scene.view.size()
    scene.presenter.open_tool("time", HOSTILE)
    for label in scene.view.findChildren(QLabel):
        assert label.textFormat() is Qt.TextFormat.PlainText
    assert scene.view.size() == before
    assert scene.view.minimumSizeHint().width() <= 1200
