"""A row of the queue has room for what is wanted, however long a language or a name makes it."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from keyturn.gui.look import Look
from keyturn.gui.queue.delegate import QueueDelegate
from keyturn.gui.queue.model import QueueModel
from tests.gui.gallery_data import COUNTS, ROWS

pytestmark = [pytest.mark.gui, pytest.mark.requirement("A1")]
WIDTH = 420
LINES = ("logistics", "logistics hat sich seit der Zustimmung geändert: orders.py und 3 weitere")


def drawn(look: Look, verb: str, *, group: int = 1) -> tuple[int, list[int]]:
    """Return a row's height, and how many pixels each of its lines of pixels has drawn on."""
    model, delegate = QueueModel(), QueueDelegate(look)
    model.show_rows([replace(ROWS[0], verb=verb, age="", notes=(), group_size=group)], COUNTS)
    option = QStyleOptionViewItem()
    option.rect = QRect(0, 0, WIDTH, 40)
    height = delegate.sizeHint(option, model.rows.index(0, 0)).height()
    option.rect = QRect(0, 0, WIDTH, height)
    image = QImage(WIDTH, height, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFF)
    painter = QPainter(image)
    delegate.paint(painter, option, model.rows.index(0, 0))
    painter.end()
    lines = [
        sum(image.pixel(x, y) & 0xFFFFFF != 0xFFFFFF for x in range(44, WIDTH))
        for y in range(height - 1)
    ]
    return height, lines


def test_a_headline_of_two_lines_pushes_the_value_down(look: Look) -> None:
    (short, one), (long, two) = (drawn(look, verb) for verb in LINES)
    assert long > short
    # Every line of text is parted from the next by lines of pixels without any.
    assert bands(two) == bands(one) + 1


@pytest.mark.parametrize("group", [1, 37])
def test_a_headline_without_end_takes_two_lines(look: Look, group: int) -> None:
    height, lines = drawn(look, "run " + "x" * 4000, group=group)
    assert height == drawn(look, LINES[1])[0]
    assert bands(lines) == bands(drawn(look, LINES[1])[1])


def bands(lines: list[int]) -> int:
    """Count the stretches of lines of pixels that something is drawn on."""
    return sum(bool(now) and not before for before, now in zip([0, *lines], lines, strict=False))
