"""Writes the one style sheet of the window from the theme's tokens: fills, edges, radii.

Widgets say what they are by dynamic properties (`surface`, `kind`, `state`); no widget has a
sheet of its own. Text, icons and anything inside a row is painted by the widgets themselves.
"""

from string import Template
from typing import Final

from keyturn.gui.theme import Theme, Token

_SHEET: Final = Template("""
QWidget[surface="window"] { background: ${surface_window}; }
QWidget[surface="panel"] { background: ${surface_panel}; }
QWidget[surface="raised"] { background: ${surface_raised}; }
QWidget[surface="selection"] { background: ${selection_bg}; }
QWidget[surface="stopped"] { background: ${stop_solid}; }
QFrame[edge="top"] { border: 0; border-top: 1px solid ${border_subtle}; }
QFrame[edge="right"] { border: 0; border-right: 1px solid ${border_subtle}; }
QFrame[edge="bottom"] { border: 0; border-bottom: 1px solid ${border_subtle}; }
QFrame[edge="over"] { border: 0; border-bottom: 1px solid ${border_control}; }
QFrame[edge="left"] { border: 0; border-left: 1px solid ${border_subtle}; }
QFrame[divider="stopped"] { background: ${stop_on}; border: 0; }
QFrame[divider="true"] { background: ${border_subtle}; border: 0; }

QPushButton {
    background: ${surface_panel}; border: 1px solid ${border_control}; border-radius: 6px;
    outline: 0;
}
QPushButton:hover { background: ${surface_hover}; }
QPushButton:pressed { background: ${surface_hover}; border-color: ${text_secondary}; }
QPushButton[kind="deny"]:hover { background: ${deny_bg}; }
QPushButton[kind="deny"]:pressed { background: ${deny_bg}; border-color: ${deny_fg}; }
QPushButton[kind="soft"] { background: ${surface_hover}; border-color: ${soft_edge}; }
QPushButton[kind="soft"]:hover { border-color: ${border_control}; }
QPushButton[kind="soft"]:pressed { border-color: ${text_secondary}; }
QPushButton[kind="ghost"] { background: transparent; border-color: transparent; }
QPushButton[kind="ghost"]:hover { background: ${surface_hover}; }
QPushButton[kind="ghost"]:pressed {
    background: ${surface_hover}; border-color: ${border_control};
}
QPushButton[kind="link"] { background: transparent; border: 0; border-radius: 4px; }
QPushButton[kind="pill"] {
    background: transparent; border: 1px solid transparent; border-radius: 4px;
}
QPushButton[kind="pill"]:hover, QPushButton[kind="pill"]:checked { background: ${surface_hover}; }
QPushButton[kind="pill"]:checked { border-color: ${soft_edge}; }
QPushButton[kind="primary"] { background: ${accent_solid}; border-color: ${accent_solid}; }
QPushButton[kind="primary"]:hover { border-color: ${accent_on}; }
QPushButton[kind="primary"]:pressed { border: 2px solid ${accent_on}; }
QPushButton[kind="allow"] { background: ${allow_solid}; border-color: ${allow_solid}; }
QPushButton[kind="allow"]:hover { border-color: ${allow_on}; }
QPushButton[kind="allow"]:pressed { border: 2px solid ${allow_on}; }
QPushButton[kind="allow"][state="unarmed"], QPushButton[kind="primary"][state="unarmed"] {
    background: ${surface_raised}; border: 1px solid ${border_control};
}
QPushButton[kind="stop"] { background: transparent; border: 1px solid ${stop_fg}; }
QPushButton[kind="stop"]:hover, QPushButton[kind="stop"]:pressed {
    background: ${stop_solid}; border-color: ${stop_solid};
}
QPushButton[kind="stop"][state="stopped"] { border-color: ${stop_on}; }
QPushButton[kind="stop"][state="stopped"]:hover { background: transparent; border-width: 2px; }
QPushButton[part="leading"] { border-top-right-radius: 0; border-bottom-right-radius: 0; }
QPushButton[part="trailing"] {
    border-top-left-radius: 0; border-bottom-left-radius: 0; border-left: 0;
}

QFrame[field="true"] {
    background: ${surface_panel}; border: 1px solid ${border_control}; border-radius: 6px;
}
QLineEdit {
    background: ${surface_panel}; color: ${text_primary}; border: 1px solid ${border_control};
    border-radius: 6px; padding: 0 10px; selection-background-color: ${accent_solid};
    selection-color: ${accent_on}; placeholder-text-color: ${text_tertiary};
}
QLineEdit[bare="true"] { background: transparent; border: 0; padding: 0; }
QPlainTextEdit {
    background: ${surface_panel}; color: ${text_primary}; border: 1px solid ${border_control};
    border-radius: 6px; padding: 4px; selection-background-color: ${accent_solid};
    selection-color: ${accent_on};
}

QScrollArea, QAbstractItemView { background: transparent; border: 0; outline: 0; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: ${border_control}; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {
    background: transparent; border: 0; width: 0; height: 0;
}

QMenu { background: ${surface_raised}; color: ${text_primary};
    border: 1px solid ${border_control}; padding: 4px; }
QMenu::item { padding: 6px 16px; border-radius: 4px; }
QMenu::item:selected { background: ${surface_hover}; }
QListView#filter_offers { background: ${surface_raised}; color: ${text_primary};
    border: 1px solid ${border_control}; padding: 4px; }
QListView#filter_offers::item { padding: 4px 8px; border-radius: 4px; }
QListView#filter_offers::item:selected { background: ${surface_hover}; color: ${text_primary}; }
QToolTip { background: ${surface_raised}; color: ${text_primary};
    border: 1px solid ${border_control}; padding: 4px; }
""")


def style_sheet(theme: Theme) -> str:
    """Return the sheet for the theme's present values."""
    values = {token.value.replace(".", "_"): theme.colour(token).name() for token in Token}
    # A soft button has a fill and no edge; with high contrast every fill has one.
    edge = Token.BORDER_CONTROL if theme.high_contrast else Token.SURFACE_HOVER
    values["soft_edge"] = theme.colour(edge).name()
    return _SHEET.substitute(values)
