"""Settings lists what protects less than as Keyturn comes; one press puts each back."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from keyturn.application.agent_messages import SetAgentHttp
from keyturn.application.console_protocol import StateChanged
from keyturn.application.console_state import AgentState
from keyturn.application.environment_messages import SetReach
from keyturn.application.result_messages import SetControls
from keyturn.domain.environment import Reach
from keyturn.domain.result_controls import STRICTEST, ResultControls
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.settings.view import SettingsView
from keyturn.gui.settings.weakened_line import WeakenedLine
from keyturn.gui.widgets.text import Text
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.gui.pages_data import server, tool

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("N5"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
HTTP = AgentState(name="analyst", enrolled=True, connections=0, http=True)
WEAK = StateChanged(
    servers=(server("orders", tool("list", None, controls=ResultControls(secrets=False))),),
    reach=(Reach(agent="qa", other="production"),),
    agents=(HTTP, replace(HTTP, name="coder", http=False)),
)


@dataclass
class Weak:
    """The settings' page of a whole window."""

    scene: DeskScene
    line: WeakenedLine

    @property
    def texts(self) -> str:
        """All that the row says."""
        return " | ".join(t.text() for t in self.line.trailing.findChildren(Text) if t.isVisible())


@pytest.fixture
def weak(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Weak]:
    rest_the_readers(monkeypatch)
    scene = DeskScene(look, clock)
    scene.start()
    scene.bridge.tell(WEAK)
    scene.window.show_page(Page.SETTINGS)
    view = scene.view(Page.SETTINGS)
    assert isinstance(view, SettingsView)
    yield Weak(scene, view.weakened)
    scene.close()


def test_it_lists_what_is_weaker_although_the_page_was_built_later(weak: Weak) -> None:
    assert "Agents of qa may reach production." in weak.texts
    assert "What comes back from list of orders. Off: masking secrets." in weak.texts
    names = [button.accessibleName() for button in weak.line.buttons]
    assert names == [
        "Put back: Agents of qa may reach production.",
        "Put back: analyst may connect over HTTP.",
        "Put back: What comes back from list of orders. Off: masking secrets.",
    ]


def test_one_press_puts_back_and_the_list_follows_the_broker(weak: Weak) -> None:
    reach, http, results = weak.line.buttons
    reach.click()
    sent = weak.scene.bridge.sent[-1]
    assert isinstance(sent, SetReach)
    assert (sent.agent, sent.other, sent.on) == ("qa", "production", False)
    weak.scene.bridge.answer()
    assert weak.line.outcome.outcome is Outcome.DONE
    http.click()
    assert weak.scene.bridge.sent[-1] == SetAgentHttp(
        n=weak.scene.bridge.sent[-1].n, name="analyst", on=False
    )
    weak.scene.bridge.answer()
    results.click()
    sent = weak.scene.bridge.sent[-1]
    assert isinstance(sent, SetControls)
    assert (sent.server, sent.tool, sent.controls) == ("orders", "list", STRICTEST)
    weak.scene.bridge.answer(ok=False, sentence="The disk is full.")
    assert weak.line.outcome.outcome is Outcome.FAILED
    # What was not put back stays in the list.
    assert len(weak.line.buttons) == 3
    weak.scene.bridge.tell(StateChanged(servers=(), reach=()))
    assert len(weak.line.buttons) == 1
    weak.scene.bridge.tell(StateChanged(agents=()))
    assert weak.line.buttons == []
    assert "Nothing is weaker than as Keyturn comes." in weak.texts


def test_the_same_state_again_leaves_the_keyboard_where_it_is(weak: Weak) -> None:
    weak.scene.window.activateWindow()
    weak.line.buttons[1].setFocus()
    weak.scene.bridge.tell(WEAK)
    assert weak.line.buttons[1].hasFocus()
