"""Owns what the settings' screen says: each item with its choices, its default, what it is for."""

from dataclasses import dataclass

from keyturn.presentation.card import Pair
from keyturn.presentation.cells import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value that a setting can have."""

    value: str
    """As it is stored."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """One setting."""

    key: str
    title: str
    note: str
    choices: tuple[Choice, ...]
    chosen: str
    default: str
    """Value of the default."""
    default_text: str
    """"Default: System"."""

    @property
    def is_default(self) -> bool:
        """Tell whether there is nothing to take back."""
        return self.chosen == self.default


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRow:
    """Something that is done or found elsewhere."""

    key: str
    title: str
    note: str
    action: str
    question: Question | None = None
    """Asked before it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutRow:
    """Facts about this Keyturn."""

    key: str
    title: str
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PinRow:
    """The PIN: set, changed, and asked for."""

    key: str
    title: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondRow:
    """The second person: named, changed, and taken out."""

    key: str
    title: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakenedRow:
    """What protects less than as Keyturn comes."""

    key: str
    title: str
    note: str


Row = SettingRow | ActionRow | AboutRow | PinRow | SecondRow | WeakenedRow


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSection:
    """Settings of one kind."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPage:
    """The sections that the search leaves; none when nothing is called so."""

    sections: tuple[SettingSection, ...]
    nothing_found: str = ""
