"""What is controlled in the results of one tool before its agent gets them, and what was done.

All that takes out or marks is on until a person switches it off for a tool; results are held for a
person only where one chose so. Findings are told without the values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from keyturn.domain.canonical import JsonObject, JsonValue

SETTING = "result_controls"
"""Of the profile: what was chosen for each tool."""
BYTES_A_TOKEN = 4
"""An estimate: how models cut texts into tokens is known to nobody but them."""
MOST_BYTES = 64 * 1024 * 1024
"""A limit beyond this one limits nothing: no frame is longer."""
MOST_TOLD = 50
"""Places of one result that are written down; further ones are only counted."""


class Profile(StrEnum):
    """How a tool's text is read for secrets."""

    AUTO = "auto"
    LOG = "log"
    SQL = "sql"
    CONFIG = "config"
    SOURCE = "source"
    NONE = "none"
    """As plain text."""


class Found(StrEnum):
    """What was found in a result."""

    SECRET = "secret"
    """Masked."""
    UNSEEN = "unseen"
    """Characters that nobody sees; removed."""
    LEFT_OUT = "left_out"
    """Rows beyond the most that are passed on, or a file that is private; said in its place."""
    LINK = "link"
    """A link that carries data; marked for the person only."""
    PICTURE = "picture"
    """A picture that is fetched from an address which carries data; marked, too."""

    SIGN = "sign"
    """Something that reads like an order to the model; marked, too."""

    @property
    def changes(self) -> bool:
        """Whether the agent gets something else than what the server sent."""
        return self in (Found.SECRET, Found.UNSEEN, Found.LEFT_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something found at one place of a result, without its value."""

    what: Found
    kind: str
    """Which kind of secret or sign; empty for the others."""
    path: str
    """Where, as a JSON Pointer into the frame with `*` for each place of a list."""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultControls:
    """The switches of one tool; the defaults are what nobody chose."""

    secrets: bool = True
    """Secrets are masked."""
    unseen: bool = True
    """Characters that nobody sees are removed."""
    schema: bool = True
    """A result that breaks the pinned output schema is withheld."""
    links: bool = True
    """Links and pictures that carry data are marked."""
    hold_signs: bool = False
    """A result that reads like an order to the model waits for a person."""
    max_bytes: int = 0
    """Largest result in bytes; 0 for the broker's own limit."""
    max_tokens: int = 0
    """Largest result in estimated tokens; 0 for no limit of its own."""
    session_tokens: int = 0
    """Tokens of all its results that an agent is given in a session; 0 for any number."""
    day_tokens: int = 0
    """The same since midnight (UTC)."""
    profile: Profile = Profile.AUTO

    @property
    def bytes_at_most(self) -> int:
        """The smaller of both limits in bytes; 0 for none."""
        limits = (self.max_bytes, self.max_tokens * BYTES_A_TOKEN)
        return min((limit for limit in limits if limit > 0), default=0)


STRICTEST = ResultControls()
"""What holds for a tool of which nobody chose anything."""
HOLDING = ResultControls(hold_signs=True)
"""What holds for every tool while what was chosen cannot be read."""
OF_AN_AGENT = ""
"""For a server's name: the controls are of all that an agent is given, and the tool's its name."""
_DONE = (("masked", Found.SECRET), ("removed", Found.UNSEEN), ("left_out", Found.LEFT_OUT))
_BUDGETS = ("session_tokens", "day_tokens")
_LIMITS = ("max_bytes", "max_tokens", *_BUDGETS)
_SWITCHES = ("secrets", "unseen", "schema", "links", "hold_signs")


def only_budgets(controls: ResultControls) -> ResultControls:
    """Return the budgets alone, which are all that is chosen for an agent."""
    return ResultControls(session_tokens=controls.session_tokens, day_tokens=controls.day_tokens)


def loosens(before: ResultControls, after: ResultControls) -> bool:
    """Tell whether anything reaches an agent by `after` that did not by `before`."""
    off = any(getattr(before, name) and not getattr(after, name) for name in _SWITCHES)
    profile = after.profile is not before.profile and after.profile is not Profile.AUTO
    more = any(_or_all(getattr(after, name)) > _or_all(getattr(before, name)) for name in _BUDGETS)
    return off or profile or more or _or_all(after.bytes_at_most) > _or_all(before.bytes_at_most)


def controls_to_data(controls: ResultControls) -> JsonObject:
    """Write what differs from the strictest."""
    named = ((field.name, getattr(controls, field.name)) for field in fields(controls))
    return {
        name: value.value if isinstance(value, Profile) else value
        for name, value in named
        if value != getattr(STRICTEST, name)
    }


def controls_from_data(data: Mapping[str, JsonValue]) -> ResultControls:
    """Read what `controls_to_data` writes; raises ValueError for anything else."""
    controls = STRICTEST
    for name, value in data.items():
        if name == "profile" and isinstance(value, str):
            controls = replace(controls, profile=Profile(value))
        elif _is_switch(name, value) or _is_limit(name, value):
            controls = replace(controls, **{name: value})
        else:
            raise ValueError("it is no control of results")
    return controls


def counted(findings: Iterable[Finding], what: Found) -> int:
    """Return how many of one kind there are."""
    return sum(finding.count for finding in findings if finding.what is what)


def done_to(findings: Iterable[Finding]) -> dict[str, int]:
    """Count what was taken out of a result, by the names that records and `_meta` have for it."""
    found = tuple(findings)
    counts = {name: counted(found, what) for name, what in _DONE}
    return {name: count for name, count in counts.items() if count}


def findings_to_data(findings: Iterable[Finding]) -> list[JsonValue]:
    """Write the first findings for a record, one text each: what, how often, where."""
    told = list(findings)[:MOST_TOLD]
    return [f"{f.what.value}|{f.kind}|{f.count}|{f.path}" for f in told]


def findings_from_data(rows: JsonValue) -> tuple[Finding, ...]:
    """Read them for a screen; what cannot be read is left out."""
    found: list[Finding] = []
    for row in rows if isinstance(rows, list) else []:
        parts = row.split("|", 3) if isinstance(row, str) else []
        if len(parts) == len(("what", "kind", "count", "path")) and parts[2].isdigit():
            what, kind, count, path = parts
            if what in {one.value for one in Found}:
                found.append(Finding(what=Found(what), kind=kind, path=path, count=int(count)))
    return tuple(found)


def _or_all(limit: int) -> int:
    return limit if limit > 0 else MOST_BYTES


def _is_switch(name: str, value: JsonValue) -> bool:
    return name in _SWITCHES and isinstance(value, bool)


def _is_limit(name: str, value: JsonValue) -> bool:
    if name not in _LIMITS or not isinstance(value, int) or isinstance(value, bool):
        return False
    return 0 <= value <= MOST_BYTES
