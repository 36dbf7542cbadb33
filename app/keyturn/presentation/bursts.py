"""Owns which waiting calls stand in one row: identical ones, and groups of like ones.

Pure. The order is that of arrival and never changes; what is open is neither folded into a group
that forms meanwhile nor taken apart when its group shrinks (console.md section 3.4).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.domain.canonical import digest_of
from keyturn.domain.client_request import TOOLS_CALL

LEAST: Final = 4
"""So many like calls that wait become one row."""
_SEPARATOR: Final = "\x1f"


@dataclass(frozen=True, slots=True)
class Waits:
    """What is known here of one request that waits."""

    id: str
    digest: str
    like: str
    """Of `like`; empty for what stands alone whatever else waits."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the list: units of identical calls, more than one only of a group."""

    id: str
    """A group's own id, else the id of the request that waits longest."""
    units: tuple[tuple[str, ...], ...]
    """Ids of requests; those of one unit are the identical call."""
    group: bool = False

    @property
    def ids(self) -> tuple[str, ...]:
        """Return every request of the row, in order."""
        return tuple(id_ for unit in self.units for id_ in unit)


def like(request: ApprovalRequest, state: str) -> str:
    """Return what calls of one group have in common; empty for what is never grouped.

    Session, server, tool and pin, and also what decides how much a person owes: a call whose tier
    was raised by what it holds does not hide among others.
    """
    if request.kind is not RequestKind.CALL or request.method != TOOLS_CALL:
        return ""
    if request.edited is not None:
        # What a person wrote for one call is allowed as that one.
        return ""
    parts = (
        *(request.agent, request.session, request.server, request.tool or "", request.definition),
        *(request.tier.name, str(request.two_persons), request.environment, state),
    )
    return "group " + digest_of(_SEPARATOR.join(parts).encode("utf-8", "surrogatepass"))


def arrange(
    waiting: Sequence[Waits], *, open_id: str = "", kept: Collection[str] = ()
) -> list[Row]:
    """Return the rows, each at the place of its oldest request.

    `open_id` is the request whose card is open by itself, `kept` the groups that stay whatever is
    left of them.
    """
    units: dict[tuple[str, str], list[str]] = {}
    for one in waiting:
        same = (one.like, one.digest) if one.like else ("", one.id)
        units.setdefault(same, []).append(one.id)
    sizes: dict[str, int] = {}
    for (alike, _), ids in units.items():
        if alike and open_id not in ids:
            sizes[alike] = sizes.get(alike, 0) + 1
    groups = {alike for alike, size in sizes.items() if size >= LEAST or alike in kept}
    rows: dict[str, Row] = {}
    for (alike, _), ids in units.items():
        unit = tuple(ids)
        if alike in groups and open_id not in ids:
            before = rows[alike].units if alike in rows else ()
            rows[alike] = Row(alike, (*before, unit), group=True)
        else:
            rows[ids[0]] = Row(ids[0], (unit,))
    return list(rows.values())
