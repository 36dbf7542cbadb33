"""Owns what the tray says: one of four states as a shape, its sentence, its menu's words."""

from dataclasses import dataclass
from enum import Enum

from keyturn.presentation.topbar import ProtectionState, TopBarView
from keyturn.presentation.words import Words

_MOST: int = 9


class TrayState(Enum):
    """The four shapes; a stop outweighs a problem, a problem what waits."""

    PROTECTING = "protecting"
    WAITING = "waiting"
    STOPPED = "stopped"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayView:
    """The tray at one moment."""

    state: TrayState
    count: str
    """What stands in the shape of WAITING: "1" to "9", then "9+"; empty otherwise."""
    tip: str
    review: str
    can_review: bool


def tray_view(view: TopBarView, words: Words) -> TrayView:
    """Return the tray for what the top bar says, so that the two never differ."""
    waiting = view.waiting
    state = {
        ProtectionState.STOPPED: TrayState.STOPPED,
        ProtectionState.PROBLEM: TrayState.PROBLEM,
    }.get(view.state, TrayState.WAITING if waiting else TrayState.PROTECTING)
    said = words("tray.tip", state=view.state_text)
    if state is TrayState.WAITING:
        said = words("tray.tip_waiting", n=waiting)
    count = (str(waiting) if waiting <= _MOST else words("tray.many", n=_MOST)) if waiting else ""
    return TrayView(
        state=state,
        count=count if state is TrayState.WAITING else "",
        tip=said,
        review=words("tray.review", n=waiting),
        can_review=waiting > 0,
    )
