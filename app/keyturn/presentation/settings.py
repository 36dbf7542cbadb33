"""Owns what the settings' screen says: each item with its default and what it weakens."""

from dataclasses import dataclass
from enum import Enum


class SettingControl(Enum):
    """How a setting is changed."""

    SWITCH = "switch"
    NUMBER = "number"
    CHOICE = "choice"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """One setting."""

    key: str
    group: str
    title: str
    explanation: str
    control: SettingControl
    value: str
    default: str
    choices: tuple[str, ...] = ()
    unit: str = ""
    weakens: bool = False
    """The present value protects less than the default."""
