"""Shows the beginning of a value where there is room for no more, and says how much is left out.

Only lists do this, never a card: what is left out is counted in words in another face, so that it
cannot be taken for the value, and the whole stands in the pane that the row opens.
"""

from PySide6.QtGui import QFontMetricsF

from keyturn.gui.look import Look
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import phrase, plain_runs
from keyturn.gui.theme import Appearance, Token, Type, TypeStyle

_Wanted = tuple[str, int, TypeStyle, int, int, bool, tuple[Appearance, int]]
MOST_ROWS = 64
"""Rows that stay laid out: more than a screenful."""
_LEAST = 4
"""Characters that are shown however little room there is."""


def fitted(
    look: Look, text: str, style: TypeStyle, width: int, *, lines: int = 1, brief: bool = False
) -> TextFlow:
    """Return `text` laid out in at most `lines` lines of `width` px.

    Of a text that would need letters of less than a pixel the whole is not even tried: an agent may
    write megabytes, and a list is painted again every second.
    `brief` says "+28" instead of "+ 28 characters", for the narrow columns of a table.
    """
    if len(text) <= max(_LEAST, lines * width):
        flow = TextFlow(plain_runs(text, look.words, one_line=True), style, look.theme)
        if flow.lay_out(width).line_count <= lines:
            return flow
    letter = QFontMetricsF(look.theme.font(style)).averageCharWidth() or 1.0
    kept = max(_LEAST, int(lines * width / letter))
    while True:
        left_out = len(text) - kept
        rest = f"+{left_out}" if brief else look.words("fitting.more", n=left_out)
        runs = (
            *plain_runs(text[:kept], look.words, one_line=True),
            phrase(f" {rest}", Type.CAPTION, Token.TEXT_TERTIARY),
        )
        flow = TextFlow(runs, style, look.theme)
        if flow.lay_out(width).line_count <= lines or kept <= _LEAST:
            return flow
        kept -= max(1, kept // 12)


class KeptFlows:
    """What a list has laid out: it is asked for the same texts again at every scroll and second."""

    def __init__(self, look: Look, most: int) -> None:
        """At most `most` are kept."""
        self._look = look
        self._most = most
        self._kept: dict[_Wanted, TextFlow] = {}

    def fitted(
        self, text: str, style: TypeStyle, width: int, *, lines: int = 1, brief: bool = False
    ) -> TextFlow:
        """Return what `fitted` returns, laid out once as long as theme and text size stay."""
        theme = self._look.theme
        # Of megabytes no more is kept than can be shown; how many there are stands beside it.
        begins = text[: max(_LEAST, lines * width)]
        look = (theme.appearance, theme.line(style))
        key = (begins, len(text), style, width, lines, brief, look)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= self._most:
                self._kept.clear()
            found = fitted(self._look, text, style, width, lines=lines, brief=brief)
            self._kept[key] = found
        return found


class RowFlows:
    """What rows of a list have laid out, by row; the oldest goes when there are many.

    A row is laid out to be measured, and again once it is painted long after: all that ten
    megabytes are laid out in would take a thousand of memory.
    """

    def __init__(self) -> None:
        self._flows: dict[int, TextFlow] = {}

    def get(self, row: int) -> TextFlow | None:
        """Return what a row has, if it still does."""
        return self._flows.get(row)

    def put(self, row: int, flow: TextFlow) -> TextFlow:
        """Keep a row's flow, and return it."""
        if len(self._flows) >= MOST_ROWS:
            del self._flows[next(iter(self._flows))]
        self._flows[row] = flow
        return flow

    def clear(self) -> None:
        """Keep none: theme, text size or rows are others."""
        self._flows.clear()
