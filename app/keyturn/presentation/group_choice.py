"""Owns what a person has chosen of a group's table, and what one press on Allow would then allow.

Pure. The order of the rows is frozen when the table opens; whatever changes of what is selected
makes another subject, so that the arming starts from zero (console.md sections 3.2 and 3.4).
"""

from collections.abc import Iterable

from keyturn.domain.canonical import canonical, digest_of
from keyturn.domain.tier import Tier
from keyturn.presentation.arming import ArmingTerms, Subject
from keyturn.presentation.group_table import GroupCall, GroupView


class GroupChoice:
    """The selection in the table of one group that is open."""

    def __init__(self, view: GroupView) -> None:
        """Select for T0 and T1 as many as one press may allow, and nothing that is flagged."""
        self.view = view
        self.calls: tuple[GroupCall, ...] = view.calls
        """In the order on screen."""
        self._selected: dict[str, None] = {}
        self._painted: set[str] = set()
        self._opened: set[str] = set()
        self._revision = 1
        if view.tier < Tier.T2:
            plain = [call for call in self.calls if self.can_select(call) and not call.unlike]
            self._selected = dict.fromkeys(call.request_id for call in plain[: view.most])

    # ---------------------------------------------------------------- what changes it

    def use(self, view: GroupView) -> None:
        """Take the table as it is now; rows keep their places, new ones come below."""
        before = {call.request_id: call for call in self.calls}
        now = {call.request_id: call for call in view.calls}
        old = [now[id_] for id_ in before if id_ in now]
        new = [call for call in view.calls if call.request_id not in before]
        changed = {call.request_id for call in old if call != before[call.request_id]}
        if view.columns != self.view.columns or view.constants != self.view.constants:
            changed |= set(now)
        self.view, self.calls = view, (*old, *new)
        self._painted = (self._painted - changed) & set(now)
        self._opened &= set(now)
        selected = [
            id_
            for id_ in self._selected
            if id_ in now and not (now[id_].unlike and id_ in changed and not before[id_].unlike)
        ]
        if list(self._selected) != selected or changed & set(selected):
            self._revision += 1
        self._selected = dict.fromkeys(selected)

    def toggle(self, request_id: str) -> None:
        """Select a call, or no longer; one that has to be opened first is not selected."""
        call = self._call(request_id)
        if call is None:
            return
        if request_id in self._selected:
            del self._selected[request_id]
        elif self.can_select(call):
            self._selected[request_id] = None
        else:
            return
        self._revision += 1

    def painted(self, request_ids: Iterable[str]) -> None:
        """Note rows that were whole on screen."""
        self._painted |= set(request_ids)

    def opened(self, request_id: str) -> None:
        """Note a call whose own card was read to its end."""
        self._opened.add(request_id)

    # ---------------------------------------------------------------- what follows from it

    def can_select(self, call: GroupCall) -> bool:
        """Tell whether a call can be allowed with others: all of it was, or is, in front of one."""
        if not self.view.most or call.owes:
            return False
        return call.is_whole or call.request_id in self._opened

    def was_opened(self, call: GroupCall) -> bool:
        """Tell whether its own card was read to its end."""
        return call.request_id in self._opened

    def is_selected(self, call: GroupCall) -> bool:
        """Tell whether a press on Allow would allow it."""
        return call.request_id in self._selected

    @property
    def selected(self) -> tuple[GroupCall, ...]:
        """Return what a press on Allow would allow, in the order on screen."""
        return tuple(call for call in self.calls if call.request_id in self._selected)

    @property
    def unseen(self) -> tuple[int, int] | None:
        """Return the first and last selected row that was not on screen, from 1; None: all were."""
        missing = [
            place
            for place, call in enumerate(self.calls, 1)
            if call.request_id in self._selected and call.request_id not in self._painted
        ]
        return (missing[0], missing[-1]) if missing else None

    @property
    def outliers(self) -> tuple[GroupCall, ...]:
        """Return what is flagged."""
        return tuple(call for call in self.calls if call.unlike)

    def fault(self) -> str:
        """Return the key of why nothing can be allowed whatever is seen; empty where it can."""
        if not self.view.most:
            return "burst.never"
        if not self._selected:
            return "burst.none_selected"
        return "burst.many" if len(self._selected) > self.view.most else ""

    def subject(self) -> Subject:
        """Return what an approval would be for: exactly these calls, as they are on screen."""
        chosen = [f"{call.request_id} {call.digest}" for call in self.selected]
        return Subject(self.view.group_id, self._revision, digest_of(canonical([*chosen])))

    def terms(self) -> ArmingTerms:
        """Return what is owed: every selected row on screen; each of T2 was pressed already."""
        return ArmingTerms(tier=self.view.tier, look=True)

    def _call(self, request_id: str) -> GroupCall | None:
        return next((call for call in self.calls if call.request_id == request_id), None)
