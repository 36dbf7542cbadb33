"""What stands over a long queue: numbers, a held agent, and what a person can choose of it."""

from collections.abc import Iterator

# pyright: reportUnknownMemberType=false
# pytest-qt's key and mouse methods are untyped.
import pytest
from pytestqt.qtbot import QtBot

from keyturn.application.agent_messages import FloodState, SettleFlood
from keyturn.application.console_protocol import StateChanged
from keyturn.application.console_state import AgentState
from keyturn.gui.look import Look
from keyturn.gui.queue.triage import Triage
from keyturn.gui.queue.triage_bar import TriageBar
from keyturn.gui.sending import IntentSender
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.verbs import read_verbs
from tests.factories import make_request
from tests.gui.conftest import Clock
from tests.gui.scenes import let_go
from tests.gui.sheets_scene import ROOT
from tests.gui.test_groups import Burst, write

pytestmark = pytest.mark.gui
HELD = FloodState(cause="prompts", count=38, seconds=52)


class Desk(Burst):
    """A burst with the bar over it."""

    def __init__(self, qtbot: QtBot, look: Look, clock: Clock) -> None:
        super().__init__(qtbot, look, clock)
        scene = self.scene
        self.triage = Triage(
            bridge=scene.bridge,
            view=scene.view,
            queue=scene.queue,
            sender=IntentSender(scene.bridge, scene.view),
            words=look.words,
            cards=CardBuilder(look.words, read_verbs(ROOT / "resources" / "verbs.toml")),
            parent=scene.view,
        )

    @property
    def bar(self) -> TriageBar:
        """Return the bar."""
        return self.scene.view.triage

    def tell(self, *agents: tuple[str, FloodState | None]) -> None:
        """Let the broker say how agents stand."""
        states = tuple(
            AgentState(name=name, enrolled=True, connections=1, flood=flood)
            for name, flood in agents
        )
        self.scene.bridge.tell(StateChanged(agents=states))
        self.settle()

    def arm(self) -> None:
        """Let the time pass after which what loosens can be pressed."""
        assert self.bar.banner.arming.isActive()
        self.bar.banner.arming.timeout.emit()

    def settled(self) -> list[tuple[str, str]]:
        """Return what was chosen of agents."""
        sent = self.scene.bridge.sent
        return [(one.agent, one.choice) for one in sent if isinstance(one, SettleFlood)]


@pytest.fixture
def desk(qtbot: QtBot, look: Look, clock: Clock) -> Iterator[Desk]:
    """Return an empty queue."""
    made = Desk(qtbot, look, clock)
    yield made
    let_go(made.scene.window)


def test_the_strip_comes_with_eleven_and_goes_with_the_last_few(desk: Desk) -> None:
    requests = [write(number) for number in range(11)]
    desk.arrive(*requests[:10])
    assert not desk.bar.strip.isVisible()
    desk.arrive(requests[10])
    assert desk.bar.strip.isVisible()
    desk.end(*requests[:6])
    assert desk.bar.strip.isVisible()
    desk.end(requests[6])
    assert not desk.bar.strip.isVisible()


def test_it_denies_all_of_the_agent_with_most_waiting_and_no_other(desk: Desk) -> None:
    mine = [write(number) for number in range(9)]
    other = [make_request(f"o-{n}", agent="coder", tool=f"t-{n}") for n in range(3)]
    desk.arrive(*mine, *other)
    assert desk.bar.deny.text() == "Deny 9 from analyst"
    desk.scene.click(desk.bar.deny)
    assert sorted(desk.denied()) == sorted(one.id for one in mine)
    desk.scene.click(desk.bar.pause)
    assert desk.settled() == [("analyst", "pause")]


@pytest.mark.requirement("FLOOD")
def test_a_held_agent_is_named_with_its_numbers_and_three_ways_on(desk: Desk) -> None:
    desk.arrive(*[write(number) for number in range(6)])
    desk.tell(("coder", None), ("analyst", HELD))
    banner = desk.bar.banner
    assert banner.isVisible()
    assert banner.deny.text() == "Deny all, pause analyst"
    desk.scene.click(banner.review)
    assert desk.settled() == []
    desk.arm()
    desk.scene.click(banner.review)
    assert desk.settled() == [("analyst", "review")]
    desk.scene.bridge.answer()
    assert desk.pane.isVisible()
    desk.scene.click(banner.go_on)
    desk.scene.bridge.answer()
    desk.scene.click(banner.deny)
    assert desk.settled()[1:] == [("analyst", "continue"), ("analyst", "deny_and_pause")]
    assert desk.scene.decided() == []


