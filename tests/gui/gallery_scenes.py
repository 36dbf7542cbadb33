"""The scenes of the gallery: each builds a window from plain data and grabs it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from keyturn.domain.canonical import JsonObject
from keyturn.gui.fonts import load_fonts
from keyturn.gui.history.detail import RESULT
from keyturn.gui.history.model import HistoryModel
from keyturn.gui.history.view import HistoryView
from keyturn.gui.icons import Icons
from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.gui.queue.model import QueueModel
from keyturn.gui.queue.view import QueueView
from keyturn.gui.servers.model import ServersModel
from keyturn.gui.servers.view import ServersView
from keyturn.gui.stopped.view import StoppedScreen
from keyturn.gui.style import dress
from keyturn.gui.theme import Appearance, Theme
from keyturn.gui.widgets.allow_button import AccessibleAllow
from keyturn.presentation.card import CardView
from keyturn.presentation.queue import QueueRow
from keyturn.presentation.result_controls import done_pairs
from keyturn.presentation.result_controls import kept_text as kept_note
from keyturn.presentation.words import Words
from tests.gui import gallery_data as data
from tests.gui import gallery_more as more
from tests.gui import gallery_signs as signs

LIGHT, DARK = Appearance.LIGHT, Appearance.DARK


class Moment:
    """A clock that stands still until it is told."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


class Studio:
    """The application and what every scene needs of it."""

    def __init__(self, resources: Path, folder: Path, language: str = "en") -> None:
        self.application = QApplication([])
        load_fonts(resources)
        self.theme = Theme(LIGHT)
        words = Words(resources / "translations", language)
        self.look = Look(self.theme, Icons(resources), words)
        self.accessible = AccessibleAllow()
        dress(self.application, self.theme)
        self._folder = folder

    def take(self, window: QWidget, name: str) -> None:
        """Show the window, let it settle, save what it looks like."""
        window.show()
        for _ in range(8):
            self.application.processEvents()
        window.grab().save(str(self._folder / f"{name}.png"))
        window.hide()
        window.deleteLater()


def queue_window(
    studio: Studio, clock: Moment, shown: tuple[CardView, *tuple[QueueRow, ...]] | None = None
) -> tuple[MainWindow, QueueView]:
    """Return a window with the mock-ups' queue in it, and what is `shown` in front of it."""
    model = QueueModel()
    view = QueueView(studio.look, model, clock)
    model.setParent(view)
    card, *rows = shown or (data.CARD,)
    model.show_rows((*rows, *data.ROWS), data.COUNTS)
    model.show_decided(data.DECIDED)
    model.show_card(card)
    window = MainWindow(studio.look, {Page.QUEUE: view})
    window.show_top_bar(data.TOP_BAR)
    return window, view


def settle(studio: Studio, window: QWidget) -> None:
    """Show the window and let its layout come to rest."""
    window.show()
    window.activateWindow()
    for _ in range(8):
        QApplication.processEvents()


def queue_unarmed(studio: Studio, appearance: Appearance, name: str) -> None:
    """Address owed, arming half-way, keyboard focus on the button that confirms."""
    studio.theme.use(appearance)
    clock = Moment(11_000)
    window, view = queue_window(studio, clock)
    settle(studio, window)
    view.watch.arming.window_active(True, 11_000)
    clock.now_ms = 12_000 - 280
    view.watch.ticked.emit()
    view.card.decisive.boxes()[0].confirm_button.setFocus(Qt.FocusReason.TabFocusReason)
    studio.take(window, name)


def queue_armed(studio: Studio, appearance: Appearance, name: str) -> None:
    """Address confirmed, all lines seen, time passed."""
    studio.theme.use(appearance)
    clock = Moment(10_000)
    window, view = queue_window(studio, clock)
    settle(studio, window)
    view.watch.arming.window_active(True, 10_000)
    view.card.value_confirmed.emit("/ship_to/address")
    clock.now_ms = 24_000
    view.watch.ticked.emit()
    studio.take(window, name)


