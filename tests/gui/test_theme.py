"""Every colour can be read on everything it is drawn on, and no colour stands anywhere else."""

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QPalette

from keyturn.gui.style import palette_of
from keyturn.gui.stylesheet import style_sheet
from keyturn.gui.theme import TOKENS, Appearance, Theme, Token
from keyturn.presentation.marks import Role

pytestmark = pytest.mark.gui
GUI = Path(__file__).parents[2] / "app" / "keyturn" / "gui"
SURFACES = (
    Token.SURFACE_WINDOW,
    Token.SURFACE_PANEL,
    Token.SURFACE_RAISED,
    Token.SURFACE_HOVER,
    Token.SELECTION_BG,
)
TINTS = (Token.T2_BG, Token.WARNING_BG, Token.INFO_BG, Token.ALLOW_BG, Token.DENY_BG)
ROLES = ("T0", "T1", "T2", "T3", "ALLOW", "DENY", "WARNING", "INFO", "TRACE")


def luminance(colour: QColor) -> float:
    """Return the relative luminance (WCAG 2.2)."""
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(one: QColor, other: QColor) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def text_pairs() -> list[tuple[Token, Token]]:
    """Return every pair of text and ground that the window draws."""
    plain = (Token.TEXT_PRIMARY, Token.TEXT_SECONDARY, Token.TEXT_TERTIARY, Token.ACCENT)
    pairs = [(text, ground) for text in plain for ground in SURFACES]
    pairs += [(text, ground) for text in plain[:2] for ground in TINTS]
    pairs += [(Token.ACCENT, ground) for ground in (Token.WARNING_BG, Token.INFO_BG, Token.T2_BG)]
    pairs += [(Token.STOP_FG, ground) for ground in SURFACES]
    for role in ROLES:
        foreground = Token[f"{role}_FG"]
        pairs += [(foreground, ground) for ground in (*SURFACES, Token[f"{role}_BG"])]
    for side in ("ADD", "DEL"):
        foreground = Token[f"DIFF_{side}_FG"]
        pairs += [(foreground, Token[f"DIFF_{side}_BG"]), (foreground, Token.SURFACE_PANEL)]
    pairs += [(Token.ACCENT_ON, Token.ACCENT_SOLID), (Token.ALLOW_ON, Token.ALLOW_SOLID)]
    pairs += [(Token.STOP_ON, Token.STOP_SOLID), (Token.SURFACE_PANEL, Token.WARNING_FG)]
    return [*pairs, (Token.SELECTION_TEXT, Token.SELECTION_BG)]


@pytest.mark.parametrize("appearance", Appearance)
def test_text_can_be_read(appearance: Appearance) -> None:
    theme = Theme(appearance)
    wanted = 7.0 if appearance is Appearance.HIGH_CONTRAST else 4.5
    poor = [
        (text, ground)
        for text, ground in text_pairs()
        if ratio(theme.colour(text), theme.colour(ground)) < wanted
    ]
    assert poor == []


@pytest.mark.parametrize("appearance", Appearance)
def test_edges_rings_and_fills_can_be_seen(appearance: Appearance) -> None:
    theme = Theme(appearance)
    seen = (Token.BORDER_CONTROL, Token.FOCUS_RING, Token.ALLOW_SOLID, Token.STOP_SOLID)
    pairs = [(token, ground) for token in (*seen, Token.ACCENT_SOLID) for ground in SURFACES[:3]]
    poor = [p for p in pairs if ratio(theme.colour(p[0]), theme.colour(p[1])) < 3.0]
    assert poor == []


def test_no_file_but_the_theme_holds_a_colour() -> None:
    found = [
        f"{path.relative_to(GUI)}: {match}"
        for path in GUI.rglob("*.py")
        if path.name != "theme.py"
        for match in re.findall(r'#[0-9a-fA-F]{6}\b|"#[0-9a-fA-F]{3}"|rgba?\(\d', path.read_text())
    ]
    assert found == []


def test_every_token_has_three_opaque_values() -> None:
    assert set(TOKENS) == set(Token)
    assert all(re.fullmatch(r"#[0-9a-f]{6}", v) for values in TOKENS.values() for v in values)


@pytest.mark.parametrize("appearance", Appearance)
def test_no_colour_of_the_toolkit_shows_through(appearance: Appearance) -> None:
    theme = Theme(appearance)
    ours = {theme.colour(token).name() for token in Token}
    palette = palette_of(theme)
    for role in QPalette.ColorRole:
        if role in {QPalette.ColorRole.NColorRoles, QPalette.ColorRole.NoRole}:
            continue
        for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Disabled):
            assert palette.color(group, role).name() in ours, role
    assert set(re.findall(r"#[0-9a-f]{6}", style_sheet(theme))) <= ours


def test_every_role_has_a_foreground_and_a_tint() -> None:
    theme = Theme(Appearance.LIGHT)
    for role in Role:
        assert theme.role_colour(role).isValid()
        assert theme.role_tint(role).isValid()
