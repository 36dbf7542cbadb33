"""The agents' page: enrolling, dismissing, revoking, and the line that a host starts."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import msgspec
import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from keyturn.application.agent_messages import (
    ChangeState,
    EnrolAgent,
    FloodState,
    NewTask,
    RaisedState,
    ReviewChanges,
    RevokeAgent,
    SetAgentHttp,
    SettleFlood,
)
from keyturn.application.console_protocol import (
    StateChanged,
)
from keyturn.application.console_state import AgentState
from keyturn.application.result_messages import SetControls
from keyturn.domain.result_controls import OF_AN_AGENT, ResultControls
from keyturn.gui.agents.presenter import AgentsPresenter
from keyturn.gui.agents.raised_box import RaisedBox
from keyturn.gui.agents.view import AgentsView
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.presentation.first_sight import confirmed_reads
from tests.gui import pages_data as data
from tests.gui.scenes import let_go, settle
from tests.gui.spy_bridge import SpyBridge

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]


@dataclass(frozen=True, slots=True)
class Page:
    """The page under test."""

    bridge: SpyBridge
    view: AgentsView
    presenter: AgentsPresenter

    def enrol(self, name: str) -> None:
        """Type a name into the form and press its button."""
        self.view.enrol.click()
        self.view.form.name_line.setText(name)
        self.view.form.enrol.click()


@pytest.fixture
def page(look: Look) -> Iterator[Page]:
    """Return the page, filled and shown."""
    bridge = SpyBridge()
    view = AgentsView(look)
    presenter = AgentsPresenter(
        bridge=bridge,
        sender=IntentSender(bridge),
        view=view,
        words=look.words,
        python="/opt/python",
        shim="/opt/shim.py",
    )
    bridge.welcomed.emit(data.WELCOME)
    bridge.tell(data.STATE)
    view.resize(1200, 744)
    view.show()
    yield Page(bridge, view, presenter)
    let_go(view)


def enrolled(name: str) -> StateChanged:
    """Return the state after an agent was enrolled."""
    others = tuple(agent for agent in data.AGENTS if agent.name != name)
    return StateChanged(agents=(*others, AgentState(name=name, enrolled=True, connections=0)))


def test_an_agent_is_enrolled_and_its_line_shown(page: Page) -> None:
    page.enrol("night-shift")
    message = page.bridge.sent[-1]
    assert isinstance(message, EnrolAgent)
    assert message.name == "night-shift"
    page.bridge.answer()
    page.bridge.tell(enrolled("night-shift"))
    detail = page.view.detail
    assert page.view.side is detail
    assert detail.agent == "night-shift"
    assert detail.outcome.outcome is Outcome.DONE
    copy = detail.findChild(type(detail.enrol), "command_0_copy")
    assert copy is not None
    copy.click()
    assert QGuiApplication.clipboard().text() == (
        "/opt/python -I -S /opt/shim.py logistics --agent night-shift --home /srv/keyturn"
    )


def test_the_state_may_come_before_the_outcome(page: Page) -> None:
    page.enrol("night-shift")
    page.bridge.tell(enrolled("night-shift"))
    page.bridge.answer()
    assert page.view.detail.agent == "night-shift"
    assert page.view.detail.outcome.outcome is Outcome.DONE


@pytest.mark.requirement("STEP-3")
def test_what_changed_is_opened_and_said_to_be_looked_at(page: Page) -> None:
    """The word is for exactly what is on screen; an agent that is not raised has no such part."""
    change = ChangeState(
        server="logistics",
        cause="drift",
        since="2026-11-28T10:00:00.000Z",
        names=("dispatch_order",),
    )
    raised = RaisedState(changes=(change,), shown="s-1")
    agent = AgentState(name="analyst", enrolled=True, connections=1, raised=raised)
    page.bridge.tell(StateChanged(agents=(agent,)))
    page.view.agent_chosen.emit("analyst")
    opened: list[tuple[str, str]] = []

    def take(server: str, tool: str) -> None:
        opened.append((server, tool))

    page.presenter.open_wanted.connect(take)
    (box,) = page.view.detail.findChildren(RaisedBox)
    lead = box.findChild(QAbstractButton, "raised_open_0")
    assert lead is not None
    lead.click()
    assert opened == [("logistics", "dispatch_order")]
    box.done.click()
    sent = page.bridge.sent[-1]
    assert isinstance(sent, ReviewChanges)
    assert (sent.agent, sent.shown) == ("analyst", "s-1")
    page.bridge.answer(ok=False, sentence="More changed.")
    assert page.view.detail.outcome.sentence == "More changed."
    calm = AgentState(name="analyst", enrolled=True, connections=1)
    page.bridge.tell(StateChanged(agents=(calm,)))
    assert [one for one in page.view.detail.findChildren(RaisedBox) if one.isVisible()] == []


@pytest.mark.requirement("RESULT-BUDGET")
def test_budgets_are_chosen_while_the_agent_goes_on(page: Page) -> None:
    page.view.agent_chosen.emit("analyst")
    given = page.view.detail.given
    choice = given.findChild(QAbstractButton, "day_tokens_64000")
    assert choice is not None
    choice.click()
    (agent,) = (one for one in data.AGENTS if one.name == "analyst")
    busy = msgspec.structs.replace(agent, calls=agent.calls + 1, given_today=1_200)
    page.bridge.tell(StateChanged(agents=(busy,)))
    assert "1,200 tokens today." in [label.text() for label in given.findChildren(QLabel)]
    given.choices.save.click()
    sent = page.bridge.sent[-1]
    assert isinstance(sent, SetControls)
    assert (sent.server, sent.tool) == (OF_AN_AGENT, "analyst")
    assert sent.controls == ResultControls(day_tokens=64_000)
    # One that proved nothing has none to choose.
    claimed = AgentState(name="claimed", enrolled=False, connections=1)
    page.bridge.tell(StateChanged(agents=(claimed,)))
    page.view.agent_chosen.emit("claimed")
    assert not given.isVisible()


def has_its_size(button: QAbstractButton) -> bool:
    """Tell whether a button was laid out, neither squeezed nor left as it was made."""
    return button.size() == button.sizeHint()


def test_changes_that_come_one_by_one_leave_no_part_of_the_pane_behind(
    page: Page, qtbot: QtBot
) -> None:
    """Twice each, so that what was never laid out is taken away as well."""
    page.view.agent_chosen.emit("analyst")
    for count in (1, 2, 3):
        changes = tuple(
            ChangeState(server=f"server-{n}", cause="drift", since="2026-11-28T10:00:00.000Z")
            for n in range(count)
        )
        raised = RaisedState(changes=changes, shown=f"s-{count}")
        for connections in (1, 2):
            agent = AgentState(
                name="analyst", enrolled=True, connections=connections, raised=raised
            )
            page.bridge.tell(StateChanged(agents=(agent,)))
        settle(page.view)
        buttons = page.view.detail.findChildren(QAbstractButton)
        seen = [one for one in buttons if one.isVisible()]
        assert len({one.objectName() for one in seen}) == len(seen)
        opened = [one for one in seen if one.objectName().startswith("raised_open_")]
        assert len(opened) == count
        (profiles,) = [one for one in seen if one.objectName() == "agent_profiles_open"]
        qtbot.waitUntil(partial(has_its_size, profiles), timeout=2_000)
        place = profiles.parentWidget()
        assert place is not None
        assert place.rect().contains(profiles.geometry())


@pytest.mark.parametrize("name", ["", "night shift", ".hidden", "é", "analyst", "a" * 80])
def test_a_name_that_cannot_be_one_is_not_sent(page: Page, name: str) -> None:
    page.enrol(name)
    sent = [m.name for m in page.bridge.sent if isinstance(m, EnrolAgent)]
    # The field takes no more than 64 characters, so that one becomes a name.
    assert sent == (["a" * 64] if len(name) > 64 else [])
    assert page.view.form.outcome.sentence


def test_a_refused_enrolment_says_why(page: Page) -> None:
    page.enrol("night-shift")
    page.bridge.answer(ok=False, sentence="The token file cannot be written.")
    assert page.view.form.outcome.sentence == "The token file cannot be written."
    assert page.view.side is page.view.form


def test_a_proposal_is_dismissed_without_a_word_to_the_broker(page: Page) -> None:
    [row] = page.view.proposals.rows
    row.drop.click()
    assert page.view.proposals.rows == []
    assert page.bridge.sent == []
    page.bridge.tell(StateChanged(agents=data.AGENTS[:4]))
    page.bridge.tell(StateChanged(agents=data.AGENTS))
    assert len(page.view.proposals.rows) == 1


def test_a_proposal_is_enrolled_by_its_button(page: Page) -> None:
    [row] = page.view.proposals.rows
    row.accept.click()
    assert page.bridge.sent == []
    page.view.form.enrol.click()
    message = page.bridge.sent[-1]
    assert isinstance(message, EnrolAgent)
    assert message.name == "planner"
    page.bridge.answer()
    page.bridge.tell(enrolled("planner"))
    assert page.view.detail.agent == "planner"
    assert page.view.proposals.rows == []


@pytest.mark.requirement("SIGHT-FIRST")
def test_the_least_is_chosen_and_everything_takes_a_press(page: Page) -> None:
    """Beside the reads that were confirmed nothing is in the list, however it was begun."""
    reads = confirmed_reads(data.SERVERS)
    assert reads
    page.enrol("night-shift")
    page.view.enrol.click()
    page.view.form.name_line.setText("day-shift")
    widest = page.view.form.choices[-1]
    assert isinstance(widest, ChoiceRow)
    widest.click()
    page.view.form.enrol.click()
    sent = [m.rows for m in page.bridge.sent if isinstance(m, EnrolAgent)]
    assert sent == [reads, None]


def test_one_way_to_begin_is_said_and_not_chosen(page: Page) -> None:
    """A group of one radio button asks nothing."""
    page.bridge.tell(StateChanged(servers=()))
    page.enrol("night-shift")
    form = page.view.form
    assert not form.findChildren(ChoiceRow)
    (only,) = form.choices
    said = [text.text() for text in only.findChildren(QLabel)]
    assert said[0] == "Everything that you reviewed, what comes later too"
    [message] = [m for m in page.bridge.sent if isinstance(m, EnrolAgent)]
    assert message.rows is None


@pytest.mark.requirement("SIGHT-FIRST")
def test_reads_that_are_confirmed_while_the_form_is_open_are_offered(page: Page) -> None:
    """The least takes the place of what was the only way; a choice of a person's stays."""
    page.bridge.tell(StateChanged(servers=()))
    page.view.enrol.click()
    form = page.view.form
    form.name_line.setText("day-shift")
    page.bridge.tell(StateChanged(servers=data.SERVERS))
    assert [choice.isChecked() for choice in form.choices] == [True, False]
    form.enrol.click()
    widest = form.choices[-1]
    assert isinstance(widest, ChoiceRow)
    widest.click()
    (server,) = [one for one in data.SERVERS if one.name == "logistics"]
    page.bridge.tell(StateChanged(servers=(server,)))
    assert form.choices[-1].isChecked()
    assert form.name_line.text() == "day-shift"
    (sent,) = [m.rows for m in page.bridge.sent if isinstance(m, EnrolAgent)]
    assert sent == confirmed_reads(data.SERVERS)


