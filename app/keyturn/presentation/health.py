"""Words what keeps Keyturn from protecting: what it means for calls, since when, the way out."""

from dataclasses import dataclass

from keyturn.application.console_state import HealthState
from keyturn.application.log_watch import RETRY_SECONDS
from keyturn.domain.errors import LogFault
from keyturn.presentation.relative_time import clock_text, local_time
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LONGEST = 400
_FAULTS = {
    LogFault.FULL: "health.full",
    LogFault.BUSY: "health.busy",
    LogFault.READ_ONLY: "health.read_only",
    LogFault.DAMAGED: "health.damaged",
    LogFault.OTHER: "health.other",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, for as long as it is."""

    strong: str
    """What it means."""
    rest: str = ""
    """Since when, why, and the way out."""

    @property
    def spoken(self) -> str:
        """All of it, for readers."""
        return f"{self.strong} {self.rest}".strip()


def problem_of(health: HealthState | None, words: Words) -> Problem | None:
    """Return the worst that is wrong with the broker itself; None when nothing is."""
    if health is None:
        return None
    if not health.recording:
        fault = LogFault(health.fault) if health.fault in set(LogFault) else LogFault.OTHER
        since = health.fault_since
        parts = (
            words("health.since", time=clock_text(local_time(since))) if since else "",
            words(_FAULTS[fault]),
            words("health.again", seconds=words.figure(RETRY_SECONDS, "g")),
        )
        return Problem(strong=words("health.unrecorded"), rest=" ".join(filter(None, parts)))
    if health.problem:
        return Problem(strong=shown_line(health.problem, words, most=_LONGEST))
    return None


def quiet_desktop(words: Words) -> Problem:
    """Return what is said where no notification is seen: which channels speak in its place."""
    return Problem(strong=words("health.quiet"), rest=words("health.quiet_rest"))
