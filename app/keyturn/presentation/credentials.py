"""Owns what the credentials' screen says: names and uses. A value never comes here."""

from dataclasses import dataclass
from enum import Enum

from keyturn.presentation.card import Chip, Pair
from keyturn.presentation.cells import ListRow, Notice, Proposal, Question
from keyturn.presentation.marks import IconText


class Keychain(Enum):
    """What the OS keychain says of itself (`SecretStore.status`)."""

    READY = "ready"
    LOCKED = "locked"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsPage:
    """The screen without what is open beside the list."""

    rows: tuple[ListRow, ...]
    summary: str
    keychain: IconText
    proposals: tuple[Proposal, ...]
    notice: Notice | None = None
    """What to do about a keychain that is not ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialDetail:
    """One credential."""

    row_id: str
    server: str
    name: str
    chips: tuple[Chip, ...]
    pairs: tuple[Pair, ...]
    stored: bool
    store: str
    """Words on the button that stores a value."""
    hint: str
    cannot: str
    """Why a value cannot be stored now; empty when it can."""
    remove: Question
