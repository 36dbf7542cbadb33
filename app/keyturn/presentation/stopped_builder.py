"""Words the stopped screen: what was sent around the stop, what was refused, how to go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from keyturn.application.console_protocol import StopState
from keyturn.domain.stop_review import LOOK_SECONDS, OPEN_DELIVERIES, is_owed
from keyturn.presentation.card import Chip
from keyturn.presentation.history_builder import HistoryBuilder, RecordedCall
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.relative_time import clock_text, local_time
from keyturn.presentation.stopped import (
    ResumeAgent,
    ResumePanel,
    Stat,
    StoppedView,
    TimelineRow,
)
from keyturn.presentation.words import Words

MOST_ROWS = 12


class Reading(StrEnum):
    """How far the review is known; only what was read whole lets anybody resume."""

    WAITING = "waiting"
    WHOLE = "whole"
    INCOMPLETE = "incomplete"
    """Time ran out."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class AroundTheStop:
    """What the database says of the time around a stop."""

    reading: Reading
    sent: tuple[RecordedCall, ...] = ()
    """Allowed calls of the last minute before it, newest first."""
    moment_utc: str = ""
    """From when on nothing was sent, as far as that can be believed; empty when not known."""


class StoppedBuilder:
    """Makes the view in one language."""

    def __init__(self, words: Words, history: HistoryBuilder) -> None:
        self._words = words
        self._history = history

    def view(
        self,
        stop: StopState,
        around: AroundTheStop,
        *,
        looked_at: frozenset[str],
        carefully: bool,
        resume_chosen: bool,
        rules: int,
        told: str = "",
    ) -> StoppedView:
        """Return the screen for this moment; `told` is why the broker did not resume."""
        since = local_time(stop.since_utc)
        owed = self.owed(stop, around)
        missing = [call for call in owed if call.call not in looked_at]
        held_by = self._held_by(around, missing)
        return StoppedView(
            title=self._words("stopped.title"),
            sentence=self._words(
                "stopped.sentence", time=clock_text(since), trigger=self._trigger(stop)
            ),
            stats=self._stats(stop, around),
            looked_at=self._words("stopped.looked", looked=len(owed) - len(missing), n=len(owed))
            if owed
            else "",
            timeline=self._timeline(stop, around, looked_at),
            resume=ResumePanel(
                sentence=self._words("stopped.resume_sentence"),
                agents=(
                    ResumeAgent(
                        agent=self._words("stopped.all_agents"),
                        chosen=resume_chosen and not held_by,
                        note="",
                        held_by=held_by,
                    ),
                ),
                carefully=carefully,
                rules=rules,
                owed=held_by or told,
            ),
        )

    def owed(self, stop: StopState, around: AroundTheStop) -> list[RecordedCall]:
        """Return the calls that a person has to look at before resuming, newest first."""
        moment = _moment(stop, around)
        return [
            call
            for call in around.sent
            if is_owed(sent_utc=call.ts_utc, tier=call.tier, delivery=call.delivery, moment=moment)
        ]

    def line(self, call: RecordedCall, moment_utc: str) -> str:
        """Return one call of the review as a line of text."""
        row = self._sent_row(call, local_time(moment_utc), owed=True, looked=False)
        outcome = row.outcome.text if row.outcome is not None else ""
        return self._words(
            "stopped.sent_line", time=row.time, text=row.text, note=row.note, outcome=outcome
        )

    def _held_by(self, around: AroundTheStop, missing: Sequence[RecordedCall]) -> str:
        """Return why nobody can resume yet; empty when somebody can."""
        if around.reading is not Reading.WHOLE:
            return self._words(f"stopped.review_{around.reading.value}")
        return self._words("stopped.owed") if missing else ""

    def _trigger(self, stop: StopState) -> str:
        known = ("window", "tray", "shortcut", "command", "file")
        if stop.trigger in known:
            return self._words(f"stopped.by_{stop.trigger}")
        return self._words("stopped.by_other", trigger=stop.trigger)

    def _stats(self, stop: StopState, around: AroundTheStop) -> tuple[Stat, ...]:
        words = self._words
        moment = _moment(stop, around)
        shortly = sum(
            (moment - local_time(call.ts_utc)).total_seconds() <= LOOK_SECONDS
            for call in around.sent
        )
        unknown = sum(call.delivery in OPEN_DELIVERIES for call in around.sent)
        return (
            Stat(value=str(stop.refused_since), words=words("stopped.stat_refused")),
            Stat(value=str(shortly), words=words("stopped.stat_sent")),
            Stat(
                value=str(unknown),
                words=words("stopped.stat_unknown"),
                role=Role.WARNING if unknown else Role.NEUTRAL,
            ),
            Stat(value=str(stop.cards_refused), words=words("stopped.stat_cards")),
        )

    def _timeline(
        self,
        stop: StopState,
        around: AroundTheStop,
        looked_at: frozenset[str],
    ) -> tuple[TimelineRow, ...]:
        words = self._words
        since, moment = local_time(stop.since_utc), _moment(stop, around)
        owed = {call.call for call in self.owed(stop, around)}
        rows = [
            self._sent_row(call, moment, owed=call.call in owed, looked=call.call in looked_at)
            for call in reversed(_listed(around.sent, owed))
        ]
        rows.append(
            TimelineRow(
                row_id="stop",
                time=clock_text(since),
                icon=Icon.STOP,
                role=Role.STOP,
                text=words("stopped.row_stop"),
                note=self._trigger(stop),
                strong=True,
            )
        )
        refused = Chip(
            role=Role.NEUTRAL, icon=Icon.REFUSED, text=words("history.delivery_not_sent")
        )
        if stop.cards_refused:
            rows.append(
                TimelineRow(
                    row_id="cards",
                    time=clock_text(since),
                    icon=Icon.REFUSED,
                    role=Role.NEUTRAL,
                    text=words("stopped.row_cards", n=stop.cards_refused),
                    note=words("stopped.row_cards_note"),
                    outcome=refused,
                )
            )
        if stop.refused_since:
            rows.append(
                TimelineRow(
                    row_id="since",
                    time="",
                    icon=Icon.RETRY,
                    role=Role.NEUTRAL,
                    text=words("stopped.row_since", n=stop.refused_since),
                    note=words("stopped.row_since_note"),
                    outcome=refused,
                )
            )
        return tuple(rows)

    def _sent_row(
        self, call: RecordedCall, moment: datetime, *, owed: bool, looked: bool
    ) -> TimelineRow:
        row = self._history.row(call)
        seconds = max(0, round((moment - local_time(call.ts_utc)).total_seconds()))
        return TimelineRow(
            row_id=call.call,
            time=row.time,
            icon=row.outcome.icon,
            role=row.outcome.role,
            text=self._words("stopped.row_sent", agent=call.agent, tool=row.server_tool),
            note=self._words("stopped.row_sent_note", n=seconds, value=row.decisive),
            outcome=Chip(role=row.outcome.role, icon=row.outcome.icon, text=row.outcome.text),
            looked_at=looked if owed else None,
        )


def _moment(stop: StopState, around: AroundTheStop) -> datetime:
    return local_time(around.moment_utc or stop.since_utc)


def _listed(sent: Sequence[RecordedCall], owed: set[str]) -> list[RecordedCall]:
    """Keep all that is owed, and of the rest the newest few."""
    room = max(0, MOST_ROWS - len(owed))
    kept: list[RecordedCall] = []
    for call in sent:
        if call.call in owed:
            kept.append(call)
        elif room:
            kept.append(call)
            room -= 1
    return kept