@pytest.mark.requirement("SIGHT-FIRST", "LAW-4")
def test_a_proposed_list_is_shown_before_it_is_taken(page: Page) -> None:
    """Another proposal meanwhile does not change what is on screen."""
    planner = AgentState(name="planner", enrolled=False, connections=0)
    for rows in (("git/status",), ("*/*",)):
        changed = structs.replace(planner, proposed_list=rows)
        page.bridge.tell(StateChanged(agents=(*data.AGENTS[:4], changed)))
        if rows == ("git/status",):
            page.view.proposals.rows[0].accept.click()
    assert "git/status" in page.view.form.choices[0].accessibleName()
    page.view.form.enrol.click()
    [message] = [m for m in page.bridge.sent if isinstance(m, EnrolAgent)]
    assert message.rows == ("git/status",)


def test_revoking_is_asked_in_the_page(page: Page) -> None:
    page.view.agent_chosen.emit("coder")
    detail = page.view.detail
    detail.revoke.click()
    assert page.bridge.sent == []
    QTest.keyClick(detail.question.keep, Qt.Key.Key_Escape)
    assert page.bridge.sent == []
    detail.revoke.click()
    detail.question.go.click()
    message = page.bridge.sent[-1]
    assert isinstance(message, RevokeAgent)
    assert message.name == "coder"
    page.bridge.answer()
    page.bridge.tell(StateChanged(agents=data.AGENTS[:1]))
    assert page.view.side is None
    assert page.view.note.sentence == "Revoked. Its token no longer works."


