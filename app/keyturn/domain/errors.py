"""Errors that a person may read: one base, few leaves, each with sentence, cause and mend."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Said:
    """An English text of ours and what is put into it, so that a window can say it otherwise.

    The template is its key. It is ours and a literal; the values are anybody's, and text only.
    """

    template: str
    values: Mapping[str, object]

    def __str__(self) -> str:
        """Say it in English: for logs and the command line."""
        return self.template.format_map(self.values) if self.values else self.template


def filled(template: str, /, **values: object) -> Said:
    """Return a text with values: `filled("No server named {name}.", name=name)`."""
    return Said(template, values)


def said_by(fault: Exception) -> Said:
    """Return what an error of the domain says of itself, to be put into a sentence."""
    first = fault.args[0] if fault.args else ""
    return first if isinstance(first, Said) else Said(str(fault), {})


class KeyturnError(Exception):
    """Something went wrong that a person can do something about.

    Of each part a `str` is said as it stands: a sentence of ours without values, or foreign text.
    """

    def __init__(
        self, sentence: str | Said, *, cause: str | Said = "", mend: str | Said = ""
    ) -> None:
        super().__init__(str(sentence))
        self.parts = (sentence, cause, mend)
        """The three below, as they can be said in another language."""
        self.sentence = str(sentence)
        """What happened, in one sentence."""
        self.cause = str(cause)
        """Why, as far as known; may be empty."""
        self.mend = str(mend)
        """What the reader can do about it; may be empty."""

    def __str__(self) -> str:
        """Join sentence, cause and mend into the line that stderr shows."""
        return " ".join(part for part in (self.sentence, self.cause, self.mend) if part)


class ConfigurationError(KeyturnError):
    """A configuration, token or profile file cannot be used as it is."""


class LogFault(StrEnum):
    """What keeps decisions from being recorded, as far as a person can do something about it."""

    FULL = "full"
    BUSY = "busy"
    READ_ONLY = "read_only"
    DAMAGED = "damaged"
    OTHER = "other"


class LogUnavailable(KeyturnError):
    """A decision cannot be recorded, so nothing may be sent."""

    fault: LogFault = LogFault.OTHER


class DamagedDatabase(KeyturnError):
    """The profile's database does not hold what was written to it."""


class SecretStoreUnavailable(KeyturnError):
    """The OS keychain is locked, missing or does not answer."""


class DamagedPin(KeyturnError):
    """What the keychain keeps of a person's PIN is none."""


class PinWanted(KeyturnError):
    """A change lets calls through that take a person's PIN, and came without it."""


class BothWanted(PinWanted):
    """It takes the PINs of two persons."""


class StaleApproval(KeyturnError):
    """What is about to be sent is not what was approved."""


class IllegalTransition(KeyturnError):
    """An approval request was asked to change state in a way the life cycle does not have."""


class AlreadyRunning(KeyturnError):
    """Another broker owns this profile."""


class ServerUnavailable(KeyturnError):
    """An MCP server could not be started or has ended."""
