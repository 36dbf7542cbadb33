"""The only place with a colour value: tokens, type styles and sizes of the window.

Every widget is handed the theme and asks it when it paints, so a change of theme rebuilds nothing
and moves nothing. Source: visual.md sections 2 to 4; the ratios there are recomputed by a test.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont

from keyturn.presentation.marks import Role


class Appearance(Enum):
    """The three sets of values."""

    LIGHT = 0
    DARK = 1
    HIGH_CONTRAST = 2


class Token(StrEnum):
    """What a colour is for."""

    SURFACE_WINDOW = "surface.window"
    SURFACE_PANEL = "surface.panel"
    SURFACE_RAISED = "surface.raised"
    SURFACE_HOVER = "surface.hover"
    TEXT_PRIMARY = "text.primary"
    TEXT_SECONDARY = "text.secondary"
    TEXT_TERTIARY = "text.tertiary"
    BORDER_SUBTLE = "border.subtle"
    BORDER_CONTROL = "border.control"
    ACCENT = "accent"
    ACCENT_SOLID = "accent.solid"
    ACCENT_ON = "accent.on"
    FOCUS_RING = "focus.ring"
    SELECTION_BG = "selection.bg"
    SELECTION_TEXT = "selection.text"
    T0_FG = "t0.fg"
    T0_BG = "t0.bg"
    T1_FG = "t1.fg"
    T1_BG = "t1.bg"
    T2_FG = "t2.fg"
    T2_BG = "t2.bg"
    T3_FG = "t3.fg"
    T3_BG = "t3.bg"
    ALLOW_FG = "allow.fg"
    ALLOW_BG = "allow.bg"
    ALLOW_SOLID = "allow.solid"
    ALLOW_ON = "allow.on"
    DENY_FG = "deny.fg"
    DENY_BG = "deny.bg"
    STOP_FG = "stop.fg"
    STOP_SOLID = "stop.solid"
    STOP_ON = "stop.on"
    WARNING_FG = "warning.fg"
    WARNING_BG = "warning.bg"
    INFO_FG = "info.fg"
    INFO_BG = "info.bg"
    TRACE_FG = "trace.fg"
    TRACE_BG = "trace.bg"
    DIFF_ADD_FG = "diff.add.fg"
    DIFF_ADD_BG = "diff.add.bg"
    DIFF_DEL_FG = "diff.del.fg"
    DIFF_DEL_BG = "diff.del.bg"


TOKENS: Final = {
    # token: light, dark, high contrast
    Token.SURFACE_WINDOW: ("#f1f2f4", "#0e1013", "#000000"),
    Token.SURFACE_PANEL: ("#ffffff", "#14171b", "#000000"),
    Token.SURFACE_RAISED: ("#f7f8f9", "#1b1f24", "#0a0a0a"),
    Token.SURFACE_HOVER: ("#e8eaee", "#252a31", "#1f1f1f"),
    Token.TEXT_PRIMARY: ("#15181c", "#eceef1", "#ffffff"),
    Token.TEXT_SECONDARY: ("#48505b", "#aeb5bf", "#f2f2f2"),
    Token.TEXT_TERTIARY: ("#5c6570", "#939ba7", "#d6d6d6"),
    Token.BORDER_SUBTLE: ("#dfe2e7", "#292e35", "#8c8c8c"),
    Token.BORDER_CONTROL: ("#7c8591", "#6e7783", "#ffffff"),
    Token.ACCENT: ("#2858d6", "#86a9ff", "#8fd3ff"),
    Token.ACCENT_SOLID: ("#2858d6", "#3d6be5", "#8fd3ff"),
    Token.ACCENT_ON: ("#ffffff", "#ffffff", "#000000"),
    Token.FOCUS_RING: ("#1d4ed8", "#9db9ff", "#ffe600"),
    Token.SELECTION_BG: ("#e3eafc", "#1d2a48", "#002b50"),
    Token.SELECTION_TEXT: ("#15181c", "#eceef1", "#ffffff"),
    Token.T0_FG: ("#4f5965", "#a9b1bc", "#e6e6e6"),
    Token.T0_BG: ("#eceef1", "#23282e", "#000000"),
    Token.T1_FG: ("#0b6480", "#66c7e6", "#8fe3ff"),
    Token.T1_BG: ("#dff2f8", "#10303b", "#000000"),
    Token.T2_FG: ("#a33c06", "#ff9c66", "#ffb27d"),
    Token.T2_BG: ("#fdebdf", "#2e1e16", "#000000"),
    Token.T3_FG: ("#a01464", "#ff86bf", "#ff9ecd"),
    Token.T3_BG: ("#fce6f1", "#3b1830", "#000000"),
    Token.ALLOW_FG: ("#14683a", "#62d28f", "#7df5a8"),
    Token.ALLOW_BG: ("#e0f4e7", "#12301f", "#000000"),
    Token.ALLOW_SOLID: ("#176f3f", "#1f804a", "#7df5a8"),
    Token.ALLOW_ON: ("#ffffff", "#ffffff", "#000000"),
    Token.DENY_FG: ("#a1262c", "#ff9490", "#ffb0ac"),
    Token.DENY_BG: ("#fbe6e6", "#3a1a1c", "#000000"),
    Token.STOP_FG: ("#b4141d", "#ff8c88", "#ff9a96"),
    Token.STOP_SOLID: ("#c3151f", "#d23139", "#ff9a96"),
    Token.STOP_ON: ("#ffffff", "#ffffff", "#000000"),
    Token.WARNING_FG: ("#7a5200", "#f0c257", "#ffe08a"),
    Token.WARNING_BG: ("#fcf1d3", "#2b2413", "#000000"),
    Token.INFO_FG: ("#1f5aa8", "#8dbbff", "#a8ccff"),
    Token.INFO_BG: ("#e4eefb", "#172840", "#000000"),
    Token.TRACE_FG: ("#6331b5", "#c6a9ff", "#dcc8ff"),
    Token.TRACE_BG: ("#efe7fc", "#2c2147", "#1e0f3c"),
    Token.DIFF_ADD_FG: ("#125b33", "#7be0a3", "#7df5a8"),
    Token.DIFF_ADD_BG: ("#ddf3e5", "#12301f", "#00240f"),
    Token.DIFF_DEL_FG: ("#93202a", "#ffa19d", "#ffb0ac"),
    Token.DIFF_DEL_BG: ("#fbe3e4", "#3d1b1e", "#2e0000"),
}

_ROLE_TOKENS: Final = {
    Role.NEUTRAL: (Token.TEXT_SECONDARY, Token.SURFACE_HOVER),
    Role.T0: (Token.T0_FG, Token.T0_BG),
    Role.T1: (Token.T1_FG, Token.T1_BG),
    Role.T2: (Token.T2_FG, Token.T2_BG),
    Role.T3: (Token.T3_FG, Token.T3_BG),
    Role.ALLOW: (Token.ALLOW_FG, Token.ALLOW_BG),
    Role.DENY: (Token.DENY_FG, Token.DENY_BG),
    Role.STOP: (Token.STOP_FG, Token.SURFACE_HOVER),
    Role.WARNING: (Token.WARNING_FG, Token.WARNING_BG),
    Role.INFO: (Token.INFO_FG, Token.INFO_BG),
    Role.TRACE: (Token.TRACE_FG, Token.TRACE_BG),
    Role.ACCENT: (Token.ACCENT, Token.SURFACE_HOVER),
}


class Face(Enum):
    """Whose words they are: ours in Inter (as shipped, see resources/fonts), values in Mono."""

    INTER = "Inter Keyturn"
    MONO = "JetBrains Mono"


@dataclass(frozen=True, slots=True)
class TypeStyle:
    """One line of visual.md section 3; sizes in px at 100 %."""

    face: Face
    size: int
    line: int
    weight: QFont.Weight
    even_figures: bool = True
    """Figures of one width, so that nothing jumps while a number counts."""
    tight: bool = False
    """Set a hundredth of an em closer, as large sizes want it."""


class Type:
    """The type styles by name; nothing is bold, italic or in capitals."""

    DISPLAY: Final = TypeStyle(Face.INTER, 28, 36, QFont.Weight.DemiBold, False, True)
    HEADLINE: Final = TypeStyle(Face.INTER, 20, 28, QFont.Weight.DemiBold, False, True)
    TITLE: Final = TypeStyle(Face.INTER, 15, 24, QFont.Weight.DemiBold)
    TITLE_WRAPPED: Final = TypeStyle(Face.INTER, 15, 20, QFont.Weight.DemiBold)
    BODY_STRONG: Final = TypeStyle(Face.INTER, 13, 20, QFont.Weight.DemiBold)
    BODY: Final = TypeStyle(Face.INTER, 13, 20, QFont.Weight.Normal)
    LABEL: Final = TypeStyle(Face.INTER, 12, 16, QFont.Weight.Medium, False)
    LABEL_STRONG: Final = TypeStyle(Face.INTER, 12, 16, QFont.Weight.DemiBold)
    NOTE: Final = TypeStyle(Face.INTER, 12, 16, QFont.Weight.Normal, False)
    PAIR: Final = TypeStyle(Face.INTER, 12, 20, QFont.Weight.Normal)
    CAPTION: Final = TypeStyle(Face.INTER, 11, 16, QFont.Weight.Normal)
    CAPTION_STRONG: Final = TypeStyle(Face.INTER, 11, 16, QFont.Weight.Medium)
    VALUE_LARGE: Final = TypeStyle(Face.MONO, 15, 24, QFont.Weight.Medium)
    VALUE: Final = TypeStyle(Face.MONO, 12, 20, QFont.Weight.Normal)
    MARK: Final = TypeStyle(Face.MONO, 11, 20, QFont.Weight.Normal)


class Theme(QObject):
    """The values in force: colours by token, fonts by style, heights by text size."""

    changed = Signal()
    """Colours or text size are others now; whoever paints asks again."""

    def __init__(
        self, appearance: Appearance, *, text_percent: int = 100, reduced_motion: bool = False
    ) -> None:
        super().__init__()
        self._appearance = appearance
        self._text_percent = text_percent
        self._reduced_motion = reduced_motion
        self._colours: dict[Token, QColor] = {}
        self._fonts: dict[TypeStyle, QFont] = {}
        self._fill()

    @property
    def appearance(self) -> Appearance:
        """Return which set of values is in force."""
        return self._appearance

    @property
    def text_percent(self) -> int:
        """Return the text size, 100 to 200: what is measured holds until it is another."""
        return self._text_percent

    @property
    def reduced_motion(self) -> bool:
        """Tell whether movement is replaced by words and steps (visual.md section 8)."""
        return self._reduced_motion

    @property
    def high_contrast(self) -> bool:
        """Tell whether every surface and chip gets an edge."""
        return self._appearance is Appearance.HIGH_CONTRAST

    def use(
        self,
        appearance: Appearance,
        *,
        text_percent: int | None = None,
        reduced_motion: bool | None = None,
    ) -> None:
        """Switch; `text_percent` is 100 to 200, None leaves a value as it is."""
        before = (self._appearance, self._text_percent, self._reduced_motion)
        self._appearance = appearance
        if text_percent is not None:
            self._text_percent = min(200, max(100, text_percent))
        if reduced_motion is not None:
            self._reduced_motion = reduced_motion
        if (self._appearance, self._text_percent, self._reduced_motion) == before:
            # To tell of nothing would have every widget measured anew.
            return
        self._fill()
        self.changed.emit()

    def colour(self, token: Token) -> QColor:
        """Return the opaque colour of `token`."""
        return self._colours[token]

    def role_colour(self, role: Role) -> QColor:
        """Return the foreground of a role."""
        return self._colours[_ROLE_TOKENS[role][0]]

    def role_tint(self, role: Role) -> QColor:
        """Return the fill of a role's chip or box."""
        return self._colours[_ROLE_TOKENS[role][1]]

    def role_token(self, role: Role) -> Token:
        """Return the token of a role's foreground."""
        return _ROLE_TOKENS[role][0]

    def font(self, style: TypeStyle) -> QFont:
        """Return the font of `style` at the present text size."""
        found = self._fonts.get(style)
        if found is None:
            found = self._fonts[style] = _font(style, self.tall(style.size))
        return found

    def line(self, style: TypeStyle) -> int:
        """Return the line height of `style` in px at the present text size."""
        return self.tall(style.line)

    def tall(self, pixels: int) -> int:
        """Return a size marked "min", which grows with the text; paddings do not."""
        return round(pixels * self._text_percent / 100)

    def _fill(self) -> None:
        column = self._appearance.value
        self._colours = {token: QColor(values[column]) for token, values in TOKENS.items()}
        self._fonts.clear()


def _font(style: TypeStyle, size: int) -> QFont:
    """Return a font whose letters cannot be taken for others (visual.md section 3)."""
    font = QFont(style.face.value)
    font.setPixelSize(size)
    font.setWeight(style.weight)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if style.face is Face.MONO:
        # Drawn as sent: `!=` and `--` stay two characters, zero is not an O.
        font.setStyleHint(QFont.StyleHint.Monospace)
        font.setFeature(QFont.Tag("calt"), 0)
        font.setFeature(QFont.Tag("liga"), 0)
        font.setFeature(QFont.Tag("zero"), 1)
    elif style.even_figures:
        font.setFeature(QFont.Tag("tnum"), 1)
    if style.tight:
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, -size / 100)
    return font
