"""A small graph of which servers fed a call: sources at the left, the call at the right."""

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type, TypeStyle
from keyturn.gui.widgets.layouts import EDGE, clear, column, row
from keyturn.gui.widgets.text import LONGEST, Text, ValueText
from keyturn.presentation.flow_graph import FlowGraph, FlowSource

_BETWEEN: Final = 48
_NARROW_BETWEEN: Final = 20
_ARROW: Final = 5.0


class _Node(QFrame):
    """One server's tool in a box; untrusted ones have an edge that says so, and words."""

    def __init__(self, look: Look, *, warns: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._warns = look, warns
        self.lines = column(self, (8, 8 - EDGE, 8, 8 - EDGE))

    def add(self, text: str, style: TypeStyle, token: Token) -> None:
        """Add a line of our own words."""
        line = Text(self._look, style, token, wrap=True)
        line.say(text)
        self.lines.addWidget(line)

    def name(self, text: str) -> None:
        """Add a name as a server has it."""
        line = ValueText(self._look, Type.VALUE, most=LONGEST)
        line.say(text)
        self.lines.addWidget(line)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the box and its edge."""
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = Token.WARNING_FG if self._warns else Token.BORDER_CONTROL
        painter.setPen(QPen(theme.colour(edge), 1))
        painter.setBrush(theme.colour(Token.SURFACE_RAISED))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5.5, 5.5)


class FlowGraphView(QWidget):
    """The graph; hidden where nothing is traced."""

    def __init__(self, look: Look, parent: QWidget | None = None, *, narrow: bool = False) -> None:
        super().__init__(parent)
        self._look = look
        self._graph: FlowGraph | None = None
        self._sources: list[tuple[_Node, bool]] = []
        self._target: _Node | None = None
        self._layout = column(self, (0, 0, 0, 8), gap=8)
        self._between = _NARROW_BETWEEN if narrow else _BETWEEN
        self.setObjectName("flow_graph")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.hide()

    def show_graph(self, graph: FlowGraph | None) -> None:
        """Show a graph; the same one again changes nothing."""
        if graph == self._graph:
            return
        self._graph = graph
        clear(self._layout)
        self._sources, self._target = [], None
        if graph is not None:
            self._fill(graph)
        self.setVisible(graph is not None)
        self.updateGeometry()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw a line from each source to the call; those of untrusted text are whole."""
        if self._target is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        end = self._edge(self._target, right=False)
        for node, untrusted in self._sources:
            token = Token.WARNING_FG if untrusted else Token.TEXT_TERTIARY
            style = Qt.PenStyle.SolidLine if untrusted else Qt.PenStyle.DotLine
            painter.setPen(QPen(self._look.theme.colour(token), 1.5, style))
            begin = self._edge(node, right=True)
            middle = (begin.x() + end.x()) / 2
            path = QPainterPath(begin)
            path.cubicTo(QPointF(middle, begin.y()), QPointF(middle, end.y()), end)
            painter.drawPath(path)
            painter.setPen(QPen(self._look.theme.colour(token), 1.5))
            painter.drawLine(end, end + QPointF(-_ARROW, -_ARROW))
            painter.drawLine(end, end + QPointF(-_ARROW, _ARROW))

    def _edge(self, node: QWidget, *, right: bool) -> QPointF:
        corner = node.mapTo(self, node.rect().topLeft())
        return QPointF(corner.x() + (node.width() if right else 0), corner.y() + node.height() / 2)

    def _fill(self, graph: FlowGraph) -> None:
        title = Text(self._look, Type.LABEL, Token.TEXT_SECONDARY)
        title.say(self._look.words("flows.title"))
        self.setAccessibleName(graph.spoken)
        self._layout.addWidget(title)
        place = QWidget()
        both = row(place, gap=self._between)
        sources = column(gap=8)
        self._sources = [(self._source(one, place), one.untrusted) for one in graph.sources]
        for node, _ in self._sources:
            sources.addWidget(node)
        if graph.rest:
            rest = Text(self._look, Type.NOTE, Token.TEXT_TERTIARY)
            rest.say(graph.rest)
            sources.addWidget(rest)
        self._target = _Node(self._look, warns=False, parent=place)
        self._target.name(graph.target)
        both.addLayout(sources, 3)
        both.addWidget(self._target, 2, Qt.AlignmentFlag.AlignVCenter)
        self._layout.addWidget(place)

    def _source(self, source: FlowSource, parent: QWidget) -> _Node:
        node = _Node(self._look, warns=source.untrusted, parent=parent)
        node.name(source.name)
        node.add(source.gave, Type.NOTE, Token.TEXT_SECONDARY)
        if source.untrusted_words:
            node.add(source.untrusted_words, Type.NOTE, Token.WARNING_FG)
        return node
