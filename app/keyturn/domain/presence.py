"""A person's presence as the system's own dialog proves it: whether it can, and what came of it.

Pure: the dialog is asked for by an adapter, and what an answer is worth the broker decides.
"""

from enum import StrEnum


class Readiness(StrEnum):
    """Whether the system asks a person, and if not, why not."""

    READY = "ready"
    NO_AUTHORITY = "no_authority"
    """There is no system bus here, or nothing on it that answers."""
    NO_ACTION = "no_action"
    """The action file is not installed."""
    NOT_OWNER = "not_owner"
    """The action file does not name this user, so that the dialog could not say what it is for."""
    ASKS_NOBODY = "asks_nobody"
    """It says yes and asks nobody: that proves nothing."""
    KEEPS = "keeps"
    """It would remember a yes, so that the next one would prove nothing."""
    REFUSES = "refuses"
    """It says no and asks nobody, as to a session that is not in front."""


class PresenceAnswer(StrEnum):
    """What came of one dialog."""

    CONFIRMED = "confirmed"
    DENIED = "denied"
    DISMISSED = "dismissed"
    NO_DIALOG = "no_dialog"
    """Nothing on this desktop shows such dialogs."""
    TAKEN = "taken"
    """Another program would show this window's dialogs in place of the desktop."""
    TIMED_OUT = "timed_out"
    UNAVAILABLE = "unavailable"
    """It went away, or cannot be asked as things are."""
    BUSY = "busy"
    """Another dialog is open: there is one at a time, so that nobody confirms the wrong one."""
    VOID = "void"
    """The request, the window or the stop changed in between."""
    DROPPED = "dropped"
    """The person took it back in the window."""
