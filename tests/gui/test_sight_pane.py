"""What an agent sees, in the window: ticks become a list, and what shows more is asked about."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest
from PySide6.QtWidgets import QAbstractButton, QWidget

from keyturn.application.console_protocol import StateChanged
from keyturn.application.sight_intents import (
    EndProfile,
    ProfileState,
    PutProfile,
    RemoveProfile,
    SetProfilesOnly,
    SetSight,
    SightState,
    SwitchProfile,
)
from keyturn.gui.agents.presenter import AgentsPresenter
from keyturn.gui.agents.profile_pane import ProfilePane
from keyturn.gui.agents.view import AgentsView
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender
from keyturn.gui.widgets.buttons import Button
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.gui.widgets.text import Text
from keyturn.storage.queries.items import UsedName, UsedNames
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

    def open(self, agent: str = "analyst") -> None:
        """Open what an agent sees as a person does."""
        self.view.agent_chosen.emit(agent)
        button = self.view.detail.findChild(Button, "agent_sight_open")
        assert button is not None
        button.click()

    def tick(self, name: str) -> None:
        """Click a row."""
        row = self.view.sight.findChild(ChoiceRow, name)
        assert row is not None
        row.click()

    def sees(self, *rows: str) -> None:
        """Tell that the analyst has a list."""
        agents = tuple(
            msgspec.structs.replace(agent, sight=SightState(rows=rows))
            if agent.name == "analyst"
            else agent
            for agent in data.AGENTS
        )
        self.bridge.tell(StateChanged(agents=agents))

    def sent(self) -> list[SetSight]:
        """Return what was asked of the broker."""
        return [message for message in self.bridge.sent if isinstance(message, SetSight)]


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


def test_less_than_now_is_saved_at_once(page: Page) -> None:
    page.open()
    assert page.view.side is page.view.sight
    assert page.view.sight.ticked() is None
    # The whole first server, then one of its tools: the others of it are gone.
    page.tick("sight_0_whole")
    page.tick("sight_0_0")
    page.view.sight.save.click()
    (sent,) = page.sent()
    assert sent.agent == "analyst"
    assert sent.rows is not None
    assert "logistics/*" not in sent.rows
    assert "call logistics/list_orders" not in sent.rows
    assert "call logistics/dispatch_all" in sent.rows
    assert "reports/*" in sent.rows
    page.bridge.answer()
    assert page.view.sight.outcome.outcome is Outcome.DONE


def test_more_than_now_is_asked_about_first(page: Page) -> None:
    page.sees("call logistics/list_orders")
    page.open()
    page.tick("sight_1_whole")
    page.view.sight.save.click()
    assert page.sent() == []
    assert "more than now" in page.view.sight.question.question
    page.view.sight.question.keep.click()
    assert page.sent() == []
    page.view.sight.save.click()
    page.view.sight.question.go.click()
    (sent,) = page.sent()
    assert sent.rows == ("call logistics/list_orders", "reports/*")


@pytest.mark.requirement("ACCESS-1")
def test_a_list_is_narrowed_to_what_was_used(page: Page) -> None:
    """Ticked is what was used, nothing is sent before it is saved, and less asks nothing."""
    used = UsedNames(names=(UsedName(server="reports", name="read_report", method=""),))
    page.presenter.sights.narrow("analyst", used)
    assert page.view.side is page.view.sight
    assert page.view.sight.ticked() == ("call reports/read_report",)
    assert "1 name" in page.view.sight.outcome.sentence
    assert page.sent() == []
    page.view.sight.save.click()
    assert [sent.rows for sent in page.sent()] == [("call reports/read_report",)]
    page.presenter.sights.narrow("analyst", UsedNames(names=()))
    assert page.view.sight.ticked() == ()
    assert "Nothing of it was used" in page.view.sight.outcome.sentence


def test_everything_again_is_asked_about_first(page: Page) -> None:
    page.sees("call logistics/list_orders")
    page.open()
    assert page.view.sight.some.isChecked()
    page.view.sight.all.click()
    page.view.sight.save.click()
    assert page.sent() == []
    page.view.sight.question.go.click()
    assert [sent.rows for sent in page.sent()] == [None]
    page.bridge.answer(ok=False, sentence="The keychain is locked.")
    assert page.view.sight.outcome.sentence == "The keychain is locked."


def test_nothing_ticked_is_a_list_of_nothing(page: Page) -> None:
    page.sees("call logistics/list_orders")
    page.open()
    page.tick("sight_0_0")
    page.view.sight.save.click()
    assert [sent.rows for sent in page.sent()] == [()]


def test_what_is_ticked_stays_while_the_state_comes_and_closing_leads_back(page: Page) -> None:
    page.open()
    page.tick("sight_0_whole")
    page.bridge.tell(data.STATE)
    assert page.view.side is page.view.sight
    assert page.view.sight.ticked() is not None
    page.view.sight.close_requested.emit()
    assert page.view.side is page.view.detail
    assert page.view.detail.agent == "analyst"
    assert page.sent() == []


# ---------------------------------------------------------------- profiles


LIST = SightState(rows=("call logistics/list_orders",))


def with_profile(page: Page, sight: SightState = LIST) -> None:
    """Tell what the analyst sees, and that there is a profile."""
    agents = tuple(
        msgspec.structs.replace(agent, sight=sight) if agent.name == "analyst" else agent
        for agent in data.AGENTS
    )
    profiles = (ProfileState(name="Release", rows=("logistics/*",)),)
    page.bridge.tell(StateChanged(agents=agents, profiles=profiles))


def open_profiles(page: Page) -> ProfilePane:
    """Open the profiles as a person does."""
    page.view.agent_chosen.emit("analyst")
    button = page.view.detail.findChild(Button, "agent_profiles_open")
    assert button is not None
    button.click()
    assert page.view.side is page.view.profiles
    return page.view.profiles


def texts(pane: ProfilePane) -> list[str]:
    """Return what can be read there."""
    return [text.text() for text in pane.findChildren(Text) if text.isVisible()]


def click(pane: ProfilePane, name: str) -> None:
    """Click a row or a button of the pane."""
    found = pane.findChild(QAbstractButton, name)
    assert found is not None
    found.click()


def test_a_profile_is_switched_on_for_a_while_after_a_question(page: Page) -> None:
    with_profile(page)
    pane = open_profiles(page)
    click(pane, "length_1")
    pane.switch.click()
    assert page.bridge.sent == []
    assert "Release" in pane.question.question
    assert "1 h" in pane.question.question
    pane.question.go.click()
    (sent,) = page.bridge.sent
    assert isinstance(sent, SwitchProfile)
    assert (sent.agent, sent.profile, sent.seconds) == ("analyst", "Release", 3600)
    page.bridge.answer()
    assert pane.outcome.outcome is Outcome.DONE


def test_what_is_on_is_shown_with_its_rest_and_ended_after_a_question(page: Page) -> None:
    with_profile(
        page, msgspec.structs.replace(LIST, profile="Release", until="2999-01-01T00:00:00.000Z")
    )
    pane = open_profiles(page)
    assert "Release" in pane.now.text()
    assert "from now" in pane.now.text()
    pane.end.click()
    assert page.bridge.sent == []
    assert "own list again" in pane.question.question
    pane.question.go.click()
    assert isinstance(page.bridge.sent[-1], EndProfile)
    with_profile(
        page,
        msgspec.structs.replace(
            LIST, profile="Release", until="2020-01-01T00:00:00.000Z", over=True
        ),
    )
    assert "over" in pane.now.text()
    pane.close_requested.emit()
    assert page.view.side is page.view.detail


def test_the_end_in_the_top_bar_asks_in_the_page_first(page: Page) -> None:
    page.presenter.sights.ask_end("analyst")
    assert page.view.side is not page.view.profiles
    with_profile(page, msgspec.structs.replace(LIST, profile="Release", profiles_only=True))
    page.presenter.sights.ask_end("analyst")
    assert page.view.side is page.view.profiles
    assert page.bridge.sent == []
    assert "sees nothing" in page.view.profiles.question.question
    page.view.profiles.question.go.click()
    assert isinstance(page.bridge.sent[-1], EndProfile)


def test_only_with_a_profile_narrows_at_once_and_widens_after_a_question(page: Page) -> None:
    with_profile(page)
    pane = open_profiles(page)
    click(pane, "profiles_only")
    assert isinstance(page.bridge.sent[-1], SetProfilesOnly)
    assert not pane.only.isChecked()
    with_profile(page, msgspec.structs.replace(LIST, profiles_only=True))
    assert pane.only.isChecked()
    count = len(page.bridge.sent)
    pane.only.click()
    assert len(page.bridge.sent) == count
    pane.question.go.click()
    sent = page.bridge.sent[-1]
    assert isinstance(sent, SetProfilesOnly)
    assert (sent.agent, sent.on) == ("analyst", False)


def test_a_list_becomes_a_profile_and_a_profile_is_removed(page: Page) -> None:
    with_profile(page)
    pane = open_profiles(page)
    for name in ("", "Release"):
        pane.name_line.setText(name)
        click(pane, "save_profile")
        assert pane.outcome.outcome is Outcome.OWED
    pane.name_line.setText("Reporting")
    click(pane, "save_profile")
    saved = page.bridge.sent[-1]
    assert isinstance(saved, PutProfile)
    assert (saved.name, saved.rows) == ("Reporting", ("call logistics/list_orders",))
    pane.remove.click()
    pane.question.go.click()
    assert isinstance(page.bridge.sent[-1], RemoveProfile)


@pytest.mark.parametrize("name", ["agent_sight_open", "agent_profiles_open"])
def test_another_agent_takes_the_pane_of_this_one_away(page: Page, name: str) -> None:
    """Else what is pressed there is done to another one than the one that is marked."""
    page.view.agent_chosen.emit("analyst")
    button = page.view.detail.findChild(Button, name)
    assert button is not None
    button.click()
    pane = page.view.side
    assert pane is not page.view.detail
    page.view.agent_chosen.emit("analyst")
    assert page.view.side is pane
    page.view.agent_chosen.emit("coder")
    assert page.view.side is page.view.detail
    assert page.view.detail.agent == "coder"


def test_an_agent_without_a_list_is_led_to_it_before_a_name_is_typed(page: Page) -> None:
    pane = open_profiles(page)
    assert not pane.switch.isVisible()
    assert pane.findChild(Button, "save_profile") is None
    click(pane, "profile_to_list")
    assert page.bridge.sent == []
    assert page.view.side is page.view.sight
    assert page.view.sight.agent == "analyst"


def test_a_profile_says_what_it_is_and_names_before_it_is_switched_on(page: Page) -> None:
    """A name alone cannot be checked; nothing about time stands there before there is one."""
    pane = open_profiles(page)
    assert "A profile is a list of tools for one task." in "".join(texts(pane))
    assert "For how long" not in texts(pane)
    assert "Without a profile" not in texts(pane)
    rows = tuple(f"call logistics/tool_{n}" for n in range(6))
    many = ProfileState(name="Re\u202elease", rows=rows)
    page.bridge.tell(StateChanged(profiles=(many, ProfileState(name="None", rows=()))))
    settle(page.view)
    boxes = pane.findChildren(QAbstractButton)
    names = [box.accessibleName() for box in boxes if box.isVisible()]
    said = " | ".join((*texts(pane), *names))
    assert "call logistics/tool_0, call logistics/tool_1" in said
    assert "and 2 more lines" in said
    assert "Names nothing." in said
    assert "\u202e" not in said
    assert "For how long" in texts(pane)


def test_the_foot_is_there_only_with_something_in_it(page: Page) -> None:
    pane = open_profiles(page)
    foot = pane.findChild(QWidget, "agent_profiles_foot")
    assert foot is not None
    assert not foot.isVisible()
    with_profile(page)
    assert foot.isVisible()
    pane.remove.click()
    assert foot.isVisible()
    pane.question.keep.click()
    page.bridge.tell(StateChanged(profiles=()))
    assert not foot.isVisible()
    pane.outcome.say(Outcome.FAILED, "It is gone.")
    assert foot.isVisible()
