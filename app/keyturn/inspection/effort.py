"""Owns how much is looked at in one frame of a server before it is too much."""

from dataclasses import dataclass

from keyturn.inspection.secrets import MOST_IN_A_WORKER, MOST_ON_THE_LOOP


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is looked at in one frame before it is too much."""

    candidates: int
    """Of secrets."""
    texts: int
    """Texts and brackets that are read one by one."""
    unseen: int
    """Places that may be unseen."""
    profiled: int
    """Characters of logs, rows, settings and programs."""


ON_THE_LOOP = Effort(candidates=MOST_ON_THE_LOOP, texts=1_500, unseen=4_000, profiled=2_048)
"""A few milliseconds at the very worst."""
IN_A_WORKER = Effort(
    candidates=MOST_IN_A_WORKER, texts=400_000, unseen=2_000_000, profiled=64_000_000
)


class TooMuch(Exception):
    """The frame holds more than is looked at here."""
