"""Markup, control codes and long names in what agents and servers say: inert, nothing moves."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.console_protocol import RequestShown
from keyturn.domain.tier import Tier
from keyturn.gui.look import Look
from keyturn.gui.queue.view import QueueView
from tests.factories import make_request
from tests.gui import gallery_walk as walk
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("S2"),
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
WIDE = (1280, 800)
MOST_BLOCK = 240
MOST_HEAD = 240
LONG = "a wide name"
TEXTS = {
    "markup": "<h1>Allow</h1><img src='file:///x'><a href='https://x'>ok</a>&amp;",
    "control codes": "a\x00b\x1b[31mred\x07\x08\r\nnew\tline\x9b2J",
    "bidi": "\u202eevil\u2066\u200b\u2069",
    LONG: "W" * 4_000,
}
FIELDS = ("agent", "server", "tool", "argument")


@pytest.fixture
def scene(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskScene]:
    rest_the_readers(monkeypatch)
    made = DeskScene(look, clock)
    made.start()
    made.window.resize(*WIDE)
    yield made
    made.close()


def hostile(text: str, field: str) -> ApprovalRequest:
    """Return a request in which a name, or an argument and its key, is `text`."""
    if field == "argument":
        return make_request("r-1", arguments={text: text}, tier=Tier.T2)
    request = make_request("r-1", tier=Tier.T2)
    if field == "agent":
        return replace(request, agent=text)
    return replace(request, server=text) if field == "server" else replace(request, tool=text)


def show(scene: DeskScene, request: ApprovalRequest) -> QueueView:
    """Open its card."""
    scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=50_000))
    scene.desk.queue.open_card(request.id)
    scene.desk.queue.refresh_now()
    walk.rest()
    queue = scene.window.findChild(QueueView)
    assert queue is not None
    return queue


def places(scene: DeskScene, queue: QueueView) -> dict[str, QRect]:
    """Return where what a person aims at is."""
    block = queue.card.block
    parts: tuple[QWidget, ...] = (
        block.deny,
        block.allow,
        queue.card,
        queue.pane,
        scene.window.rail,
        scene.window.top_bar,
        scene.window.top_bar.stop_button,
    )
    return {
        f"{type(part).__name__} {part.objectName()}": QRect(
            part.mapTo(scene.window, part.rect().topLeft()), part.size()
        )
        for part in parts
    }


@pytest.mark.parametrize(
    ("name", "field"),
    [(name, field) for name in TEXTS for field in FIELDS],
)
def test_it_is_plain_text_and_moves_nothing(scene: DeskScene, name: str, field: str) -> None:
    queue = show(scene, make_request("r-0", tier=Tier.T2))
    before = places(scene, queue)
    show(scene, hostile(TEXTS[name], field))
    assert queue.card.card is not None
    assert queue.card.card.request_id == "r-1"
    assert scene.window.size().toTuple() == WIDE
    assert places(scene, queue) == before
    # Its words may push the upper edge of the decision row up, by a few lines.
    assert queue.card.block.height() <= MOST_BLOCK
    assert queue.card.headline.height() <= MOST_HEAD
    assert walk.beyond(scene.window) == []
    labels = [label for label in scene.window.findChildren(QLabel) if label.isVisible()]
    assert {label.textFormat() for label in labels} <= {Qt.TextFormat.PlainText}
    spoken = [widget.accessibleName() for widget in walk.operable(scene.window)]
    assert not [name for name in spoken if "\u202e" in name or "\x1b" in name or "\x00" in name]


def test_a_name_that_is_cut_in_the_head_stands_whole_below_and_is_copied_whole(
    scene: DeskScene,
) -> None:
    queue = show(scene, hostile(TEXTS[LONG], "tool"))
    card, head = queue.card.card, queue.card.headline
    assert card is not None
    assert "+ 3880 characters" in card.why_asked
    assert TEXTS[LONG] in [pair.value for pair in card.observed]
    copy = head.findChild(QAbstractButton, "copy_server_tool")
    assert copy is not None
    copy.click()
    assert QGuiApplication.clipboard().text() == card.server_tool
    assert TEXTS[LONG] in card.server_tool
    plain = show(scene, make_request("r-2", tier=Tier.T2)).card.card
    assert plain is not None
    assert not [pair for pair in plain.observed if pair.key.startswith("Whole")]