def test_coming_over_http_is_asked_in_the_page_and_ended_at_once(page: Page) -> None:
    page.view.agent_chosen.emit("coder")
    detail = page.view.detail
    detail.http.click()
    assert page.bridge.sent == []
    QTest.keyClick(detail.question.keep, Qt.Key.Key_Escape)
    assert page.bridge.sent == []
    detail.http.click()
    detail.question.go.click()
    message = page.bridge.sent[-1]
    assert isinstance(message, SetAgentHttp)
    assert (message.name, message.on) == ("coder", True)
    page.bridge.answer()
    coder = next(agent for agent in data.AGENTS if agent.name == "coder")
    there = msgspec.structs.replace(coder, http=True, http_port=4711, http_listens=True)
    page.bridge.tell(StateChanged(agents=(there,)))
    assert detail.http.text() == "No longer over HTTP"
    detail.http.click()
    message = page.bridge.sent[-1]
    assert isinstance(message, SetAgentHttp)
    assert (message.name, message.on) == ("coder", False)


def test_revoking_after_a_question_about_http_is_revoking(page: Page) -> None:
    page.view.agent_chosen.emit("coder")
    detail = page.view.detail
    detail.http.click()
    detail.question.keep.click()
    detail.revoke.click()
    detail.question.go.click()
    assert isinstance(page.bridge.sent[-1], RevokeAgent)
    assert len(page.bridge.sent) == 1


