"""The frame of a page that is a list with a pane beside it: header, banners, list, foot.

Under 860 px the pane takes the place of the list, so that neither is squeezed; closing it brings
the list back where it was.
"""

from typing import Final

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.gui.forms.focus import leave
from keyturn.gui.forms.outcome import PageNote
from keyturn.gui.forms.side_pane import WIDTH, SidePane
from keyturn.gui.forms.table import RowTable
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import EDGE, NONE, column, least_height, pane, row
from keyturn.gui.widgets.notices import EmptyState
from keyturn.gui.widgets.pane_split import PaneSplit
from keyturn.gui.widgets.scroll_pane import ScrollPane
from keyturn.gui.widgets.text import Text
from keyturn.presentation.cells import Notice
from keyturn.presentation.marks import Icon, Role

_HEADER: Final = 56
_STRIP: Final = 36
_BESIDE_FROM: Final = 860
_LEAST_LIST: Final = 480
_LEAST_SIDE: Final = 320
_UNBOUNDED: Final = 16_777_215


class Strip(QFrame):
    """A line of facts under the header."""

    def __init__(self, look: Look, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setProperty("surface", "panel")
        self.setProperty("edge", "bottom")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.line = row(self, (16, EDGE, 16, 0), gap=16)
        least_height(self, look.theme, _STRIP)


class NoticeBar(QFrame):
    """A sentence over the whole width in the tint of its role; wraps where there is no room."""

    action_pressed = Signal()

    def __init__(self, look: Look, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._role = Role.INFO
        self.setObjectName(name)
        self._icon = IconLabel(look, Icon.NOTICE, Token.INFO_FG, 20)
        self._strong = Text(look, Type.BODY_STRONG, wrap=True)
        self._rest = Text(look, Type.BODY, Token.TEXT_SECONDARY, wrap=True)
        self.button = Button(look, Kind.PLAIN, "", name=f"{name}_action")
        self.button.clicked.connect(self.action_pressed)
        texts = column()
        texts.addWidget(self._strong)
        texts.addWidget(self._rest)
        layout = row(self, (16, 8, 16, 8), gap=12)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addLayout(texts, 1)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.hide()

    def show_notice(self, notice: Notice | None) -> None:
        """Show a notice, or none."""
        self.setVisible(notice is not None)
        if notice is None:
            return
        self._role = notice.role
        attention = notice.role is Role.WARNING
        icon = Icon.ATTENTION if attention else Icon.NOTICE
        self._icon.use(icon, self._look.theme.role_token(notice.role))
        self._strong.say(notice.strong)
        self._rest.say(notice.rest)
        self._rest.setVisible(bool(notice.rest))
        self.button.say(notice.action)
        self.button.setVisible(bool(notice.action))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Fill with the role's tint."""
        theme = self._look.theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.role_tint(self._role))
        edge = QRectF(0, self.height() - 1, self.width(), 1)
        painter.fillRect(edge, theme.colour(Token.BORDER_SUBTLE))


class FootLine(QFrame):
    """A sentence under the list, and a button that leads to what it is about."""

    def __init__(
        self, look: Look, *, name: str, button: str, action: str, parent: QWidget | None = None
    ) -> None:
        """`button` is the button's object name, `action` the words on it."""
        super().__init__(parent)
        self.setObjectName(name)
        self.setProperty("surface", "raised")
        self.setProperty("edge", "top")
        self.text = Text(look, Type.NOTE, Token.TEXT_PRIMARY, wrap=True)
        self.open = Button(look, Kind.PLAIN, action, name=button)
        layout = row(self, (16, 8, 16, 8), gap=12)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.open)


class ListPage(QFrame):
    """Title, what stands under it, a table or what an empty page says, and a pane beside."""

    def __init__(
        self,
        look: Look,
        table: RowTable,
        *,
        name: str,
        title: str,
        empty_icon: Icon,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.look = look
        self.table = table
        self._side: QWidget | None = None
        self.setObjectName(f"{name}_page")
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.header = pane("panel", edge="bottom", name=f"{name}_header")
        least_height(self.header, look.theme, _HEADER)
        self.header_line = row(self.header, (16, EDGE, 16, 0), gap=8)
        self.title = Text(look, Type.TITLE)
        """Where the focus rests when what had it is gone: no button, so no key decides."""
        self.title.say(title)
        self.title.setProperty("ring", False)
        self.header_line.addWidget(self.title)
        self.header_line.addSpacing(8)
        self.above = column()
        self.below = column()
        self.empty = EmptyState(look, empty_icon)
        self._left = QWidget()
        self.split = PaneSplit(
            look, self, name=f"{name}_split", spoken=look.words("forms.pane_width"), leading=False
        )
        self.split.moved.connect(self._arrange)
        self._sides = row(self)
        self._build()
        self.note = PageNote(look, self._left, self.title, self.below)
        self.setFocusProxy(table)

    def show_side(self, side: QWidget | None) -> None:
        """Open a pane beside the list, or close the one that is open."""
        if self._side is not None and self._side is not side:
            leave(self._side, self.title)
            self._side.hide()
            if isinstance(self._side, SidePane):
                # Opened anew, it says nothing of what was done before.
                self._side.outcome.begin()
        self._side = side
        if side is not None:
            if self._sides.indexOf(side) < 0:
                self._sides.addWidget(side)
            side.show()
        self._arrange()

    @property
    def side(self) -> QWidget | None:
        """Return the pane that is open."""
        return self._side

    def show_empty(self, empty: bool) -> None:
        """Show the table, or what the page says without rows."""
        leave(self.table if empty else self.empty, self.title)
        self.table.setVisible(not empty)
        self.empty.setVisible(empty)
        self._lead_focus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the pane beside the list or in its place."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Grow with the text."""
        if event.type() is QEvent.Type.StyleChange:
            self._arrange()
        super().changeEvent(event)

    def _build(self) -> None:
        # With large text in a low window notices and list scroll as one; else the list alone does.
        scroll = ScrollPane("panel", NONE)
        scroll.body.addLayout(self.above)
        scroll.body.addWidget(self.table, 1)
        scroll.body.addWidget(self.empty, 1)
        scroll.body.addLayout(self.below)
        inside = column(self._left)
        inside.addWidget(self.header)
        inside.addWidget(scroll, 1)
        self.empty.hide()
        self._sides.addWidget(self._left, 1)

    def _arrange(self) -> None:
        beside = self.width() >= self.look.theme.tall(_BESIDE_FROM)
        side = self._side
        self._left.setVisible(side is None or beside)
        self.table.spare_columns(side is not None and beside)
        self.split.setVisible(side is not None and beside)
        self._lead_focus()
        if side is None:
            return
        if beside:
            side.setFixedWidth(self._side_width(side))
        else:
            side.setMinimumWidth(0)
            side.setMaximumWidth(_UNBOUNDED)

    def _lead_focus(self) -> None:
        """Have whoever comes to the page land in what is shown: what is hidden takes no keys."""
        side = self._side
        if side is not None and self._left.isHidden():
            self.setFocusProxy(side.rest if isinstance(side, SidePane) else side)
        else:
            self.setFocusProxy(self.title if self.table.isHidden() else self.table)

    def _side_width(self, side: QWidget) -> int:
        tall = self.look.theme.tall
        most = self.width() - tall(_LEAST_LIST)
        return self.split.width_of(
            side, usual=tall(WIDTH), least=min(tall(_LEAST_SIDE), most), most=most
        )
