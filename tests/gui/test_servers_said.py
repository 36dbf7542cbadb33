"""What Servers says: how many tools a press pinned, what a confirmed server still asks."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from keyturn.application.console_protocol import Decide, IntentDone, PutServer
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from tests.gui.conftest import Clock
from tests.gui.scenes import let_go
from tests.gui.servers_scene import ServersScene, a_new_tool, a_server, a_tool
from tests.gui.test_servers_page import choose

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]


@pytest.fixture
def scene(qtbot: QtBot, look: Look, clock: Clock) -> Iterator[ServersScene]:
    """Return the page with one server."""
    made = ServersScene(qtbot, look, clock)
    made.tell(a_server())
    yield made
    let_go(made.view)


@pytest.mark.parametrize("failed", [False, True])
def test_the_outcome_of_one_press_counts_what_it_pinned(scene: ServersScene, failed: bool) -> None:
    """Not one tool by its name, whichever the broker answered last; what failed is said instead."""
    names = ("now", "convert", "zones", "rates")
    scene.ask(*map(a_new_tool, names))
    scene.presenter.open_together("time")
    pane = scene.view.batch

    def seen() -> bool:
        bar = pane.page.verticalScrollBar()
        bar.setValue(0 if bar.value() else bar.maximum())
        scene.view.grab()
        return all(box.seen for box in pane.rows)

    scene.qtbot.waitUntil(seen, timeout=3_000)
    scene.click(pane.read)
    scene.press_armed(pane.action)
    sent = [message for message in scene.sent() if isinstance(message, Decide)]
    assert len(sent) == len(names)
    for one in sent:
        ok = not failed or one is not sent[-1]
        scene.bridge.intent_done.emit(IntentDone(n=one.n, ok=ok, sentence="" if ok else "Gone."))
    outcome = (Outcome.FAILED, "Gone.") if failed else (Outcome.DONE, "4 tools are pinned.")
    assert (scene.view.note.outcome, scene.view.note.sentence) == outcome


def test_a_confirmed_server_is_said_to_ask_at_its_first_start(scene: ServersScene) -> None:
    """It stands beside "start not agreed", so that it is not said to be ready."""
    scene.tell(a_server(confirmed=False, consented=False))
    choose(scene, "time")
    scene.press_armed(scene.view.server.action)
    (message,) = scene.sent()
    assert isinstance(message, PutServer)
    scene.bridge.intent_done.emit(IntentDone(n=message.n, ok=True))
    assert scene.view.note.sentence == "time is confirmed. Its first start asks you."


def test_a_tool_without_hints_is_said_to_have_none(scene: ServersScene) -> None:
    """In words that are true of nothing said, and stand for no claim of the server."""
    scene.tell(a_server(a_tool("now")))
    scene.presenter.open_tool("time", "now")
    said = [label.text() for label in scene.view.tool.findChildren(QLabel)]
    assert said[said.index("Tool hint") + 1] == "none is given"