def queue_two_persons(studio: Studio, appearance: Appearance, name: str) -> None:
    """A band over the card, commands among the arguments, and the first of two PINs typed."""
    studio.theme.use(appearance)
    clock = Moment(11_000)
    window, view = queue_window(studio, clock, (more.PRODUCTION_CARD,))
    settle(studio, window)
    view.watch.arming.window_active(True, 11_000)
    view.card.value_confirmed.emit("/ship_to/address")
    view.card.pin.field.setText("1234")
    view.watch.arming.pin_typed(True)
    view.watch.arming.lines_unseen(None)
    clock.now_ms = 24_000
    view.watch.ticked.emit()
    studio.take(window, name)


def queue_secret(studio: Studio, appearance: Appearance, name: str) -> None:
    """Secrets among the arguments that were read before, by this agent and by another."""
    studio.theme.use(appearance)
    window, view = queue_window(studio, Moment(11_000))
    view.card.show_card(more.SECRET_CARD)
    settle(studio, window)
    studio.take(window, name)


def queue_narrow(studio: Studio, appearance: Appearance, name: str) -> None:
    """The same at the least width."""
    studio.theme.use(appearance)
    clock = Moment(18_000)
    window, view = queue_window(studio, clock)
    window.resize(640, 800)
    settle(studio, window)
    view.watch.arming.window_active(True, 18_000)
    clock.now_ms = 18_700
    view.watch.ticked.emit()
    studio.take(window, name)


def held_result(studio: Studio, appearance: Appearance, name: str) -> None:
    """A result that reads like an order, before its agent gets it."""
    studio.theme.use(appearance)
    window, _ = queue_window(studio, Moment(11_000), signs.held(studio.look.words))
    settle(studio, window)
    studio.take(window, name)


def after_a_sign(studio: Studio, appearance: Appearance, name: str) -> None:
    """A call with an argument out of a result that read like an order."""
    studio.theme.use(appearance)
    window, _ = queue_window(studio, Moment(11_000), signs.later(studio.look.words))
    settle(studio, window)
    studio.take(window, name)


def history(studio: Studio, appearance: Appearance, name: str) -> None:
    """Filters, a notice, one denied call open."""
    studio.theme.use(appearance)
    studio.take(history_window(studio), name)


def history_window(studio: Studio) -> MainWindow:
    """Return a window with filters, a notice and one denied call open."""
    model = HistoryModel()
    view = HistoryView(studio.look, model, further=True)
    model.setParent(view)
    model.rows.show_rows(more.HISTORY_ROWS)
    model.show_filters(more.FILTERS)
    model.show_summary(more.SUMMARY)
    model.show_missed(more.MISSED)
    model.show_detail(more.DETAIL)
    window = framed(studio, Page.HISTORY, view)
    window.show_top_bar(more.HISTORY_BAR)
    view.table.choose(0)
    settle(studio, window)
    return window


def kept_text(studio: Studio, appearance: Appearance, name: str) -> None:
    """The whole text of a result that its agent got cut."""
    studio.theme.use(appearance)
    model = HistoryModel()
    view = HistoryView(studio.look, model)
    model.setParent(view)
    model.rows.show_rows(more.HISTORY_ROWS)
    model.show_summary(more.SUMMARY)
    told: JsonObject = {"bytes": 48_112, "cut": True, "kept": 46_080, "masked": 2}
    done = tuple(done_pairs(told, studio.look.words))
    note = kept_note(told, studio.look.words)
    model.show_detail(replace(more.DETAIL, result=done, kept=note))
    window = framed(studio, Page.HISTORY, view)
    window.show_top_bar(more.HISTORY_BAR)
    view.detail.choose_tab(RESULT)
    line = "14:02:11 worker 3 took order SH-20931 from the queue\n"
    view.detail.show_kept(more.DETAIL.number, line * 40)
    settle(studio, window)
    studio.take(window, name)


