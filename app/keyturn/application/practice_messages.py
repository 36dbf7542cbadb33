"""The console protocol about practice: calls of nobody, sent nowhere, to try the window on."""

from enum import StrEnum

import msgspec


class PracticeStep(StrEnum):
    """What is sent to the window."""

    HARMLESS = "harmless"
    TAIL = "tail"
    """One call whose end is out of sight at first."""
    BURST = "burst"


class Practise(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="practise"):
    """Put the calls of a step into the queue; those of a step before it are taken back."""

    n: int
    step: str
    """A `PracticeStep`."""


class EndPractice(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="end_practice"):
    """Take back whatever practice call still waits."""

    n: int


PracticeIntent = Practise | EndPractice
