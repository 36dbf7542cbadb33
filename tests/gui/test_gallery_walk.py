"""Every screen of the gallery can be read, named and reached, in every theme, size and length."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from PySide6.QtWidgets import QAbstractButton, QWidget

from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.theme import Appearance
from keyturn.presentation.words import Words
from tests.gui import gallery_walk as walk
from tests.gui.conftest import RESOURCES, Dresser

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
def hall(dresser: Dresser, look: Look) -> Iterator[walk.Hall]:
    with closing(walk.Hall(dresser, look)) as made:
        yield made


def cards(window: MainWindow) -> list[QWidget]:
    """Return what is decided on as one."""
    found = [window.findChild(QWidget, name) for name in ("card", "group", "review")]
    return [card for card in found if card is not None and card.isVisible()]


@pytest.mark.parametrize("name", walk.WALKED)
def test_everything_has_a_name_a_size_our_colours_and_room(
    hall: walk.Hall, name: str, thorough: int
) -> None:
    # Light comes last, for it is walked in all sizes: each change of colours takes long.
    dark, others = Appearance.DARK, (Appearance.HIGH_CONTRAST, Appearance.LIGHT)
    hall.theme.use(dark)
    window = hall.show(name)
    assert walk.nameless(window) == []
    assert [walk.twins(card) for card in cards(window) if walk.twins(card)] == []
    assert walk.small(window) == []
    assert walk.strange_colours(window, hall.theme) == [], dark
    for appearance in others:
        hall.theme.use(appearance)
        walk.rest()
        assert walk.strange_colours(window, hall.theme) == [], appearance
    # The sizes in between are walked by `--thorough 2`.
    between = [(percent, WIDE) for percent in (125, 150, 175)] if thorough > 1 else []
    for percent, size in (*between, (200, WIDE), (200, LEAST)):
        hall.theme.use(Appearance.LIGHT, text_percent=percent)
        window.resize(*size)
        walk.rest()
        assert window.size().toTuple() == size, percent
        assert walk.cut(window) == [], (percent, size)
        assert walk.beyond(window) == [], (percent, size)
        assert walk.squeezed(window) == [], (percent, size)


@pytest.mark.parametrize("name", walk.WALKED)
def test_german_has_room_at_every_text_size(
    dresser: Dresser, look: Look, name: str, thorough: int
) -> None:
    words = Words(RESOURCES / "translations", "de")
    # At every size by `--thorough 2`.
    sizes = [(100, WIDE), (150, WIDE), (200, WIDE), (200, LEAST)]
    walked = sizes if thorough > 1 else [sizes[0], sizes[-1]]
    found: list[object] = []
    with closing(walk.Hall(dresser, Look(look.theme, look.icons, words))) as hall:
        window = hall.show(name, WIDE)
        for percent, size in walked:
            if (percent, size) != walked[0]:
                hall.theme.use(Appearance.LIGHT, text_percent=percent)
                window.resize(*size)
                walk.rest()
            grown = window.size().toTuple() != size
            wrong = [*walk.cut(window), *walk.beyond(window), *walk.squeezed(window)]
            if wrong or grown:
                found.append((percent, size, grown, wrong))
        twins = [walk.twins(card) for card in cards(window) if walk.twins(card)]
    assert (found, twins) == ([], [])


@pytest.mark.parametrize("name", walk.WALKED)
def test_words_that_are_longer_by_two_fifths_have_room(
    dresser: Dresser, look: Look, name: str
) -> None:
    words = LongWords(RESOURCES / "translations")
    with closing(walk.Hall(dresser, Look(look.theme, look.icons, words))) as hall:
        window = hall.show(name, WIDE)
        assert window.size().toTuple() == WIDE
        assert (walk.cut(window), walk.beyond(window)) == ([], [])


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_decision_row_has_words_on_every_button_in_a_window_of_1280(
    dresser: Dresser, look: Look, language: str
) -> None:
    words = Words(RESOURCES / "translations", language)
    with closing(walk.Hall(dresser, Look(look.theme, look.icons, words))) as hall:
        window = hall.show("queue-parts", WIDE)
        names = ("deny", "deny_with_message", "decide_later", "allow_with_rule")
        buttons = [window.findChild(QAbstractButton, name) for name in names]
        said = [button.text() if button is not None else "" for button in buttons]
        assert said == [words(f"phrases.{name}") for name in names]
