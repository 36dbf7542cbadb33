"""Whichever thread makes the objects, garbage of the window is deleted on the GUI thread."""

import gc
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pytestqt.qtbot import QtBot

from keyturn.gui import collecting
from keyturn.gui.collecting import GuiCollector, collect_what_is_due

pytestmark = pytest.mark.gui


class Cycle:
    """Garbage that notes where it is deleted."""

    def __init__(self, deleted_on: list[int]) -> None:
        self.itself = self
        self._deleted_on = deleted_on

    def __del__(self) -> None:
        self._deleted_on.append(threading.get_ident())


@pytest.fixture(autouse=True)
def enabled() -> Iterator[None]:
    """Leave the collector as it was."""
    before = gc.isenabled()
    gc.enable()
    yield
    if not before:
        gc.disable()


def make_much() -> list[list[int]]:
    """Make many more objects than any threshold allows."""
    return [[number] for number in range(200_000)]


def make_garbage_and_work(deleted_on: list[int]) -> list[list[int]]:
    """Leave garbage and have another thread make objects that stay, as reading history does."""
    Cycle(deleted_on)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(make_much).result()


def test_another_thread_would_delete_it() -> None:
    """Why it is needed: what the next test holds is not so by itself."""
    deleted_on: list[int] = []
    make_garbage_and_work(deleted_on)
    assert deleted_on
    assert threading.get_ident() not in deleted_on


@pytest.mark.requirement("GUI-THREAD")
def test_it_is_deleted_on_the_gui_thread(qtbot: QtBot) -> None:
    deleted_on: list[int] = []
    collector = GuiCollector()
    made = make_garbage_and_work(deleted_on)
    assert made
    assert deleted_on == []
    qtbot.waitUntil(lambda: bool(deleted_on), timeout=3_000)
    assert deleted_on == [threading.get_ident()]
    collector.deleteLater()


@pytest.mark.requirement("GUI-THREAD")
@pytest.mark.parametrize(
    ("counts", "collected"),
    [
        ((700, 99, 99), []),
        ((701, 10, 99), [0]),
        ((701, 11, 10), [1]),
        ((701, 11, 11), [2]),
    ],
)
def test_older_objects_are_looked_through_as_python_would(
    monkeypatch: pytest.MonkeyPatch, counts: tuple[int, int, int], collected: list[int]
) -> None:
    """Else what lives a while and is garbage then would never be deleted."""
    found: list[int] = []
    monkeypatch.setattr(collecting.gc, "get_count", lambda: counts)
    monkeypatch.setattr(collecting.gc, "get_threshold", lambda: (700, 10, 10))
    monkeypatch.setattr(collecting.gc, "collect", found.append)
    collect_what_is_due()
    assert found == collected
