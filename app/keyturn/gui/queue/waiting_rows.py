"""Owns what waits in the window and the rows that stand for it, in the order of arrival.

A person may have them in another order. They are sorted when that is asked for and then keep their
places; what comes later is appended.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.console_protocol import RequestDetached, RequestShown
from keyturn.domain.tier import Tier
from keyturn.presentation.bursts import Row, Waits, arrange, like
from keyturn.presentation.card import Deadline
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.marks import Role
from keyturn.presentation.queue import QueueCounts, QueueRow, RowNote
from keyturn.presentation.queue_builder import QueueBuilder, RowState
from keyturn.presentation.queue_order import QueueOrder, Sortable, is_sorted, sort_key
from keyturn.presentation.relative_time import duration_text
from keyturn.presentation.words import Words

LEAVES_MS: Final = 5_000
"""So long what a rule decided stays in the list with its word."""


@dataclass(slots=True, kw_only=True)
class WaitingOne:
    """One request that waits, or that a rule has just decided."""

    request: ApprovalRequest
    arrived_ms: int
    deadline: Deadline | None
    like: str
    arrival: int
    """How many arrived before it."""
    number: int
    """Its place among all: the arrival, or what sorting made of that."""
    state: RowState = RowState.WAITING
    revision: int = 1
    row: QueueRow | None = None
    """As built last, for this state and revision; only its age goes on."""
    leaves_at_ms: int | None = None
    """When it goes out of the list; None while it waits."""


class WaitingRows:
    """Keeps what waits; rows are made of it when they are asked for."""

    def __init__(self, words: Words, cards: CardBuilder, now_ms: Callable[[], int]) -> None:
        self._words = words
        self._builder = QueueBuilder(words, cards)
        self._now_ms = now_ms
        self._all: dict[str, WaitingOne] = {}
        self._groups: dict[str, Row] = {}
        self._places: dict[str, int] = {}
        """Where each row came to stand; it stays there while any of it waits."""
        self._arrived = 0
        self._anew: dict[str, tuple[int, int]] = {}
        """Arrivals and places of calls that were taken away to be shown anew, by their ids."""
        self.high_risk_only = False
        self.order = QueueOrder.ARRIVAL
        self.sorted_anew = False
        """The next rows are sorted: a person asked, or the window came up with their order."""

    # ---------------------------------------------------------------- what waits

    def get(self, request_id: str | None) -> WaitingOne | None:
        """Return what waits under an id; None for what has ended."""
        one = self._all.get(request_id or "")
        return one if one is not None and one.leaves_at_ms is None else None

    @property
    def waiting(self) -> list[WaitingOne]:
        """Return what waits, in order."""
        return [one for one in self._all.values() if one.leaves_at_ms is None]

    def add(self, message: RequestShown) -> bool:
        """Take what the broker shows; tell whether it is there in the place of what it was."""
        request, now = message.request, self._now_ms()
        before = self._anew.pop(request.call, None)
        arrival, number = before or (self._arrived, self._arrived)
        self._all[request.id] = WaitingOne(
            request=request,
            arrived_ms=now - message.waited_ms,
            deadline=_deadline_of(message, now),
            like=like(request, RowState.WAITING.name),
            arrival=arrival,
            number=number,
        )
        self._arrived += 1
        return before is not None

    def detach(self, message: RequestDetached) -> WaitingOne | None:
        """Take it that the agent stopped waiting."""
        one = self.get(message.id)
        if one is None:
            return None
        left = self._now_ms() - message.ago_ms
        asked = one.deadline.asked_at_ms if one.deadline is not None else left
        one.deadline = Deadline(asked_at_ms=asked, waits_until_ms=left, stopped_waiting_at_ms=left)
        one.revision += 1
        self._become(one, RowState.STOPPED_WAITING)
        return one

    def put_aside(self, one: WaitingOne) -> None:
        """Say in its row that a person put it aside."""
        if one.state is RowState.WAITING:
            self._become(one, RowState.LATER)

    def end(self, request_id: str, *, by_rule: bool, anew: bool = False) -> WaitingOne | None:
        """Take what has ended out; what a rule decided says so for a while first.

        What is to be shown `anew`, as it is by now, comes back in its place.
        """
        one = self.get(request_id)
        if one is None:
            return None
        if by_rule:
            one.leaves_at_ms = self._now_ms() + LEAVES_MS
            self._become(one, RowState.DECIDED_BY_RULE)
        else:
            del self._all[request_id]
        if anew and one.request.call:
            self._anew[one.request.call] = (one.arrival, one.number)
        return one

    def _become(self, one: WaitingOne, state: RowState) -> None:
        one.state, one.row = state, None
        one.like = like(one.request, state.name)

    # ---------------------------------------------------------------- rows

    def rows(self, *, open_id: str, kept: str) -> list[QueueRow]:
        """Return the rows; `open_id` is the card that is open, `kept` the group that is."""
        now = self._now_ms()
        for id_ in [i for i, one in self._all.items() if _has_left(one, now)]:
            del self._all[id_]
        if self.sorted_anew and self._all:
            self._sort()
        shown = [one for one in self._all.values() if self._is_listed(one)]
        arranged = arrange(
            [Waits(one.request.id, one.request.digest, one.like) for one in shown],
            open_id=open_id,
            kept={kept} if kept else (),
        )
        self._groups = {row.id: row for row in arranged}
        self._places = {
            key: self._places.get(key, self._all[row.ids[0]].number)
            for row, key in ((row, self._key(row)) for row in arranged)
        }
        arranged.sort(key=lambda row: self._places[self._key(row)])
        return [self._row(row, now) for row in arranged]

    @property
    def is_sorted(self) -> bool:
        """Tell whether the rows stand as they would if they were sorted again."""
        keys = sorted(self._places, key=self._places.__getitem__)
        firsts = {self._key(row): self._all[row.ids[0]] for row in self._groups.values()}
        return is_sorted([_sortable(firsts[key]) for key in keys], self.order)

    def counts(self) -> QueueCounts:
        """Return how much waits."""
        waiting = self.waiting
        high = sum(one.request.tier >= Tier.T2 for one in waiting)
        return QueueCounts(waiting=len(waiting), high_risk=high)

    def is_group(self, row_id: str) -> bool:
        """Tell whether a row stands for a group."""
        return row_id in self._groups and self._groups[row_id].group

    def groups(self) -> list[str]:
        """Return the rows that stand for groups, the one with most calls first."""
        groups = [row for row in self._groups.values() if row.group]
        return [row.id for row in sorted(groups, key=lambda row: -len(row.ids))]

    def requests(self, row_id: str) -> list[ApprovalRequest]:
        """Return every request that waits in a row."""
        return [one.request for unit in self.units(row_id) for one in unit]

    def group_of(self, agent: str) -> str:
        """Return the first group of an agent; empty where it has none."""
        groups = (row for row in self._groups.values() if row.group)
        of_agent = (row.id for row in groups if self._all[row.ids[0]].request.agent == agent)
        return next(of_agent, "")

    def units(self, row_id: str) -> list[list[WaitingOne]]:
        """Return what waits in a row, identical calls together; empty for no such row."""
        row = self._groups.get(row_id)
        if row is None:
            return []
        units = ([self.get(id_) for id_ in unit] for unit in row.units)
        found = [[one for one in unit if one is not None] for unit in units]
        return [unit for unit in found if unit]

    def same(self, request_id: str) -> list[WaitingOne]:
        """Return a waiting call and those that are identical to it, oldest first."""
        one = self.get(request_id)
        if one is None:
            return []
        if not one.like:
            return [one]
        alike = (one.like, one.request.digest)
        return [o for o in self.waiting if (o.like, o.request.digest) == alike]

    def _sort(self) -> None:
        """Give everything the number of its place, behind which come those of what arrives."""
        self.sorted_anew = False
        order = self.order
        for one in sorted(self._all.values(), key=lambda each: sort_key(_sortable(each), order)):
            one.number = self._arrived
            self._arrived += 1
        self._places.clear()

    def _key(self, row: Row) -> str:
        """Name a row by what stays the same while any of it waits."""
        one = self._all[row.ids[0]]
        return row.id if row.group or not one.like else f"{one.like} {one.request.digest}"

    def _is_listed(self, one: WaitingOne) -> bool:
        return not self.high_risk_only or one.request.tier >= Tier.T2

    def _row(self, row: Row, now: int) -> QueueRow:
        one = self._all[row.ids[0]]
        seconds = (now - one.arrived_ms) / 1000
        if one.row is None:
            one.row = self._builder.row(
                one.request, age_seconds=seconds, revision=one.revision, state=one.state
            )
        made = replace(one.row, age=duration_text(seconds, self._words))
        if row.group:
            others = self._words("burst.others", n=len(row.units) - 1)
            told = f"{made.decisive} {others}" if len(row.units) > 1 else made.decisive
            spoken = self._words("burst.headline", headline=made.spoken, n=len(row.units))
            return replace(
                made,
                request_id=row.id,
                group_size=len(row.units),
                members=row.ids,
                decisive=told,
                spoken=spoken,
            )
        if len(row.ids) > 1:
            asked = RowNote(text=self._words("burst.asked", n=len(row.ids)), role=Role.WARNING)
            spoken = f"{made.spoken}, {asked.text}"
            return replace(made, notes=(*made.notes, asked), members=row.ids, spoken=spoken)
        return made


def _sortable(one: WaitingOne) -> Sortable:
    waits = one.deadline is not None and one.deadline.stopped_waiting_at_ms is None
    return Sortable(
        arrival=one.arrival,
        tier=one.request.tier,
        agent=one.request.agent,
        ends_ms=one.deadline.waits_until_ms if one.deadline is not None and waits else None,
    )


def _has_left(one: WaitingOne, now_ms: int) -> bool:
    return one.leaves_at_ms is not None and now_ms >= one.leaves_at_ms


def requests_of(ones: Iterable[WaitingOne]) -> list[ApprovalRequest]:
    """Return what they ask."""
    return [one.request for one in ones]


def _deadline_of(message: RequestShown, now_ms: int) -> Deadline | None:
    if message.remaining_ms is None:
        return None
    return Deadline(
        asked_at_ms=now_ms - message.waited_ms,
        waits_until_ms=now_ms + message.remaining_ms,
        ends=message.request.kind is RequestKind.INPUT,
        withholds=message.request.kind is RequestKind.RESULT,
    )
