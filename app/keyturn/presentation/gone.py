"""Words what a window says whose broker is gone: agents are refused, since when, what helps."""

from dataclasses import dataclass
from datetime import datetime

from keyturn.presentation.relative_time import clock_text
from keyturn.presentation.topbar import ProtectionState, TopBarView
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LONGEST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneBroker:
    """The screen in the place of all others."""

    title: str
    body: str
    log: str
    """Where the log is, for who cannot have it opened."""
    restart: str
    open_log: str
    close: str


def gone_broker(since: datetime, log: str, words: Words) -> GoneBroker:
    """Return what it says; `since` is when the broker was heard last, in local time."""
    return GoneBroker(
        title=words("gone.title"),
        body=words("gone.body", time=clock_text(since)),
        log=words("gone.log", path=shown_line(log, words, most=_LONGEST)),
        restart=words("gone.restart"),
        open_log=words("gone.open_log"),
        close=words("gone.close"),
    )


def gone_top_bar(words: Words) -> TopBarView:
    """Return the top bar, and with it the tray and the title, of such a window."""
    return TopBarView(
        state=ProtectionState.PROBLEM,
        state_text=words("gone.state"),
        problem=words("gone.title"),
    )
