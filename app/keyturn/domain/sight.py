"""What an agent sees of what was reviewed: lists of names, profiles of a task, and their ends.

What is not seen is neither listed to an agent nor callable by it. A list only ever hides: what it
covers is judged like everything else.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.errors import Said, filled
from keyturn.domain.pattern import is_glob, name_matches
from keyturn.domain.rule import FREELY_SPELT, Kind
from keyturn.domain.spelling import Fit, fit_of

SEEN_KINDS = (Kind.CALL, Kind.PROMPT, Kind.READ)
"""What a row can speak of: tools, prompts, and resources with their templates."""
MOST_ROWS = 500
MOST_GLOBS = 100
"""Of the rows of one list: each is held against every name that is listed."""
MOST_PROFILES = 50
LONGEST_TEXT = 1024
LONGEST_PROFILE = 64
"""Characters of a profile's name."""
LONGEST_SECONDS = 24 * 3600
"""That a profile may be switched on for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SightRow:
    """One line of a list: names on servers, each a name or a glob."""

    server: str
    name: str
    """Of a tool or a prompt, or a URI."""
    kinds: frozenset[Kind] = frozenset()
    """Of `SEEN_KINDS`; empty for all of them."""

    def speaks_of(self, kind: Kind) -> bool:
        """Tell whether it is about this kind."""
        return not self.kinds or kind in self.kinds

    @property
    def text(self) -> str:
        """The row on one line, as FILE and the command line take it."""
        kinds = "".join(f"{kind} " for kind in SEEN_KINDS if kind in self.kinds)
        return f"{kinds}{self.server}/{self.name}"


Rows = tuple[SightRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SightProfile:
    """A named list for a task, which a person switches on for a while."""

    name: str
    rows: Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one agent sees."""

    agent: str
    rows: Rows | None = None
    """Its own list; None for none, which is everything that was reviewed."""
    profiles_only: bool = False
    """Without a profile that is on it sees nothing."""
    profile: str = ""
    """That was switched on and that nobody has ended."""
    until: str = ""
    """When the profile's time is over; as the clock writes it."""
    over: bool = False
    """Its time is over, and nobody has ended it."""

    @property
    def hides(self) -> bool:
        """Tell whether anything is hidden at all."""
        return self.rows is not None or self.profiles_only or bool(self.profile)


class Covering:
    """Rows as they speak of one server."""

    def __init__(self, rows: Rows, server: str) -> None:
        of_server = [row for row in rows if name_matches(row.server, server)]
        self._exact = {k: frozenset(_named(of_server, k, globs=False)) for k in SEEN_KINDS}
        self._globs = {k: tuple(sorted(_named(of_server, k, globs=True))) for k in SEEN_KINDS}

    @property
    def covers_any(self) -> bool:
        """Tell whether anything of the server could be seen."""
        return any(self._exact.values()) or any(self._globs.values())

    def covers(self, kind: Kind, name: str) -> bool:
        """Tell whether a name is seen; one that can be read in two ways is not."""
        if kind is Kind.COMPLETE:
            return self.covers(Kind.PROMPT, name) or self.covers(Kind.READ, name)
        if kind is Kind.TASK:
            # It names no tool: what began it was seen then, and the connection is the agent's own.
            return bool(self._exact[Kind.CALL] or self._globs[Kind.CALL])
        if name in self._exact[kind]:
            return True
        globs = self._globs[kind]
        if kind in FREELY_SPELT:
            return any(fit_of(glob, name) is Fit.YES for glob in globs)
        return any(name_matches(glob, name) for glob in globs)


def wider(before: Rows | None, after: Rows | None) -> bool:
    """Tell whether the second list may show what the first did not."""
    if before is None:
        return False
    return after is None or not all(_within(row, before) for row in after)


def shared(one: Rows, other: Rows) -> Rows:
    """Return a list that shows nothing that not both show.

    Of what overlaps without one row lying within the other (`a*` and `*b`) it shows nothing.
    """
    rows = (*_rows_within(other, one), *_rows_within(one, other))
    return tuple(dict.fromkeys(rows))


def _rows_within(rows: Rows, wide: Rows) -> Iterator[SightRow]:
    for row in rows:
        if _within(row, wide):
            yield row
        else:
            apart = (replace(row, kinds=frozenset({k})) for k in SEEN_KINDS if row.speaks_of(k))
            yield from (part for part in apart if _within(part, wide))


