"""Owns what one cell of a list says: words, a picture, whose words they are."""

from dataclasses import dataclass

from keyturn.presentation.marks import Icon, IconText, Role

ANY = "*"
"""Stands for every name in a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell; a text of an agent or server is given as received."""

    text: str
    note: str = ""
    """A quieter second line."""
    icon: Icon | None = None
    role: Role = Role.NEUTRAL
    exact: bool = False
    """A name as it is sent, not a word of ours."""
    strong: bool = False
    lamps: str | None = None
    """Letters of the lit lamps, drawn instead of the text; None for a cell without lamps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One row of a list: its id, and a cell a column."""

    row_id: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something that is asked once more, in the page, before it is done."""

    text: str
    go: str
    """Words on the button that does it."""
    keep: str
    """Words on the button that leaves everything as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A banner: one sentence in two weights, with at most one button."""

    strong: str
    rest: str
    role: Role
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Something that the command line asked for and that only a person can grant."""

    name: str
    strong: str
    rest: str
    accept: str
    drop: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameChoice:
    """One name in a list to choose from; `ANY` stands for all of them."""

    name: str
    text: str
    """As shown: hidden characters marked, too long names counted."""


def marked(said: IconText) -> Cell:
    """Return a cell with an icon and a word in the colour of its role."""
    return Cell(text=said.text, icon=said.icon, role=said.role)
