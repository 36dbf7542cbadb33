"""Owns what a person is offered that a new agent sees: the least first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from keyturn.application.console_state import ServerState
from keyturn.domain.definition import ReviewState
from keyturn.domain.pattern import is_glob
from keyturn.domain.rule import Kind
from keyturn.domain.sight import SightRow, row_of
from keyturn.domain.tier import Tier
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_MOST_SAID: Final = 12
_LONGEST: Final = 80
Rows = tuple[str, ...] | None
"""As `SightRow.text` writes them; None for everything that was reviewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSight:
    """One choice; the first of them is the one that is chosen unless a person takes another."""

    rows: Rows
    title: str
    note: str


def first_sights(
    servers: Sequence[ServerState], words: Words, proposed: Rows = None
) -> tuple[FirstSight, ...]:
    """Return the choices; `proposed` is the list that the command line asked for, if any."""
    return tuple(_choices(servers, words, proposed))


def confirmed_reads(servers: Sequence[ServerState]) -> tuple[str, ...]:
    """Return rows for the tools that a person confirmed as reads, and for nothing else."""
    return tuple(_reads(servers))


def _choices(servers: Sequence[ServerState], words: Words, proposed: Rows) -> Iterator[FirstSight]:
    if proposed is not None:
        # All of it: whoever proposed it must not put the widest line where nobody reads.
        said = _listed(proposed, words, len(proposed)) or words("agents.first_nothing")
        yield FirstSight(rows=proposed, title=words("agents.first_proposed"), note=said)
    reads = confirmed_reads(servers)
    if reads:
        said = _listed(reads, words)
        yield FirstSight(rows=reads, title=words("agents.first_reads"), note=said)
    note = words("agents.first_all_note" if reads else "agents.first_none_confirmed")
    yield FirstSight(rows=None, title=words("agents.sight_all_row"), note=note)


def _listed(rows: Sequence[str], words: Words, most: int = _MOST_SAID) -> str:
    named = ", ".join(
        shown_line(row.removeprefix("call "), words, most=_LONGEST) for row in rows[:most]
    )
    more = len(rows) - most
    return words("agents.first_more", names=named, n=more) if more > 0 else named


def _reads(servers: Sequence[ServerState]) -> Iterator[str]:
    for server in servers:
        for tool in server.tools:
            if tool.state == ReviewState.PINNED.value and tool.tier is Tier.T0:
                row = SightRow(server=server.name, name=tool.name, kinds=frozenset({Kind.CALL}))
                if _is_exact(row):
                    yield row.text


def _is_exact(row: SightRow) -> bool:
    """Tell whether a row names one tool: a name that would be read as a pattern names more."""
    return not is_glob(row.server) and not is_glob(row.name) and row_of(row.text) == row