def test_one_that_is_not_proven_can_be_enrolled_but_not_revoked(page: Page) -> None:
    page.view.agent_chosen.emit("anaIyst")
    assert page.view.detail.enrol.isVisible()
    assert not page.view.detail.revoke.isVisible()


def test_what_a_client_says_of_itself_hides_nothing(page: Page) -> None:
    agent = AgentState(
        name=data.HOSTILE,
        enrolled=False,
        connections=1,
        client=data.HOSTILE,
        host_executable=data.HOSTILE,
    )
    page.bridge.tell(StateChanged(agents=(agent,)))
    page.view.agent_chosen.emit(data.HOSTILE)
    page.view.grab()
    index = page.view.table.rows.index(0, 0)
    said = str(page.view.table.rows.data(index, Qt.ItemDataRole.AccessibleTextRole))
    assert "[U+202E right-to-left override]" in said
    assert page.view.detail.claimed_name.textFormat() is Qt.TextFormat.PlainText


def test_without_agents_the_page_says_what_to_do(page: Page) -> None:
    page.bridge.tell(StateChanged(agents=()))
    assert page.view.empty.isVisible()
    page.view.empty.action_pressed.emit()
    assert page.view.side is page.view.form


@pytest.mark.requirement("TASK-NEW")
def test_a_new_task_is_asked_once_more_and_sent(page: Page) -> None:
    """It is offered only while a lamp is lit."""
    lit = AgentState(name="analyst", enrolled=True, connections=1, lamps="UP")
    page.bridge.tell(StateChanged(agents=(lit,)))
    page.view.agent_chosen.emit("analyst")
    begin = page.view.detail.findChild(QAbstractButton, "agent_new_task")
    assert begin is not None
    before = len(page.bridge.sent)
    begin.click()
    assert len(page.bridge.sent) == before
    page.view.detail.question.kept.emit()
    begin.click()
    page.view.detail.question.agreed.emit()
    sent = page.bridge.sent[-1]
    assert isinstance(sent, NewTask)
    assert sent.agent == "analyst"
    page.bridge.answer()
    assert page.view.detail.outcome.outcome is Outcome.DONE
    dark = AgentState(name="analyst", enrolled=True, connections=1)
    page.bridge.tell(StateChanged(agents=(dark,)))
    found = page.view.detail.findChildren(QAbstractButton, "agent_new_task")
    assert not [one for one in found if one.isVisible()]


@pytest.mark.requirement("FLOOD")
def test_an_agent_is_paused_by_one_press_and_goes_on_by_two(page: Page) -> None:
    def button() -> QAbstractButton:
        return page.view.detail.findChildren(QAbstractButton, "agent_pause")[-1]

    page.bridge.tell(
        StateChanged(agents=(AgentState(name="analyst", enrolled=True, connections=1),))
    )
    page.view.agent_chosen.emit("analyst")
    assert button().height() >= 44
    button().click()
    assert page.bridge.sent[-1] == SettleFlood(
        n=page.bridge.sent[-1].n, agent="analyst", choice="pause"
    )
    page.bridge.answer()
    paused = FloodState(paused=True, since="2026-11-23T14:07:53.000Z")
    page.bridge.tell(
        StateChanged(
            agents=(AgentState(name="analyst", enrolled=True, connections=1, flood=paused),)
        )
    )
    before = len(page.bridge.sent)
    button().click()
    assert len(page.bridge.sent) == before
    page.view.detail.question.kept.emit()
    button().click()
    page.view.detail.question.agreed.emit()
    sent = page.bridge.sent[-1]
    assert isinstance(sent, SettleFlood)
    assert (sent.agent, sent.choice, sent.enrolled) == ("analyst", "go_on", True)
    page.bridge.answer(ok=False, sentence="The disk is full.")
    assert page.view.detail.outcome.sentence == "The disk is full."
