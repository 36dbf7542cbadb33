"""Makes the overview of a broker, and has it say what of the broker itself has failed."""

import asyncio
import logging
import sys
from collections.abc import Callable

from keyturn.application.access_review import AccessReview
from keyturn.application.events import Observers, Topic
from keyturn.application.overview import Overview
from keyturn.application.ports.clock import Clock
from keyturn.application.seals import Seals
from keyturn.bootstrap.foundation import Foundation
from keyturn.bootstrap.sign_ins import SignInsOnDemand
from keyturn.broker.hub import Hub
from keyturn.presentation.relative_time import clock_text, local_time
from keyturn.presentation.words import Words

_log = logging.getLogger(__name__)


def make_overview(
    base: Foundation,
    live: Hub,
    sign_ins: SignInsOnDemand,
    seals: Seals | None,
    access: AccessReview | None,
) -> Overview:
    """Make what a window is shown of a broker."""
    overview = Overview(
        stop=base.stop,
        rules=base.rules,
        agreements=base.agreements,
        registry=base.registry,
        sights=base.sights,
        uses=base.uses,
        live=live,
        secrets=base.secrets,
        holds=base.holds,
        sign_ins=sign_ins,
        environments=base.labelling.environments,
        controls=base.notices.controlling.tools,
        seals=seals,
        access=access,
    )
    overview.noticed_of = base.reviews.noticing.of_server
    overview.log_watch = base.log_watch
    return overview


class Troubles:
    """Hears what failed, and has the window say so: at once, or as soon as there is one again."""

    def __init__(
        self, clock: Clock, observers: Observers, overview: Overview, words: Words
    ) -> None:
        self._clock, self._observers = clock, observers
        self._overview, self._words = overview, words
        self.tell: Callable[[str], None] = lambda _text: None
        """Says a sentence in the window."""
        self._window_gone = ""
        """Since when there was no window, as the clock's `now_utc`; empty while there is one."""

    def task_failed(self, name: str, _error: BaseException) -> None:
        """Say that something which should run as long as the broker does has ended."""
        self._overview.problem = self._words("console.task_failed", name=name)
        self._observers.changed(Topic.HEALTH)

    def window_gave_up(self, sentence: str) -> None:
        """Say at the terminal, where there is one, that the window does not come back."""
        _log.error("the window ended too often and is not started again")
        self._window_gone = self._window_gone or self._clock.now_utc()
        sys.stderr.write(f"keyturn: {sentence}\n")

    def window_comes(self) -> None:
        """Have a window that came back say how long there was none, after its welcome."""
        gone, self._window_gone = self._window_gone, ""
        if gone:
            text = self._words("console.was_away", since=clock_text(local_time(gone)))
            asyncio.get_running_loop().call_soon(self.tell, text)
