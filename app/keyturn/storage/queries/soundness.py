"""Whether the log still says what was written to it, as a screen asks it."""

from dataclasses import dataclass
from pathlib import Path

from keyturn.storage.verification import Finding, verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Soundness:
    """What one look at the whole log found; see `storage.verification` for what it cannot show."""

    sound: bool
    readable: bool
    """False when nothing can be said."""
    records: int
    """Records that were read."""
    first_bad: int | None
    """Number of the first record that does not hold, when that is known."""


def look_at_log(path: Path) -> Soundness:
    """Check every record, its arguments and its row in the history; takes seconds."""
    found = verify(path, deep=True)
    return Soundness(
        sound=found.code in {Finding.SOUND, Finding.UNKNOWN_KEY},
        readable=found.code is not Finding.UNREADABLE,
        records=found.records,
        first_bad=found.first_bad,
    )
