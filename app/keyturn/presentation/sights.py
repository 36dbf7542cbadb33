"""Words for what an agent sees: a list to tick by server, how much is hidden, what asks twice."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from keyturn.application.console_state import ServerState, ToolState
from keyturn.application.sight_intents import ProfileState, SightState
from keyturn.domain.definition import Said, said_of
from keyturn.domain.pattern import is_glob
from keyturn.domain.rule import Kind
from keyturn.domain.sight import Covering, Rows, SightRow, row_of, wider
from keyturn.presentation.cells import Question
from keyturn.presentation.profiles import profile_said
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_KINDS: Final[Mapping[Said | None, Kind]] = MappingProxyType(
    {None: Kind.CALL, Said.PROMPT: Kind.PROMPT, Said.TEMPLATE: Kind.READ}
)
_NOTES: Final = {Kind.CALL: "", Kind.PROMPT: "agents.sight_prompt", Kind.READ: "agents.sight_read"}
_VARIABLE: Final = re.compile(r"\{[^}]*\}")
_LONGEST: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class SightChoice:
    """One name to tick."""

    row: str
    """What is saved where it is ticked; see `SightRow.text`."""
    text: str
    note: str
    ticked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SightGroup:
    """The names of one server."""

    server: str
    whole: SightChoice
    """Everything of it, what is reviewed later too."""
    names: tuple[SightChoice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SightSheet:
    """What an agent sees, to be changed."""

    agent: str
    title: str
    limited: bool
    """Whether it has a list of its own."""
    groups: tuple[SightGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SightSaid:
    """What an agent's pane says of it."""

    text: str
    profile: str
    """Which profile is on and for how long, or over; empty for none."""


def sight_sheet(
    agent: str, sight: SightState, servers: Sequence[ServerState], words: Words
) -> SightSheet:
    """Return the list to tick; without a list of its own everything is ticked."""
    rows = _rows(sight.rows)
    return SightSheet(
        agent=agent,
        title=words("agents.sight_of", agent=agent),
        limited=rows is not None,
        groups=tuple(_group(server, rows, words) for server in servers if server.confirmed),
    )


def sight_said(
    sight: SightState,
    servers: Sequence[ServerState],
    profiles: Sequence[ProfileState],
    words: Words,
) -> SightSaid:
    """Say how much an agent sees."""
    lists = _lists(sight, profiles)
    known = [(server.name, tool) for server in servers for tool in server.tools if _shown(tool)]
    if lists == ():
        text = words("agents.sight_all")
    elif lists is None:
        text = words("agents.sight_nothing")
    else:
        hidden = sum(not _seen(lists, server, tool) for server, tool in known)
        text = words("agents.sight_some", n=hidden, all=len(known))
    return SightSaid(text=text, profile=profile_said(sight, words))


def widens(
    agent: str, sight: SightState, after: tuple[str, ...] | None, words: Words
) -> Question | None:
    """Return what is asked before an agent may see more than now; None where it sees less."""
    if not wider(_rows(sight.rows), _rows(after)):
        return None
    key = "agents.sight_wider_all" if after is None else "agents.sight_wider"
    return Question(
        text=words(key, agent=agent),
        go=words("agents.sight_go"),
        keep=words("agents.sight_keep"),
    )


def _lists(sight: SightState, profiles: Sequence[ProfileState]) -> tuple[Rows, ...] | None:
    """Return the lists that hold now; see `Sights`, which is the one that decides."""
    profile = next((p for p in profiles if p.name == sight.profile), None)
    if sight.profile and profile is None:
        return None
    of_profile = () if profile is None else (_all(profile.rows),)
    if of_profile and not sight.over:
        return of_profile
    if sight.profiles_only:
        return None
    own = () if sight.rows is None else (_all(sight.rows),)
    return (*own, *of_profile)


def _group(server: ServerState, rows: Rows | None, words: Words) -> SightGroup:
    whole = row_of(f"{server.name}/*")
    return SightGroup(
        server=server.name,
        whole=SightChoice(
            row=whole.text,
            text=words("agents.sight_whole", server=server.name),
            note="",
            ticked=not wider(rows, (whole,)),
        ),
        names=tuple(_choices(server, rows, words)),
    )


def _choices(server: ServerState, rows: Rows | None, words: Words) -> Iterator[SightChoice]:
    covering = Covering(rows, server.name) if rows is not None else None
    for tool in server.tools:
        row = _row(server.name, tool) if _shown(tool) else None
        if row is None:
            continue
        kind = _KINDS[said_of(tool.name)]
        note = _NOTES[kind]
        yield SightChoice(
            row=row.text,
            text=shown_line(row.name, words, most=_LONGEST),
            note=words(note) if note else "",
            ticked=covering is None or covering.covers(kind, row.name),
        )


def _row(server: str, tool: ToolState) -> SightRow | None:
    """Return the row of a name; None for one that could be taken for many."""
    said = said_of(tool.name)
    name = tool.name if said is None else tool.name.removeprefix(f"{said}: ")
    if is_glob(name):
        return None
    if said is Said.TEMPLATE:
        name = _VARIABLE.sub("*", name)
    return SightRow(server=server, name=name, kinds=frozenset({_KINDS[said]}))


def _shown(tool: ToolState) -> bool:
    return bool(tool.pinned) and said_of(tool.name) in _KINDS


def _seen(lists: Iterable[Rows], server: str, tool: ToolState) -> bool:
    said = said_of(tool.name)
    name = tool.name if said is None else tool.name.removeprefix(f"{said}: ")
    return all(Covering(rows, server).covers(_KINDS[said], name) for rows in lists)


def _rows(texts: tuple[str, ...] | None) -> Rows | None:
    return None if texts is None else _all(texts)


def _all(texts: tuple[str, ...]) -> Rows:
    return tuple(row_of(text) for text in texts)
