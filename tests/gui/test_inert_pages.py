"""Markup, control codes and names of 10 MB on every page: plain, cut before layout, moving nothing.

No clock: what is counted is how much is laid out at once, and how much readers are told.
"""

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QWidget

from keyturn.application.console_protocol import RequestShown, RequestWithdrawn, StateChanged
from keyturn.domain.tier import Tier
from keyturn.gui.history.model import HistoryModel
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.servers.view import ServersView
from keyturn.gui.widgets.text import LONGEST
from tests.factories import make_request
from tests.gui import gallery_more as more
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
AT_ONCE = 2 * LONGEST
SPOKEN = 1_000
TEXTS = {
    "markup, control codes and bidi": (
        "<h1>Allow</h1><img src='file:///x'><a href='https://x'>ok</a>&amp;"
        "a\x00b\x1b[31mred\x07\x08\r\nnew\tline\x9b2J"
        "\u202eevil\u2066\u200b\u2069"
    ),
    "10 MB": "W" * 10_000_000,
    "a million that nobody sees": "\u200b\u202e" * 500_000,
}
PAGES = (Page.QUEUE, Page.HISTORY, Page.RULES, Page.AGENTS, Page.SERVERS, Page.CREDENTIALS)
HIDDEN = ("\x00", "\x1b", "\u202e", "\u200b")


@pytest.fixture
def scene(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskScene]:
    rest_the_readers(monkeypatch)
    made = DeskScene(look, clock)
    made.start()
    made.window.resize(*WIDE)
    made.build()
    walk.rest()
    yield made
    made.close()


def hostile(text: str) -> StateChanged:
    """Return the state in which all that an agent or a server may name is `text`."""
    renamed = msgspec.structs.replace
    agent = renamed(
        data.AGENTS[3],
        name=text,
        client=text,
        host_name=text,
        host_executable=f"/{text}",
        servers=(text,),
    )
    logistics = data.SERVERS[0]
    tools = (renamed(logistics.tools[0], name=text), *logistics.tools[1:])
    server = renamed(logistics, tools=tools, signed_in_as=text, sign_in_at=text)
    credential = renamed(data.CREDENTIALS[2], name=text, used_by=(text,))
    return renamed(
        data.STATE,
        agents=(*data.AGENTS, agent),
        servers=(server, *data.SERVERS[1:]),
        credentials=(*data.CREDENTIALS, credential),
    )


def places(scene: DeskScene) -> dict[str, QRect]:
    """Return where what is on every page stands, and the page itself."""
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


def open_rows(scene: DeskScene, text: str) -> None:
    """Choose the first row and the last, which opens panes; hold what readers are told of all."""
    view = scene.view(scene.window.page)
    for table in view.findChildren(QAbstractItemView):
        if isinstance(table, QHeaderView) or not table.isVisible():
            continue
        for row in range(table.model().rowCount()):
            spoken = str(table.model().index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) or "")
            assert len(spoken) <= SPOKEN, table.objectName()
        for row in {0, max(0, table.model().rowCount() - 1)}:
            table.setCurrentIndex(table.model().index(row, 0))
    if isinstance(view, ServersView):
        view.tool_chosen.emit("logistics", text)
    walk.rest()


def check(scene: DeskScene, name: str) -> None:
    """Hold what is true of a page whatever is named on it."""
    assert scene.window.size().toTuple() == WIDE, name
    assert walk.beyond(scene.window) == [], name
    labels = [label for label in scene.window.findChildren(QLabel) if label.isVisible()]
    assert {label.textFormat() for label in labels} <= {Qt.TextFormat.PlainText}, name
    spoken = [widget.accessibleName() for widget in walk.operable(scene.window)]
    assert [one for one in spoken if any(mark in one for mark in HIDDEN)] == [], name
    assert max(map(len, spoken)) <= SPOKEN, name


@pytest.mark.parametrize("name", TEXTS)
def test_it_moves_nothing_on_any_page(scene: DeskScene, laid_out: list[int], name: str) -> None:
    before: dict[Page, dict[str, QRect]] = {}
    for page in PAGES:
        scene.window.show_page(page)
        walk.rest()
        before[page] = places(scene)
    text = TEXTS[name]
    laid_out.clear()
    scene.bridge.tell(hostile(text))
    row = replace(more.HISTORY_ROWS[0], agent=text, server_tool=text, decisive=text, result=text)
    history = scene.desk.findChild(HistoryModel)
    assert history is not None
    history.rows.show_rows([row, *more.HISTORY_ROWS])
    said = tuple(replace(one, key=text, value=text, spans=()) for one in more.DETAIL.arguments)
    detail = replace(more.DETAIL, headline=text, server_tool=text, arguments=said)
    history.show_detail(detail)
    for page in PAGES:
        scene.window.show_page(page)
        walk.rest()
        open_rows(scene, text)
        check(scene, f"{page.value} {name}")
        assert places(scene) == before[page]
    assert max(laid_out) <= AT_ONCE


@pytest.mark.parametrize("name", TEXTS)
def test_a_call_of_it_and_its_end_move_nothing(
    scene: DeskScene, laid_out: list[int], name: str
) -> None:
    text = TEXTS[name]
    before = places(scene)
    laid_out.clear()
    for number, field in enumerate(("agent", "server", "tool")):
        # Of what is worst the name is asked for, to be typed.
        tier = Tier.T3 if field == "tool" else Tier.T2
        request = replace(make_request(f"r-{number}", tier=tier), **{field: text})
        scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=50_000))
        scene.desk.queue.refresh_now()
        scene.desk.queue.open_card(request.id)
        walk.rest()
        open_rows(scene, text)
        check(scene, field)
        assert places(scene) == before
        withdrawn = RequestWithdrawn(
            id=request.id, cause="cancelled", outcome="cancelled_by_client"
        )
        scene.bridge.request_withdrawn.emit(withdrawn)
        scene.desk.queue.refresh_now()
        walk.rest()
        foot = scene.window.findChild(QWidget, "just_decided")
        assert foot is not None
        assert foot.height() <= WIDE[1] * 2 // 5, field
    assert max(laid_out) <= AT_ONCE


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_said_beside_the_window_is_short(scene: DeskScene, name: str) -> None:
    text = TEXTS[name]
    scene.bridge.tell(hostile(text))
    scene.bridge.alerted.emit(text)
    walk.rest()
    check(scene, name)
    assert scene.window.alert.height() <= WIDE[1] // 3
    tray = scene.desk.standing.tray
    said = [action.text() for action in tray.findChildren(QAction)]
    assert not [one for one in said if len(one) > SPOKEN or any(mark in one for mark in HIDDEN)]
