"""Owns what the credentials' screen says: names and uses. A value never comes here."""

from dataclasses import dataclass

from keyturn.presentation.marks import IconText


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRow:
    """One credential of the OS keychain that Keyturn may hand to one server."""

    name: str
    server: str
    ending: str
    """Type and last four characters."""
    tools: str
    last_use: str
    state: IconText
