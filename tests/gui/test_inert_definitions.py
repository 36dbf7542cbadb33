"""Definitions of megabytes: on a card, in a review, among others and once pinned, a piece a turn.

No clock: what is counted is how much is laid out at once and in all before a person scrolls.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QLabel, QWidget

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.console_protocol import RequestShown, RequestWithdrawn
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.queue.view import QueueView
from keyturn.gui.servers.review import AS_READ
from keyturn.gui.servers.view import ServersView
from keyturn.gui.widgets.text import LONGEST
from tests.fakes.approval_requests import a_call, a_review
from tests.gui import gallery_walk as walk
from tests.gui import pages_data as data
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("S2"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
WIDE = (1280, 800)
AT_ONCE = 3 * LONGEST
IN_ALL = 300_000
"""Characters of a whole page before anybody scrolls in it, those of ten texts' beginnings."""
SPOKEN = 1_500
"""A thousand, and the names of the marks among them."""
HOSTILE = "<h1>Allow</h1><img src='file:///x'>&amp;\x00\x1b[31mred\x07\r\n\u202eevil\u2069. "
UNITS = ("W", f"{HOSTILE}It tells what is asked. ", "\u200b\u202e")
"""One word, sentences, and what nobody sees."""
SAID = 7
"""So often a definition says a text; ten megabytes of it in all are said by `--thorough 2`."""
USUAL, MOST = 100_000, 10_000_000 // SAID
TOOL = "told"


@pytest.fixture
def scene(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskScene]:
    rest_the_readers(monkeypatch)
    made = DeskScene(look, clock)
    made.start()
    made.window.resize(*WIDE)
    made.build(Page.SERVERS)
    walk.rest()
    yield made
    made.close()


def defined(text: str) -> JsonObject:
    """Return a definition in which a server says `text` wherever it may say something."""
    return {
        "name": TOOL,
        "title": text,
        "description": text,
        "inputSchema": {"type": "object", "properties": {text: {"description": text}}},
        "annotations": {"title": text},
        text: text,
    }


def a_new_one(text: str, id_: str, tool: str = TOOL) -> ApprovalRequest:
    """Return the review of a tool that was never seen."""
    definition = defined(text)
    return a_review(
        RequestKind.DEFINITION,
        {**definition, "proposed_tier": None, "labels": []},
        id=id_,
        tool=tool,
        definition=canonical(definition).decode(),
    )


def a_change(text: str) -> ApprovalRequest:
    """Return the review of a tool that says something else now."""
    before, after = defined("It told."), defined(text)
    return a_review(
        RequestKind.CHANGE,
        {"before": before, "after": after},
        id="changed",
        tool=TOOL,
        definition=canonical(after).decode(),
    )


def places(scene: DeskScene) -> dict[str, QRect]:
    """Return where what is on the page stands, and the page itself."""
    window = scene.window
    parts: tuple[QWidget, ...] = (
        window.rail,
        window.top_bar,
        window.top_bar.stop_button,
        scene.view(window.page),
    )
    return {
        f"{type(part).__name__} {part.objectName()}": QRect(
            part.mapTo(window, part.rect().topLeft()), part.size()
        )
        for part in parts
    }


def check(scene: DeskScene, laid_out: list[int], name: str, before: dict[str, QRect]) -> None:
    """Hold what is true of a page whatever a definition says."""
    walk.rest()
    assert places(scene) == before, name
    assert scene.window.size().toTuple() == WIDE, name
    assert walk.beyond(scene.window) == [], name
    labels = [label for label in scene.window.findChildren(QLabel) if label.isVisible()]
    assert {label.textFormat() for label in labels} <= {Qt.TextFormat.PlainText}, name
    assert max(len(one.accessibleName()) for one in walk.operable(scene.window)) <= SPOKEN, name
    assert 0 < max(laid_out) <= AT_ONCE, name
    assert sum(laid_out) < IN_ALL, name
    laid_out.clear()


@pytest.fixture
def text(thorough: int) -> str:
    """Return what a server says everywhere in a definition."""
    most = (MOST if thorough > 1 else USUAL) // len(UNITS)
    return HOSTILE + "".join(unit * (most // len(unit)) for unit in UNITS)


def test_a_review_of_it_moves_nothing(scene: DeskScene, laid_out: list[int], text: str) -> None:
    before: dict[Page, dict[str, QRect]] = {}
    for page in (Page.QUEUE, Page.SERVERS):
        scene.window.show_page(page)
        walk.rest()
        before[page] = places(scene)
    queue, servers = scene.view(Page.QUEUE), scene.view(Page.SERVERS)
    assert isinstance(queue, QueueView) and isinstance(servers, ServersView)
    laid_out.clear()
    for request in (a_new_one(text, "new"), a_change(text)):
        scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=None))
        scene.window.show_page(Page.QUEUE)
        scene.desk.queue.open_card(request.id)
        assert not queue.card.isHidden()
        check(scene, laid_out, f"card {request.id}", before[Page.QUEUE])
        scene.window.show_page(Page.SERVERS)
        servers.tool_chosen.emit(request.server, request.tool)
        check(scene, laid_out, f"review {request.id}", before[Page.SERVERS])
        servers.review.choose_tab(AS_READ)
        check(scene, laid_out, f"as read {request.id}", before[Page.SERVERS])
        ended = RequestWithdrawn(id=request.id, cause="cancelled", outcome="cancelled_by_client")
        scene.bridge.request_withdrawn.emit(ended)


def test_it_moves_nothing_among_others_and_once_it_is_pinned(
    scene: DeskScene, laid_out: list[int], text: str
) -> None:
    scene.window.show_page(Page.SERVERS)
    walk.rest()
    before = places(scene)
    laid_out.clear()
    servers = scene.view(Page.SERVERS)
    assert isinstance(servers, ServersView)
    for number in range(2):
        request = a_new_one(text, f"r-{number}", f"tool-{number}")
        scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=None))
    servers.server.batch_requested.emit("logistics")
    check(scene, laid_out, "batch", before)
    logistics = data.SERVERS[0]
    definition = canonical(defined(text)).decode()
    pinned = msgspec.structs.replace(logistics.tools[0], name=TOOL, pinned=definition, seen="")
    told = msgspec.structs.replace(logistics, tools=(pinned,))
    scene.bridge.tell(msgspec.structs.replace(data.STATE, servers=(told,)))
    servers.tool_chosen.emit("logistics", TOOL)
    check(scene, laid_out, "pinned", before)


def test_what_a_server_asks_and_answers_moves_nothing(
    scene: DeskScene, laid_out: list[int], text: str
) -> None:
    subject: JsonObject = {
        "message": text,
        "requestedSchema": {"properties": {text: {"title": text, "enum": [text]}}},
        "content": [{"type": "text", "text": text}],
    }
    walk.rest()
    before = places(scene)
    for kind in (RequestKind.INPUT, RequestKind.RESULT):
        laid_out.clear()
        named: dict[str, Any] = {"id": kind.value, "kind": kind, "server": text, "tool": text}
        request = replace(a_call(subject=subject), **named)
        scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=None))
        scene.desk.queue.open_card(request.id)
        check(scene, laid_out, kind.value, before)
