"""Errors that a person may read: one base, few leaves, each with sentence, cause and mend."""

from enum import StrEnum


class KeyturnError(Exception):
    """Something went wrong that a person can do something about."""

    def __init__(self, sentence: str, *, cause: str = "", mend: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        """What happened, in one sentence."""
        self.cause = cause
        """Why, as far as known; may be empty."""
        self.mend = mend
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
