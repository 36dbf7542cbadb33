"""The tree of servers under a person's hands while the broker changes it: nothing jumps or ends."""

import random
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from keyturn.domain.tier import Tier
from keyturn.gui.look import Look
from keyturn.gui.servers.model import PATH_ROLE
from keyturn.presentation.marks import Icon, IconText
from keyturn.presentation.servers import ServerRow, ServerTree, ToolRow
from tests.gui.conftest import Clock
from tests.gui.scenes import let_go
from tests.gui.servers_scene import ServersScene, a_server, a_tool

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
_REBUILDS = 2_000
_PAINT_EVERY = 50


@pytest.fixture
def scene(qtbot: QtBot, look: Look, clock: Clock) -> Iterator[ServersScene]:
    """Return the page, shown and empty."""
    made = ServersScene(qtbot, look, clock)
    yield made
    let_go(made.view)


def paths(scene: ServersScene) -> list[tuple[str, str]]:
    """Return what the rows stand for, from top to bottom."""
    rows = scene.model.rows
    found: list[tuple[str, str]] = []
    for top in (rows.index(place, 0) for place in range(rows.rowCount())):
        found.append(top.data(PATH_ROLE))
        found += [rows.index(n, 0, top).data(PATH_ROLE) for n in range(rows.rowCount(top))]
    return found


def selected(scene: ServersScene) -> list[tuple[str, str]]:
    """Return what is selected."""
    return [index.data(PATH_ROLE) for index in scene.view.tree.selectedIndexes()]


def some_tree(chance: random.Random) -> ServerTree:
    """Return what a broker and a search may leave: fewer, more, another order, other words."""
    state = IconText(icon=Icon.CHECK, text="pinned")
    return ServerTree(
        servers=tuple(
            ServerRow(
                server=name,
                state=f"{chance.randint(0, 2)} running",
                tools=tuple(
                    ToolRow(tool=tool, tier=chance.choice(list(Tier)), state=state)
                    for tool in chance.sample(["one", "two", "three", "four"], k=2)
                ),
                open=chance.random() < 0.5,
            )
            for name in chance.sample("abcdef", chance.randint(0, 5))
        ),
    )


def wanted(tree: ServerTree) -> list[tuple[str, str]]:
    """Return the rows of a tree, from top to bottom."""
    return [
        path
        for server in tree.servers
        for path in ((server.server, ""), *((server.server, tool.tool) for tool in server.tools))
    ]


def test_thousands_of_changes_leave_the_tree_right_and_tell_of_no_choice(
    scene: ServersScene,
) -> None:
    chance = random.Random(31)
    view = scene.view.tree
    told: list[tuple[str, str]] = []
    view.tool_chosen.disconnect()

    def hear(server: str, tool: str) -> None:
        told.append((server, tool))

    view.tool_chosen.connect(hear)
    held: list[QPersistentModelIndex] = []
    for number in range(_REBUILDS):
        tree, before, chosen = some_tree(chance), len(told), selected(scene)
        scene.model.show_tree(tree)
        assert len(told) == before
        assert paths(scene) == wanted(tree)
        assert selected(scene) == [path for path in chosen if path in wanted(tree)]
        if tree.servers:
            view.choose(*chance.choice(wanted(tree)))
            held = [*held[-20:], QPersistentModelIndex(view.currentIndex())]
        if number % _PAINT_EVERY == 0:
            QTest.keyClick(view, Qt.Key.Key_Down)
            view.grab()


def test_rows_that_stay_keep_their_place_and_their_selection(scene: ServersScene) -> None:
    scene.tell(a_server(a_tool("one"), a_tool("two"), name="b"))
    scene.presenter.open_tool("b", "two")
    kept = QPersistentModelIndex(scene.view.tree.currentIndex())
    scene.tell(
        a_server(a_tool("one"), name="a"),
        a_server(a_tool("half"), a_tool("one"), a_tool("two"), name="b", running=1),
    )
    assert kept.isValid()
    assert kept.data(PATH_ROLE) == ("b", "two")
    assert selected(scene) == [("b", "two")]


def test_a_row_that_goes_hands_its_selection_to_no_neighbour(scene: ServersScene) -> None:
    told: list[tuple[str, str]] = []
    scene.tell(a_server(a_tool("one"), name="a"), a_server(name="b"))
    tree = scene.view.tree

    def hear(server: str, tool: str) -> None:
        told.append((server, tool))

    tree.tool_chosen.connect(hear)
    scene.presenter.open_tool("a", "one")
    scene.tell(a_server(name="b"))
    assert told == []
    assert selected(scene) == []
    assert scene.model.detail is None
