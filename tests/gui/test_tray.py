"""The tray's shapes differ without colour, and its menu asks for what it names, never for more."""

from collections.abc import Iterator
from itertools import combinations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QSystemTrayIcon

from keyturn.gui.look import Look
from keyturn.gui.theme import Appearance
from keyturn.gui.tray import Tray
from keyturn.gui.tray_picture import SIZES, tray_icon, tray_pixmap
from keyturn.presentation.tray import TrayState, TrayView

pytestmark = pytest.mark.gui
BARS = {Appearance.LIGHT: 235, Appearance.DARK: 30}
"""Lightness of the bar that the icon lies on."""


def view(state: TrayState, waiting: int = 0) -> TrayView:
    """Return a tray in one state."""
    return TrayView(
        state=state,
        count=str(waiting) if state is TrayState.WAITING else "",
        tip=f"Keyturn: {state.value}",
        review=f"Review waiting ({waiting})",
        can_review=waiting > 0,
    )


VIEWS = (
    view(TrayState.PROTECTING),
    view(TrayState.WAITING, 3),
    view(TrayState.STOPPED),
    view(TrayState.PROBLEM),
)


def greys(image: QImage, bar: int) -> list[int]:
    """Return what a bar of one lightness shows of the image, without colour."""
    pixels: list[int] = []
    for y in range(image.height()):
        for x in range(image.width()):
            colour = image.pixelColor(x, y)
            share = colour.alphaF()
            red, green, blue = colour.red(), colour.green(), colour.blue()
            grey = 0.299 * red + 0.587 * green + 0.114 * blue
            pixels.append(round(share * grey + (1 - share) * bar))
    return pixels


def outline(image: QImage) -> set[tuple[int, int]]:
    """Return the pixels that are drawn at all."""
    return {
        (x, y)
        for y in range(image.height())
        for x in range(image.width())
        if image.pixelColor(x, y).alpha() > 96
    }


@pytest.fixture
def tray(look: Look) -> Iterator[Tray]:
    """Return a tray."""
    made = Tray(look)
    yield made
    made.close()


@pytest.mark.parametrize("appearance", BARS)
def test_any_two_states_differ_in_greyscale_at_16_px(look: Look, appearance: Appearance) -> None:
    images = [tray_pixmap(look.icons, v, appearance, 16).toImage() for v in VIEWS]
    for one, other in combinations(images, 2):
        bar = BARS[appearance]
        pairs = zip(greys(one, bar), greys(other, bar), strict=True)
        assert sum(abs(a - b) > 48 for a, b in pairs) > 32
        assert len(outline(one) ^ outline(other)) > 24


@pytest.mark.requirement("N6")
def test_what_the_bar_is_handed_differs_in_grey_at_16_px_state_by_state(tray: Tray) -> None:
    icons = [icon_of(tray, shown) for shown in VIEWS]
    for one, other in combinations(icons, 2):
        for bar in BARS.values():
            pairs = zip(greys(one, bar), greys(other, bar), strict=True)
            assert sum(abs(a - b) > 48 for a, b in pairs) > 32
        assert len(outline(one) ^ outline(other)) > 24
    # And back: nothing of the state before is left in it.
    assert icon_of(tray, VIEWS[0]) == icons[0]


def icon_of(tray: Tray, shown: TrayView) -> QImage:
    """Have a state shown, and return what the system's own icon then draws at 16 px, in grey."""
    tray.show_view(shown)
    (system,) = tray.findChildren(QSystemTrayIcon)
    image = system.icon().pixmap(QSize(16, 16), 1.0).toImage()
    assert image.size() == QSize(16, 16)
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    grey.setAlphaChannel(image.convertToFormat(QImage.Format.Format_Alpha8))
    return grey


@pytest.mark.parametrize("appearance", BARS)
@pytest.mark.parametrize("shown", VIEWS, ids=lambda v: v.state.value)
def test_every_shape_stands_out_from_its_bar(
    look: Look, appearance: Appearance, shown: TrayView
) -> None:
    bar = BARS[appearance]
    image = tray_pixmap(look.icons, shown, appearance, 16).toImage()
    assert sum(abs(grey - bar) > 60 for grey in greys(image, bar)) > 20


def test_the_number_is_seen(look: Look) -> None:
    images = [
        tray_pixmap(look.icons, view(TrayState.WAITING, n), Appearance.LIGHT, 16).toImage()
        for n in (1, 2, 8)
    ]
    assert len({bytes(image.constBits()) for image in images}) == 3


def test_there_is_a_picture_in_every_size(look: Look) -> None:
    icon = tray_icon(look.icons, VIEWS[0], Appearance.DARK)
    assert sorted(size.width() for size in icon.availableSizes()) == list(SIZES)


def test_it_says_its_state_in_words(tray: Tray) -> None:
    tray.show_view(VIEWS[1])
    assert tray.tip == "Keyturn: waiting"
    assert tray.review.text() == "Review waiting (3)"
    assert tray.review.isVisible()
    tray.show_view(VIEWS[0])
    assert not tray.review.isVisible()


def test_every_entry_asks_for_what_it_names(tray: Tray) -> None:
    asked: list[str] = []
    tray.stop_requested.connect(lambda: asked.append("stop"))
    tray.review_requested.connect(lambda: asked.append("review"))
    tray.open_requested.connect(lambda: asked.append("open"))
    tray.quit_requested.connect(lambda: asked.append("quit"))
    for action in (tray.stop, tray.review, tray.open, tray.quit):
        action.trigger()
    assert asked == ["stop", "review", "open", "quit"]


def test_nothing_in_the_menu_allows(tray: Tray) -> None:
    texts = [action.text().lower() for action in (tray.stop, tray.review, tray.open, tray.quit)]
    assert not any("allow" in text or "resume" in text for text in texts)
