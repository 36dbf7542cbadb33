"""Environments in the window: a label or a pair becomes exactly one intent."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest

from keyturn.application.agent_messages import ChangeState, RaisedState, ReviewChanges
from keyturn.application.console_protocol import IntentDone, StateChanged
from keyturn.application.console_state import AgentState
from keyturn.application.environment_messages import SetEnvironment, SetReach
from keyturn.domain.environment import Reach
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.gui.rules.presenter import RulesPresenter
from keyturn.gui.rules.view import RulesView
from keyturn.gui.sending import IntentSender
from keyturn.gui.widgets.text import Text
from keyturn.presentation.rules_builder import RulesBuilder
from tests.gui import pages_data as data
from tests.gui.scenes import let_go
from tests.gui.spy_bridge import SpyBridge

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
STATE = StateChanged(
    agents=(AgentState(name="analyst", enrolled=True, connections=0, environment="qa"),),
    servers=(),
    reach=(Reach(agent="qa", other="staging"),),
)


@dataclass(frozen=True, slots=True)
class Page:
    """The page under test."""

    bridge: SpyBridge
    view: RulesView
    presenter: RulesPresenter


@pytest.fixture
def page(look: Look) -> Iterator[Page]:
    """Return the page with the pane open."""
    bridge, builder = SpyBridge(), RulesBuilder(look.words)
    view = RulesView(look, builder.effects())
    presenter = RulesPresenter(
        bridge=bridge,
        sender=IntentSender(bridge),
        view=view,
        builder=builder,
        words=look.words,
    )
    bridge.tell(STATE)
    view.resize(1200, 744)
    view.show()
    view.environment_rule.open.click()
    yield Page(bridge, view, presenter)
    let_go(view)


def test_the_built_in_rule_stands_under_the_list(page: Page) -> None:
    assert page.view.environment_rule.text.text().endswith("1 pair is let across.")
    assert page.view.side is page.view.environments
    assert page.bridge.sent == []


@pytest.mark.requirement("ENV3")
def test_a_label_is_saved_by_a_press_only(page: Page) -> None:
    pane = page.view.environments
    assert pane.label.text() == "qa"
    pane.label.setText(" staging ")
    assert page.bridge.sent == []
    pane.save.click()
    (sent,) = page.bridge.sent
    assert sent == SetEnvironment(n=sent.n, of="agent", name="analyst", environment="staging")
    page.bridge.answer(ok=False, sentence="It cannot be.")
    assert (pane.outcome.outcome, pane.outcome.sentence) == (Outcome.FAILED, "It cannot be.")


def test_a_pair_is_asked_about_before_it_may_cross(page: Page) -> None:
    pane = page.view.environments
    pane.add.click()
    assert pane.outcome.outcome is Outcome.OWED
    pane.agent.setText("qa")
    pane.other.setText("production")
    pane.add.click()
    assert page.bridge.sent == []
    assert "reach production" in pane.question.question
    pane.question.go.click()
    (sent,) = page.bridge.sent
    assert sent == SetReach(n=sent.n, agent="qa", other="production", on=True)
    page.bridge.answer()
    assert pane.outcome.outcome is Outcome.DONE


def test_a_pair_is_taken_back_at_once(page: Page) -> None:
    page.view.environments.remove.click()
    (sent,) = page.bridge.sent
    assert sent == SetReach(n=sent.n, agent="qa", other="staging", on=False)
    page.bridge.tell(StateChanged(reach=()))
    assert not page.view.environments.remove.isVisible()


def raised(*changes: ChangeState, name: str = "analyst", shown: str = "d1") -> AgentState:
    """Return an agent around which something changed."""
    said = RaisedState(changes=changes, shown=shown)
    return AgentState(name=name, enrolled=True, connections=0, raised=said)


def label_of(server: str) -> ChangeState:
    """Return that a server was labelled."""
    since = "2026-11-28T10:00:00.000Z"
    return ChangeState(server=server, cause="environment", since=since, names=("production",))


def labelled_server(page: Page, *agents: AgentState) -> None:
    """Show the label of a server that raised these agents."""
    server = msgspec.structs.replace(
        data.SERVERS[0], name="orders", confirmed=True, environment="production"
    )
    page.bridge.tell(StateChanged(agents=agents, servers=(server,)))
    page.view.environments.thing_chosen.emit("server\0\0orders")


@pytest.mark.requirement("STEP-1")
def test_a_label_that_raised_agents_is_looked_at_where_it_was_made(page: Page) -> None:
    """One press says so of each of them, and of exactly what was on screen."""
    pane = page.view.environments
    labelled_server(
        page,
        raised(label_of("orders")),
        raised(label_of("orders"), name="scraper", shown="d2"),
        raised(label_of("orders"), label_of("other"), name="coder", shown="d3"),
        raised(label_of("other"), name="far", shown="d4"),
    )
    (note,) = [text for text in pane.findChildren(Text) if "one step more" in text.text()]
    assert "analyst, scraper take" in note.text()
    assert "you labelled orders in Keyturn: production." in note.text()
    assert "More changed around coder" in note.text()
    assert "far" not in note.text()
    assert page.bridge.sent == []
    pane.looked_at.click()
    first, second = page.bridge.sent
    assert first == ReviewChanges(n=first.n, agent="analyst", shown="d1")
    assert second == ReviewChanges(n=second.n, agent="scraper", shown="d2")
    for sent in (first, second):
        page.bridge.intent_done.emit(IntentDone(n=sent.n, ok=True))
    assert pane.outcome.outcome is Outcome.DONE


@pytest.mark.parametrize("fails", [0, 1])
def test_what_failed_of_one_press_is_not_overwritten_by_what_did_not(
    page: Page, fails: int
) -> None:
    pane = page.view.environments
    two = raised(label_of("orders")), raised(label_of("orders"), name="scraper", shown="d2")
    labelled_server(page, *two)
    pane.looked_at.click()
    for number, sent in enumerate(tuple(page.bridge.sent)):
        page.bridge.intent_done.emit(IntentDone(n=sent.n, ok=number != fails, sentence="Not so."))
    assert (pane.outcome.outcome, pane.outcome.sentence) == (Outcome.FAILED, "Not so.")


def test_nothing_is_looked_at_by_one_press_where_more_changed(page: Page) -> None:
    pane = page.view.environments
    labelled_server(page, raised(label_of("orders"), label_of("other")))
    assert not pane.looked_at.isVisible()
    labelled_server(page, raised(label_of("orders")))
    assert pane.looked_at.isVisible()
    page.bridge.tell(StateChanged(agents=()))
    assert not pane.looked_at.isVisible()
