"""What is measured once for a text size is measured again at another, and takes other colours."""

from collections.abc import Callable

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from keyturn.gui.look import Look
from keyturn.gui.theme import Appearance, Theme, Token, Type
from keyturn.gui.widgets.buttons import Button, Kind, PillButton
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.gui.widgets.text import Text

pytestmark = pytest.mark.gui
WORDS = "Every word of an answer that goes on for a while, and then for a little longer"
WIDTH = 240


def a_text(look: Look) -> QWidget:
    """Return words of which some have a colour of their own."""
    text = Text(look, Type.BODY, wrap=True)
    text.say_pieces((WORDS, Type.BODY, Token.ACCENT))
    return text


def a_pill(look: Look) -> QWidget:
    """Return a button whose count has a colour of its own."""
    pill = PillButton(look, "High risk", name="pill")
    pill.say_count(3)
    return pill


MAKERS: tuple[Callable[[Look], QWidget], ...] = (
    a_text,
    a_pill,
    lambda look: Button(look, Kind.PLAIN, "Allow with a rule", name="button"),
    lambda look: ChoiceRow(look, WORDS, "a note", name="row"),
    lambda look: ChoiceRow(look, WORDS, WORDS, name="radio", radio=True),
)


def size(widget: QWidget) -> tuple[int, int]:
    """Return what a layout asks for."""
    tall = widget.heightForWidth(WIDTH) if widget.hasHeightForWidth() else 0
    return max(tall, widget.sizeHint().height()), widget.sizeHint().width()


def colours(image: QImage) -> set[str]:
    """Return every colour that is drawn."""
    return {
        QColor(image.pixel(x, y)).name()
        for x in range(image.width())
        for y in range(image.height())
    }


@pytest.mark.parametrize("make", MAKERS)
def test_it_grows_with_the_text_and_shrinks_again(
    qtbot: QtBot, look: Look, make: Callable[[Look], QWidget]
) -> None:
    widget = make(look)
    qtbot.addWidget(widget)
    small = size(widget)
    look.theme.use(Appearance.LIGHT, text_percent=200)
    large = size(widget)
    assert large[0] > small[0]
    # What does not wrap is as wide as its words.
    assert widget.hasHeightForWidth() or large[1] > small[1]
    look.theme.use(Appearance.DARK, text_percent=100)
    assert size(widget) == small


@pytest.mark.parametrize("make", MAKERS)
def test_it_is_drawn_in_the_colours_in_force(
    qtbot: QtBot, look: Look, make: Callable[[Look], QWidget]
) -> None:
    widget = make(look)
    qtbot.addWidget(widget)
    widget.resize(WIDTH, max(size(widget)[0], 40))
    widget.show()
    widget.grab()
    look.theme.use(Appearance.HIGH_CONTRAST)
    # Nothing of high contrast is as dark as the words of the light theme, but its ground.
    drawn = colours(widget.grab().toImage()) - {look.theme.colour(Token.SURFACE_WINDOW).name()}
    light = Theme(Appearance.LIGHT)
    words = {Token.TEXT_PRIMARY, Token.TEXT_SECONDARY, Token.TEXT_TERTIARY, Token.ACCENT}
    assert not drawn & {light.colour(token).name() for token in words}


def test_a_theme_that_stays_as_it_is_tells_of_nothing() -> None:
    told: list[None] = []
    theme = Theme(Appearance.LIGHT)
    theme.changed.connect(lambda: told.append(None))
    theme.use(Appearance.LIGHT, text_percent=100, reduced_motion=False)
    assert told == []
    theme.use(Appearance.LIGHT, text_percent=125)
    theme.use(Appearance.DARK)
    theme.use(Appearance.DARK, reduced_motion=True)
    assert len(told) == 3
