"""Words the stopped screen: what was sent around the stop, what was refused, how to go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from keyturn.application.console_protocol import StopState
from keyturn.domain.decision import Delivery
from keyturn.domain.tier import Tier
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

LOOK_SECONDS = 5.0
"""Calls sent so shortly before the stop are looked at before anybody resumes."""
MOST_ROWS = 12
_OPEN = frozenset({"", Delivery.UNKNOWN.value, Delivery.RUNNING.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class AroundTheStop:
    """What the database says of the time around a stop."""

    sent: tuple[RecordedCall, ...]
    """Allowed calls of the last minute before it, newest first."""


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
    ) -> StoppedView:
        """Return the screen for this moment."""
        since = local_time(stop.since_utc)
        owed = self.owed(stop, around)
        missing = [call for call in owed if call.call not in looked_at]
        return StoppedView(
            title=self._words("stopped.title"),
            sentence=self._words(
                "stopped.sentence", time=clock_text(since), trigger=self._trigger(stop)
            ),
            stats=self._stats(stop, around, since),
            looked_at=self._words("stopped.looked", looked=len(owed) - len(missing), n=len(owed))
            if owed
            else "",
            timeline=self._timeline(stop, around, looked_at, since),
            resume=ResumePanel(
                sentence=self._words("stopped.resume_sentence"),
                agents=(
                    ResumeAgent(
                        agent=self._words("stopped.all_agents"),
                        chosen=resume_chosen and not missing,
                        note="",
                        held_by=self._words("stopped.owed") if missing else "",
                    ),
                ),
                carefully=carefully,
                rules=rules,
                owed=self._words("stopped.owed") if missing else "",
            ),
        )

    def owed(self, stop: StopState, around: AroundTheStop) -> list[RecordedCall]:
        """Return the calls that a person has to look at before resuming, newest first."""
        since = local_time(stop.since_utc)
        return [call for call in around.sent if self._is_owed(call, since)]

    def _is_owed(self, call: RecordedCall, since: datetime) -> bool:
        if call.delivery in _OPEN:
            return True
        seconds = (since - local_time(call.ts_utc)).total_seconds()
        return call.tier != Tier.T0.name and seconds <= LOOK_SECONDS

    def _trigger(self, stop: StopState) -> str:
        known = ("window", "tray", "shortcut", "command", "file")
        if stop.trigger in known:
            return self._words(f"stopped.by_{stop.trigger}")
        return self._words("stopped.by_other", trigger=stop.trigger)

    def _stats(self, stop: StopState, around: AroundTheStop, since: datetime) -> tuple[Stat, ...]:
        words = self._words
        shortly = sum(
            (since - local_time(call.ts_utc)).total_seconds() <= LOOK_SECONDS
            for call in around.sent
        )
        unknown = sum(call.delivery in _OPEN for call in around.sent)
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
        since: datetime,
    ) -> tuple[TimelineRow, ...]:
        words = self._words
        owed = {call.call for call in self.owed(stop, around)}
        rows = [
            self._sent_row(call, since, call.call in owed, call.call in looked_at)
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
        self, call: RecordedCall, since: datetime, owed: bool, looked: bool
    ) -> TimelineRow:
        row = self._history.row(call)
        seconds = max(0, round((since - local_time(call.ts_utc)).total_seconds()))
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
