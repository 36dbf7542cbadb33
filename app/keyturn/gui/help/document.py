"""Makes a page of the help a document in the window's own type, sizes and colours.

Markdown is read by Qt; what it is shown in are the styles of visual.md section 3, set here on
every block, stretch and table. A link is one only where it leads to a page of the help.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFragment,
    QTextFrameFormat,
    QTextLength,
    QTextOption,
    QTextTable,
)

from keyturn.gui.theme import Theme, Token, Type, TypeStyle
from keyturn.presentation.help_pages import HelpPage, linked

_FEATURES: Final = (
    QTextDocument.MarkdownFeature.MarkdownDialectGitHub
    | QTextDocument.MarkdownFeature.MarkdownNoHTML
)
_FIXED: Final = QTextBlockFormat.LineHeightTypes.FixedHeight.value
_HEADINGS: Final = {1: (Type.HEADLINE, 0, 12), 2: (Type.TITLE, 20, 8)}
_LOWEST_HEADING: Final = (Type.BODY_STRONG, 12, 4)
_PARAGRAPH: Final = 12
_LIST_ITEM: Final = 6
_CODE_EDGE: Final = 8
_INDENT: Final = 24
_CELL: Final = 8
SLICE: Final = 60
"""Blocks that are dressed in one turn of the loop."""


def help_document(
    page: HelpPage, theme: Theme, *, width: Callable[[], int], from_right: bool
) -> Generator[None, None, QTextDocument]:
    """Make a page as it is shown, in slices that hold nobody up; it loads nothing from anywhere.

    `width` returns that of the place where it will be shown, in px.
    """
    document = QTextDocument()
    document.setDefaultFont(theme.font(Type.BODY))
    document.setIndentWidth(theme.tall(_INDENT))
    document.setDocumentMargin(0)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    document.setDefaultTextOption(option)
    document.setMarkdown(page.text, _FEATURES)
    writing = QTextCursor(document)
    writing.beginEditBlock()
    for table in _tables(document):
        _dress_table(table, theme, from_right=from_right)
    cells, words = _Cells(document), _WordFormats(theme, page.name)
    for number, block in enumerate(_blocks(document), start=1):
        styled = _style_of(block, is_cell=cells.holds(block))
        _dress_block(block, theme, styled, from_right=from_right)
        _dress_words(block, words, styled.style, is_head=cells.is_head(block))
        if number % SLICE == 0:
            yield
    writing.endEditBlock()
    document.setUndoRedoEnabled(False)
    if document.blockCount() > SLICE:
        yield
        # In a turn of its own: a long table takes as long as all before it.
        document.setTextWidth(width())
        document.documentLayout().blockBoundingRect(document.lastBlock())
        yield
    return document


class _Cells:
    """Where the tables of a document are: read once, for Qt looks each up anew for each cell."""

    def __init__(self, document: QTextDocument) -> None:
        self._all: list[range] = []
        self._heads: list[range] = []
        for table in _tables(document):
            first = table.firstPosition()
            head = table.cellAt(0, table.columns() - 1).lastPosition()
            self._all.append(range(first, table.lastPosition() + 1))
            self._heads.append(range(first, head + 1))

    def holds(self, block: QTextBlock) -> bool:
        """Tell whether a block stands in a table."""
        return any(block.position() in places for places in self._all)

    def is_head(self, block: QTextBlock) -> bool:
        """Tell whether it stands in the first row of one."""
        return any(block.position() in places for places in self._heads)


@dataclass(frozen=True, slots=True)
class _Styled:
    """The style of a block, and how much room is above and below it in px."""

    style: TypeStyle
    above: int
    below: int


def heading_blocks(document: QTextDocument) -> tuple[QTextBlock, ...]:
    """Return the blocks of the headings, in their order."""
    return tuple(block for block in _blocks(document) if block.blockFormat().headingLevel())


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _tables(document: QTextDocument) -> Iterator[QTextTable]:
    frames = document.rootFrame().childFrames()
    return (frame for frame in frames if isinstance(frame, QTextTable))


def _dress_table(table: QTextTable, theme: Theme, *, from_right: bool) -> None:
    form = table.format()
    form.setBorder(1)
    form.setBorderBrush(theme.colour(Token.BORDER_SUBTLE))
    form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    form.setBorderCollapse(True)
    form.setCellPadding(_CELL)
    form.setCellSpacing(0)
    form.setTopMargin(_CELL)
    form.setBottomMargin(_PARAGRAPH + _CELL)
    # Of all the width, its lines would stand a pixel beyond the page.
    form.setWidth(QTextLength(QTextLength.Type.PercentageLength, 99))
    if from_right:
        form.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    table.setFormat(form)


def _dress_block(block: QTextBlock, theme: Theme, styled: _Styled, *, from_right: bool) -> None:
    form = block.blockFormat()
    if not _is_code(block):
        # Between lines of a fixed height there would be gaps in the fill.
        form.setLineHeight(theme.line(styled.style), _FIXED)
    form.setTopMargin(styled.above)
    form.setBottomMargin(styled.below)
    form.setNonBreakableLines(False)
    if _is_code(block):
        form.setBackground(theme.colour(Token.SURFACE_RAISED))
        form.setLeftMargin(0)
        form.setRightMargin(0)
        form.setTextIndent(_CELL)
        form.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    elif from_right:
        form.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    QTextCursor(block).setBlockFormat(form)


def _style_of(block: QTextBlock, *, is_cell: bool) -> _Styled:
    level = block.blockFormat().headingLevel()
    if level:
        style, above, below = _HEADINGS.get(level, _LOWEST_HEADING)
        return _Styled(style, above if block.blockNumber() else 0, below)
    if _is_code(block):
        goes_on = block.next().isValid() and _is_code(block.next())
        begun = block.previous().isValid() and _is_code(block.previous())
        above = 0 if begun else _CODE_EDGE
        return _Styled(Type.VALUE, above, 0 if goes_on else _CODE_EDGE + _PARAGRAPH)
    if is_cell:
        return _Styled(Type.BODY, 0, 0)
    goes_on = bool(block.textList()) and bool(block.next().textList())
    return _Styled(Type.BODY, 0, _LIST_ITEM if goes_on else _PARAGRAPH)


def _is_code(block: QTextBlock) -> bool:
    return block.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence.value)


def _dress_words(
    block: QTextBlock, words: "_WordFormats", style: TypeStyle, *, is_head: bool
) -> None:
    cursor = QTextCursor(block)
    for fragment in _fragments(block):
        form = words.instead_of(fragment.charFormat(), style, quiet=is_head)
        start = fragment.position()
        cursor.setPosition(start)
        cursor.setPosition(start + fragment.length(), QTextCursor.MoveMode.KeepAnchor)
        cursor.setCharFormat(form)


def _fragments(block: QTextBlock) -> list[QTextFragment]:
    """Return the stretches of a block that are alike, before any of them is another."""
    found: list[QTextFragment] = []
    place = block.begin()
    while not place.atEnd():
        found.append(place.fragment())
        place += 1
    return found


class _WordFormats:
    """How words of one page look; made once for all that look alike."""

    def __init__(self, theme: Theme, page: str) -> None:
        self._theme, self._page = theme, page
        self._made: dict[tuple[TypeStyle, Token, str], QTextCharFormat] = {}

    def instead_of(self, was: QTextCharFormat, style: TypeStyle, *, quiet: bool) -> QTextCharFormat:
        """Return the format of words that Markdown gave another; `quiet` is a table's head."""
        token = Token.TEXT_SECONDARY if quiet else Token.TEXT_PRIMARY
        if was.fontFixedPitch():
            style = Type.VALUE
        elif quiet:
            style = Type.LABEL
        elif style is Type.BODY and (was.fontWeight() > style.weight or was.fontItalic()):
            style = Type.BODY_STRONG
        link = was.anchorHref()
        if not link or linked(link, on=self._page) is None:
            link = ""
        return self._format(style, Token.ACCENT if link else token, link)

    def _format(self, style: TypeStyle, token: Token, link: str) -> QTextCharFormat:
        key = (style, token, link)
        if key not in self._made:
            form = self._made[key] = QTextCharFormat()
            form.setFont(self._theme.font(style))
            form.setForeground(self._theme.colour(token))
            if link:
                form.setAnchor(True)
                form.setAnchorHref(link)
                form.setFontUnderline(True)
        return self._made[key]