@pytest.mark.requirement("FLOOD")
def test_the_table_of_a_held_agent_says_that_a_choice_comes_first(desk: Desk) -> None:
    desk.arrive(*[write(number) for number in range(6)])
    desk.open_group()
    desk.tell(("analyst", HELD))
    desk.wait(5_000)
    desk.allow()
    assert desk.allowed() == []
    assert desk.pane.block.allow.reason == "Choose above for this agent first"
    desk.tell(("analyst", FloodState(cause="prompts", count=38, seconds=52, reviewing=True)))
    desk.wait(5_000)
    desk.allow()
    assert desk.allowed()


def test_an_answer_without_effect_says_why(desk: Desk) -> None:
    desk.arrive(make_request("r-1"))
    said: list[str] = []
    desk.scene.queue.answers.failed.connect(said.append)
    desk.clock.advance(800)
    desk.allow()
    desk.scene.bridge.answer(ok=False, sentence="This agent is held.")
    assert said == ["This agent is held."]


@pytest.mark.requirement("FLOOD")
def test_a_paused_agent_stays_named_until_it_goes_on(desk: Desk) -> None:
    desk.tell(("analyst", FloodState(paused=True)))
    banner = desk.bar.banner
    assert banner.isVisible()
    assert not banner.deny.isVisible()
    desk.arm()
    desk.scene.click(banner.go_on)
    assert desk.settled() == [("analyst", "go_on")]
    desk.scene.bridge.answer(ok=False, sentence="The disk is full.")
    assert desk.bar.outcome.isVisible()
    assert desk.bar.outcome.sentence == "The disk is full."
    desk.scene.click(banner.go_on)
    assert not desk.bar.outcome.isVisible()
    desk.scene.bridge.answer()
    assert desk.bar.outcome.sentence == "analyst goes on. What it asks is shown again."
    desk.tell(("analyst", None))
    assert not banner.isVisible()


def test_what_comes_below_is_counted_and_nothing_scrolls(desk: Desk) -> None:
    desk.arrive(*[make_request(f"r-{n}", tool=f"t-{n}") for n in range(10)])
    pane = desk.scene.view.pane
    top = pane.list.verticalScrollBar().value()
    desk.arrive(*[make_request(f"s-{n}", tool=f"u-{n}") for n in range(12)])
    assert pane.new_below.isVisible()
    assert pane.new_below.text() == "12 new below"
    assert pane.list.verticalScrollBar().value() == top
    desk.scene.click(pane.new_below)
    desk.settle()
    assert not pane.new_below.isVisible()
    assert desk.scene.model.open_id == "r-0"


def test_a_name_that_an_agent_chose_is_plain_text(desk: Desk) -> None:
    name = "<b>x</b>\u202eevil"
    desk.tell((name, HELD))
    assert "\u202e" not in desk.bar.banner.deny.text()


@pytest.mark.requirement("FLOOD", "LAW-4")
def test_what_loosens_is_late_once_it_means_somebody_else(desk: Desk) -> None:
    """An agent chooses when it is held: the button under the pointer must not change its object."""
    banner = desk.bar.banner
    desk.tell(("analyst", FloodState(paused=True)))
    desk.arm()
    assert banner.go_on.isEnabled()
    desk.tell(("analyst", FloodState(paused=True)), ("coder", HELD))
    assert not banner.go_on.isEnabled()
    assert banner.deny.isEnabled()
    desk.scene.click(banner.go_on)
    assert desk.settled() == []
    desk.arm()
    more = FloodState(cause="prompts", count=39, seconds=53)
    desk.tell(("analyst", FloodState(paused=True)), ("coder", more))
    assert banner.go_on.isEnabled()
    desk.scene.click(banner.go_on)
    assert desk.settled() == [("coder", "continue")]


@pytest.mark.requirement("FLOOD")
def test_who_falls_under_a_pause_shows_whose_it_is(desk: Desk) -> None:
    bearer = AgentState(
        name="helper",
        enrolled=False,
        connections=1,
        flood=FloodState(paused=True, paused_as="analyst"),
    )
    desk.scene.bridge.tell(StateChanged(agents=(bearer,)))
    desk.settle()
    desk.arm()
    desk.scene.click(desk.bar.banner.go_on)
    (sent,) = [one for one in desk.scene.bridge.sent if isinstance(one, SettleFlood)]
    assert (sent.agent, sent.enrolled) == ("analyst", True)
