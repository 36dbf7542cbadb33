"""The access review's screen: everything that gives access, what is overdue first."""

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.access.detail import AccessPane
from keyturn.gui.forms.list_page import ListPage, NoticeBar, Strip
from keyturn.gui.forms.table import TWO_LINES, Column, RowTable
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.text import Text
from keyturn.presentation.access import AccessDetail, AccessPage
from keyturn.presentation.marks import Icon

COLUMNS: Final = (
    Column(title="access.what", width=240, share=3),
    Column(title="access.last_used", width=130),
    Column(title="access.since", width=130, spared=True),
    Column(title="access.state", width=140),
)


class AccessView(ListPage):
    """Fed by the presenter; tells it what a person wants."""

    entry_chosen = Signal(str)
    side_closed = Signal()
    back_requested = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        words = look.words
        table = RowTable(
            look, COLUMNS, name="access_table", spoken=words("access.table"), row_height=TWO_LINES
        )
        super().__init__(
            look,
            table,
            name="access",
            title=words("access.title"),
            empty_icon=Icon.AGENT,
            parent=parent,
        )
        self.warning = NoticeBar(look, name="access_overdue")
        self.detail = AccessPane(look)
        self.back = Button(look, Kind.PLAIN, words("access.back"), Icon.BACK, name="access_back")
        self._count = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self.header_line.addWidget(self._count, 1)
        self.header_line.addWidget(self.back)
        strip = Strip(look, name="access_intro")
        intro = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        intro.say(words("access.intro"))
        strip.line.addWidget(intro, 1)
        self.above.addWidget(strip)
        self.above.addWidget(self.warning)
        self.empty.say(words("access.empty_title"), words("access.empty_body"))
        self.table.row_chosen.connect(self.entry_chosen)
        self.detail.close_requested.connect(self.side_closed)
        self.back.clicked.connect(self.back_requested)

    def show_page(self, page: AccessPage) -> None:
        """Show the list and what stands above it."""
        self._count.say(page.summary)
        self.warning.show_notice(page.overdue)
        self.show_empty(not page.rows)
        self.table.show_rows(page.rows)

    def show_detail(self, detail: AccessDetail | None) -> None:
        """Open one thing, or close what is open."""
        if detail is None:
            self.show_side(None)
            self.table.choose("")
            return
        self.detail.show_detail(detail)
        self.show_side(self.detail)
        self.table.choose(detail.row_id)