def review(studio: Studio, appearance: Appearance, name: str) -> None:
    """A changed definition with hidden characters; nothing confirmed yet."""
    studio.theme.use(appearance)
    studio.take(review_window(studio), name)


def review_window(studio: Studio) -> MainWindow:
    """Return a window with a changed definition, of which nothing is confirmed yet."""
    clock = Moment(10_000)
    model = ServersModel()
    view = ServersView(studio.look, model, clock)
    model.setParent(view)
    model.show_tree(more.TREE)
    model.show_review(more.REVIEW)
    view.tree.choose("logistics", "dispatch_order")
    window = framed(studio, Page.SERVERS, view)
    window.show_top_bar(more.REVIEW_BAR)
    settle(studio, window)
    view.review.watch.arming.window_active(True, 10_000)
    clock.now_ms = 14_000
    view.review.watch.ticked.emit()
    return window


def stopped(studio: Studio, appearance: Appearance, name: str) -> None:
    """One call with an unknown outcome, the way back held a third of its second."""
    studio.theme.use(appearance)
    studio.take(stopped_window(studio), name)


def stopped_window(studio: Studio) -> MainWindow:
    """Return a window that is stopped, with the way back held a third of its second."""
    clock = Moment(10_000)
    model = QueueModel()
    queue = QueueView(studio.look, model, clock)
    model.setParent(queue)
    screen = StoppedScreen(studio.look)
    window = MainWindow(studio.look, {Page.QUEUE: queue}, screen)
    screen.show_view(more.STOPPED)
    window.show_top_bar(more.STOPPED_BAR)
    screen.resume.hold.show_share(0.3)
    settle(studio, window)
    return window


def framed(studio: Studio, page: Page, view: QWidget) -> MainWindow:
    """Return a window that shows `view` as `page`, with an empty queue behind it."""
    model = QueueModel()
    queue = QueueView(studio.look, model, Moment(0))
    model.setParent(queue)
    window = MainWindow(studio.look, {Page.QUEUE: queue, page: view})
    window.show_page(page)
    return window


def scene(
    draw: Callable[[Studio, Appearance, str], None], appearance: Appearance, name: str
) -> tuple[str, Callable[[Studio], None]]:
    """Return a named scene."""

    def run(studio: Studio) -> None:
        draw(studio, appearance, name)

    return name, run


SCENES: dict[str, Callable[[Studio], None]] = dict(
    [
        scene(queue_unarmed, DARK, "queue-dark"),
        scene(queue_armed, LIGHT, "queue-light"),
        scene(queue_unarmed, Appearance.HIGH_CONTRAST, "queue-high-contrast"),
        scene(queue_two_persons, LIGHT, "two-persons-light"),
        scene(queue_two_persons, DARK, "two-persons-dark"),
        scene(queue_two_persons, Appearance.HIGH_CONTRAST, "two-persons-high-contrast"),
        scene(queue_secret, LIGHT, "secret-light"),
        scene(queue_secret, DARK, "secret-dark"),
        scene(queue_narrow, LIGHT, "narrow-light"),
        scene(queue_narrow, DARK, "narrow-dark"),
        scene(held_result, LIGHT, "held-result-light"),
        scene(held_result, DARK, "held-result-dark"),
        scene(after_a_sign, LIGHT, "after-a-sign-light"),
        scene(after_a_sign, DARK, "after-a-sign-dark"),
        scene(history, LIGHT, "history-light"),
        scene(history, DARK, "history-dark"),
        scene(kept_text, LIGHT, "kept-text-light"),
        scene(kept_text, DARK, "kept-text-dark"),
        scene(review, LIGHT, "review-light"),
        scene(review, DARK, "review-dark"),
        scene(stopped, DARK, "stopped-dark"),
        scene(stopped, LIGHT, "stopped-light"),
    ]
)

WINDOWS: dict[str, Callable[[Studio], MainWindow]] = {
    "history": history_window,
    "review": review_window,
    "stopped": stopped_window,
}
"""Those that are looked through, too."""