def row_of(text: str) -> SightRow:
    """Read a row from its text; raises ValueError for what is none."""
    said: list[JsonValue] = []
    head, space, rest = text.partition(" ")
    while space and head in SEEN_KINDS:
        said.append(head)
        text = rest
        head, space, rest = text.partition(" ")
    server, stroke, name = text.partition("/")
    if not stroke:
        raise ValueError("has a row that is no SERVER/NAME")
    return checked_row(SightRow(server=server, name=name, kinds=_kinds(said)))


def checked_row(row: SightRow) -> SightRow:
    """Return a row that names something; raises ValueError for one that does not."""
    if not row.server or not row.name or max(len(row.server), len(row.name)) > LONGEST_TEXT:
        raise ValueError(
            filled(
                "has a row without a server and a name of 1 to {longest} characters",
                longest=LONGEST_TEXT,
            )
        )
    return row


def fault_of_rows(rows: Rows) -> Said | None:
    """Say why a list is too long; None when it is not."""
    if len(rows) > MOST_ROWS:
        return filled("has more than {most} rows", most=MOST_ROWS)
    if sum(is_glob(row.name) for row in rows) > MOST_GLOBS:
        return filled("has more than {most} rows with * or ?", most=MOST_GLOBS)
    return None


def rows_to_data(rows: Rows) -> list[JsonValue]:
    """Write a list as JSON."""
    return [
        {
            "server": row.server,
            "name": row.name,
            "kinds": [kind.value for kind in SEEN_KINDS if kind in row.kinds],
        }
        for row in rows
    ]


def rows_from_data(data: JsonValue) -> Rows:
    """Read a list; raises ValueError for anything that is none, or too long."""
    if not isinstance(data, list):
        raise ValueError("is no list")
    rows = tuple(_row_from_data(item) for item in data)
    if fault := fault_of_rows(rows):
        raise ValueError(fault)
    return rows


def _row_from_data(item: JsonValue) -> SightRow:
    if isinstance(item, str):
        return row_of(item)
    if not isinstance(item, dict) or not item.keys() <= {"server", "name", "kinds"}:
        raise ValueError("has a row that is none")
    server, name, kinds = item.get("server"), item.get("name"), item.get("kinds", [])
    if not isinstance(server, str) or not isinstance(name, str) or not isinstance(kinds, list):
        raise ValueError("has a row without a server and a name")
    return checked_row(SightRow(server=server, name=name, kinds=_kinds(kinds)))


def _kinds(said: Iterable[JsonValue]) -> frozenset[Kind]:
    kinds = frozenset(kind for kind in SEEN_KINDS if kind.value in said)
    if len(kinds) != len([*said]):
        raise ValueError("has a kind that is none of call, prompt, read")
    return kinds


def sight_to_data(sight: Sight) -> JsonObject:
    """Write what an agent sees as JSON."""
    return {
        "agent": sight.agent,
        "rows": None if sight.rows is None else rows_to_data(sight.rows),
        "profiles_only": sight.profiles_only,
        "profile": sight.profile,
        "until": sight.until,
        "over": sight.over,
    }


def profile_to_data(profile: SightProfile) -> JsonObject:
    """Write a profile as JSON."""
    return {"name": profile.name, "rows": rows_to_data(profile.rows)}


def _named(rows: Iterable[SightRow], kind: Kind, *, globs: bool) -> set[str]:
    return {row.name for row in rows if row.speaks_of(kind) and is_glob(row.name) is globs}


def _within(row: SightRow, before: Rows) -> bool:
    """Tell whether one row of a list surely covers all of another row."""
    return all(
        any(
            other.speaks_of(kind)
            and _covers_pattern(other.server, row.server)
            and _covers_pattern(other.name, row.name)
            for other in before
        )
        for kind in SEEN_KINDS
        if row.speaks_of(kind)
    )


def _covers_pattern(wide: str, narrow: str) -> bool:
    """Tell whether all that a pattern matches is matched by another one; no where that is unsure.

    A `*` of the narrow one can only be met by a `*` of the wide one, as `*` is nowhere literal.
    """
    if wide == narrow:
        return True
    return not ("?" in wide and is_glob(narrow)) and name_matches(wide, narrow)
