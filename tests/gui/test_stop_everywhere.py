"""A stop is everywhere in the turn in which the window hears of it; the title among it is timed."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from PySide6.QtWidgets import QWidget

from keyturn.application.console_protocol import RequestShown, StateChanged
from keyturn.application.console_state import StopState
from keyturn.gui import announcer
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.queue.view import QueueView
from keyturn.gui.stopped.view import StoppedScreen
from keyturn.gui.widgets.text import Text
from tests.factories import make_request
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("K5"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
STOPPED = StopState(engaged=True, since_utc="2026-11-28T03:01:00.000Z")


@dataclass
class Shown:
    """A window with a card in it, and what readers were told."""

    scene: DeskScene
    said: list[tuple[str, bool]] = field(default_factory=list[tuple[str, bool]])

    def __call__(self, _widget: QWidget, sentence: str, *, assertive: bool = False) -> None:
        """Hear one sentence."""
        self.said.append((sentence, assertive))

    def part(self, kind: type[QWidget]) -> QWidget:
        """Return a part of the window."""
        found = self.scene.window.findChild(kind)
        assert isinstance(found, QWidget)
        return found


@pytest.fixture
def shown(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    rest_the_readers(monkeypatch)
    made = Shown(DeskScene(look, clock))
    monkeypatch.setattr(announcer, "announce", made)
    made.scene.start()
    request = make_request("r-1")
    made.scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=50_000))
    made.scene.desk.queue.refresh_now()
    # Its arrival is not told in between, however slow the machine is.
    voice = made.scene.desk.findChild(announcer.Announcer)
    assert voice is not None
    voice.pace.stop()
    made.said.clear()
    yield made
    made.scene.close()


@pytest.mark.parametrize("page", [Page.QUEUE, Page.HISTORY, Page.SETTINGS])
def test_tray_bar_card_title_and_readers_say_it_at_once(shown: Shown, page: Page) -> None:
    scene, words = shown.scene, shown.scene.look.words
    scene.window.show_page(page)
    before = scene.desk.standing.tray.icon.cacheKey()
    # Nothing runs in between: no timer, no event loop.
    scene.bridge.tell(StateChanged(stop=STOPPED))
    assert scene.window.windowTitle().startswith("Stopped")
    bar = [text.text() for text in scene.window.top_bar.findChildren(Text)]
    assert words("topbar.stopped") in bar
    assert words("topbar.stopped") in scene.desk.standing.tray.tip
    assert scene.desk.standing.tray.icon.cacheKey() != before
    # The screen of the stop stands where the card was: there is nothing left to allow.
    assert not shown.part(StoppedScreen).isHidden()
    assert not shown.part(QueueView).isVisible()
    assert shown.said == [("All agents are stopped. Every call is refused.", True)]
