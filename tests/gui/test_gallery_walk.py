"""Every screen of the gallery can be read, named and reached, in every theme, size and length."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QWidget

from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.theme import Appearance
from keyturn.presentation.words import Words
from tests.gui import gallery_walk as walk
from tests.gui.conftest import RESOURCES, Dresser
from tests.gui.scenes import let_go

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("A1"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
WIDE = (1280, 720)
LEAST = (640, 480)
LONGER = 0.4


class LongWords(Words):
    """A pseudo-locale: every text is 40 % longer, in letters that no ASCII has."""

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text, longer."""
        text = super().__call__(key, **values)
        more = max(1, round(LONGER * len(text)))
        return text + (" žluťoučký kůň" * (more // 14 + 1))[:more].rstrip()


@pytest.fixture
def hall(dresser: Dresser, look: Look) -> walk.Hall:
    return walk.Hall(dresser, look)


@pytest.fixture
def shown(hall: walk.Hall, request: pytest.FixtureRequest) -> Iterator[MainWindow]:
    window = hall.show(request.param)
    yield window
    let_go(window)


def cards(window: MainWindow) -> list[QWidget]:
    """Return what is decided on as one."""
    found = [window.findChild(QWidget, name) for name in ("card", "group", "review")]
    return [card for card in found if card is not None and card.isVisible()]


each_scene = pytest.mark.parametrize("shown", walk.WALKED, indirect=True)


@each_scene
def test_everything_has_a_name_a_size_and_our_colours(shown: MainWindow, hall: walk.Hall) -> None:
    assert walk.nameless(shown) == []
    assert [walk.twins(card) for card in cards(shown) if walk.twins(card)] == []
    assert walk.small(shown) == []
    for appearance in Appearance:
        hall.theme.use(appearance)
        walk.rest(shown)
        assert walk.strange_colours(shown, hall.theme) == [], appearance


@each_scene
def test_no_words_are_cut_at_any_text_size(shown: MainWindow, hall: walk.Hall) -> None:
    for percent, size in (*((percent, WIDE) for percent in (125, 150, 175, 200)), (200, LEAST)):
        hall.theme.use(Appearance.LIGHT, text_percent=percent)
        shown.resize(*size)
        walk.rest(shown)
        assert shown.size().toTuple() == size, percent
        assert walk.cut(shown) == [], (percent, size)
        assert walk.beyond(shown) == [], (percent, size)


@pytest.mark.parametrize("name", walk.WALKED)
def test_german_has_room_at_every_text_size(dresser: Dresser, look: Look, name: str) -> None:
    words = Words(RESOURCES / "translations", "de")
    hall = walk.Hall(dresser, Look(look.theme, look.icons, words))
    window = hall.show(name)
    found: list[object] = []
    for percent, size in ((100, WIDE), (150, WIDE), (200, WIDE), (200, LEAST)):
        hall.theme.use(Appearance.LIGHT, text_percent=percent)
        window.resize(*size)
        walk.rest(window)
        grown = window.size().toTuple() != size
        if wrong := [*(["grown"] if grown else []), *walk.cut(window), *walk.beyond(window)]:
            found.append((percent, size, wrong))
    twins = [walk.twins(card) for card in cards(window) if walk.twins(card)]
    let_go(window)
    assert (found, twins) == ([], [])


@pytest.mark.parametrize("name", walk.WALKED)
def test_words_that_are_longer_by_two_fifths_have_room(
    dresser: Dresser, look: Look, name: str
) -> None:
    words = LongWords(RESOURCES / "translations")
    hall = walk.Hall(dresser, Look(look.theme, look.icons, words))
    window = hall.show(name)
    window.resize(*WIDE)
    walk.rest(window)
    grown, lost, past = window.size().toTuple() != WIDE, walk.cut(window), walk.beyond(window)
    let_go(window)
    assert (grown, lost, past) == (False, [], [])
