"""Builds the table of a group of like calls: what is the same in all once, what varies in columns.

Every value that will be sent is in it whole, or the row says how long it is and has to be opened:
no cell shows a cut value (visual.md section 6, "Batch table").
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from keyturn.application.approval_request import ApprovalRequest
from keyturn.domain.canonical import JsonValue, canonical
from keyturn.domain.tier import Tier
from keyturn.presentation.card import Chip, Deadline, DeadlineText, deadline_text
from keyturn.presentation.card_builder import CardBuilder, server_tool
from keyturn.presentation.concealed import Concealed
from keyturn.presentation.hidden_secrets import HiddenSecrets, hidden_of
from keyturn.presentation.json_nodes import read_json
from keyturn.presentation.marks import Icon, Role, tier_icon, tier_role
from keyturn.presentation.outliers import Outlier, Unlike, outliers
from keyturn.presentation.relative_time import duration_text
from keyturn.presentation.words import Words

MOST_PLAIN: Final = 25
"""T0, T1: so many calls are allowed by one press."""
MOST_CAREFUL: Final = 5
"""T2, each of them confirmed; T3 never."""
MOST_COLUMNS: Final = 4
MOST_CONSTANTS: Final = 12
"""More of them, and longer ones, stand on each call's own card."""
LONGEST_CELL: Final = 80
"""Characters; a longer value, or one of several lines, is opened to be read."""
_LONGEST_READ: Final = 64 * 1024
"""Bytes of arguments; of longer ones the table says the size only."""
_META: Final = "_meta"
_WHOLE: Final = ""
"""Pointer of arguments that are no object, or too long to be taken apart."""
_UNLIKE: Final = {
    Unlike.HIDDEN: "burst.unlike_hidden",
    Unlike.MIXED: "burst.unlike_mixed",
    Unlike.LEAVES: "burst.unlike_leaves",
    Unlike.HOST: "burst.unlike_host",
    Unlike.FOLDER: "burst.unlike_folder",
    Unlike.KIND: "burst.unlike_kind",
    Unlike.LARGER: "burst.unlike_larger",
}


def most_allowed(tier: Tier) -> int:
    """Return how many calls of a tier one press may allow."""
    if tier is Tier.T3:
        return 0
    return MOST_CAREFUL if tier is Tier.T2 else MOST_PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCell:
    """One varying value."""

    text: str
    """Whole; or, where it is `long`, what it is in words."""
    long: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCall:
    """One call of a group, and those that are identical to it."""

    request_id: str
    digest: str
    cells: tuple[GroupCell, ...]
    repeats: tuple[str, ...] = ()
    """Ids of the identical calls that came later."""
    unlike: str = ""
    """Why it is flagged, in words."""
    owes: bool = False
    """It has a value that is confirmed on its own card only."""

    @property
    def is_whole(self) -> bool:
        """Tell whether the row itself shows every value."""
        return not any(cell.long for cell in self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """Everything that the card of a group shows."""

    group_id: str
    tier: Tier
    headline: str
    server_tool: str
    chips: tuple[Chip, ...]
    constants: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    calls: tuple[GroupCall, ...]
    """What is unlike the others first, then in order of arrival."""
    why_asked: str
    tool_short_name: str
    fault: str = ""
    """Why none of it can be allowed together, whatever is chosen; empty where it can."""

    @property
    def most(self) -> int:
        """Return how many one press may allow."""
        return most_allowed(self.tier)


class GroupBuilder:
    """Makes tables in one language."""

    def __init__(self, words: Words, cards: CardBuilder) -> None:
        self._words = words
        self._cards = cards

    def view(
        self, group_id: str, units: Sequence[Sequence[ApprovalRequest]], fault: str = ""
    ) -> GroupView:
        """Return the table of `units`, each the requests of one identical call, oldest first."""
        words, first = self._words, units[0][0]
        hidden = hidden_of(first, words)
        leaves = [_leaves(unit[0]) for unit in units]
        constants, varying = _split(leaves)
        short = [
            path for path in constants if not _is_long(_shown(hidden, path, leaves[0][path]).text)
        ]
        constants, varying = (
            short[:MOST_CONSTANTS],
            [
                path
                for path in dict.fromkeys((*varying, *constants))
                if path not in short[:MOST_CONSTANTS]
            ],
        )
        flags = outliers(leaves, varying)
        telling = [value.path for value in self._cards.decisive(first)]
        varying.sort(key=lambda path: telling.index(path) if path in telling else len(telling))
        columns, rest = varying[:MOST_COLUMNS], varying[MOST_COLUMNS:]
        calls = [
            self._call(unit, one, (columns, rest), flag)
            for unit, one, flag in zip(units, leaves, flags, strict=True)
        ]
        ordered = [c for c in calls if c.unlike] + [c for c in calls if not c.unlike]
        count = sum(1 for call in calls if call.unlike)
        phrases = self._cards.phrases
        names = [_name(column) for column in columns]
        return GroupView(
            group_id=group_id,
            tier=first.tier,
            headline=words("burst.headline", headline=phrases.headline(first), n=len(calls)),
            server_tool=server_tool(first, words),
            chips=self._chips(first, count),
            constants=tuple(
                (_name(path), _shown(hidden, path, leaves[0][path]).text) for path in constants
            ),
            columns=(*names, *([words("burst.more_columns")] if rest else [])),
            calls=tuple(ordered),
            why_asked=phrases.why_asked(first),
            tool_short_name=first.tool or first.server,
            fault=fault,
        )

    def _call(
        self,
        unit: Sequence[ApprovalRequest],
        leaves: Mapping[str, JsonValue],
        varying: tuple[Sequence[str], Sequence[str]],
        flag: Outlier | None,
    ) -> GroupCall:
        columns, rest = varying
        request = unit[0]
        hidden = hidden_of(request, self._words)
        cells = [self._cell(hidden, leaves, column) for column in columns]
        if rest:
            more = sum(1 for column in rest if column in leaves)
            cells.append(GroupCell(text=self._words("burst.more_values", n=more), long=True))
        careful = request.tier >= Tier.T2
        return GroupCall(
            request_id=request.id,
            digest=request.digest,
            cells=tuple(cells),
            repeats=tuple(one.id for one in unit[1:]),
            unlike=self._unlike(request, flag),
            owes=not careful and any(value.owed for value in self._cards.decisive(request)),
        )

    def _cell(
        self, hidden: HiddenSecrets, leaves: Mapping[str, JsonValue], column: str
    ) -> GroupCell:
        if column not in leaves:
            return GroupCell(text=self._words("burst.absent"))
        shown = _shown(hidden, column, leaves[column])
        text = shown.true_text
        if not shown.masks and not _is_long(text):
            return GroupCell(text=text)
        if shown.is_one_mask:
            # Two that differ may look alike: each is opened, as what is too long for a cell.
            return GroupCell(text=shown.text, long=True)
        lines = text.count("\n") + 1
        size = self._words("burst.size", n=len(text))
        if lines > 1:
            size = self._words("burst.size_lines", size=size, n=lines)
        return GroupCell(text=size, long=True)

    def _unlike(self, request: ApprovalRequest, flag: Outlier | None) -> str:
        if any(origin.untrusted for origin in request.trace.origins):
            return self._words("burst.unlike_traced")
        return "" if flag is None else self._words(_UNLIKE[flag.why], n=flag.n)

    def _chips(self, request: ApprovalRequest, unlike: int) -> tuple[Chip, ...]:
        tier = request.tier
        chips = [
            Chip(role=tier_role(tier), icon=tier_icon(tier), text=self._cards.phrases.tier(tier))
        ]
        if unlike:
            text = self._words("burst.outliers", n=unlike)
            chips.append(Chip(role=Role.WARNING, icon=Icon.OUTLIER, text=text))
        return tuple(chips)


def first_deadline(
    deadlines: Iterable[Deadline | None], now_ms: int, words: Words
) -> DeadlineText | None:
    """Say how long the first of the calls still waits; None where none has a deadline."""
    known = (deadline for deadline in deadlines if deadline is not None)
    first = min(known, key=lambda deadline: deadline.waits_until_ms, default=None)
    if first is None:
        return None
    text = deadline_text(first, now_ms, words)
    if not text.share_left:
        return text
    left = duration_text((first.waits_until_ms - now_ms) / 1000, words)
    return replace(text, text=words("burst.first_waits", duration=left))


def _shown(hidden: HiddenSecrets, path: str, value: JsonValue) -> Concealed:
    """Return a value whole, with what is hidden of it."""
    if path == _META:
        return hidden.meta()
    return hidden.raw() if path == _WHOLE else hidden.value(path, value)


def _is_long(text: str) -> bool:
    return len(text) > LONGEST_CELL or len(text.splitlines()) > 1


def _leaves(request: ApprovalRequest) -> dict[str, JsonValue]:
    """Take what is sent apart into its leaves; lists stay whole."""
    found = _of_arguments(request)
    if request.bound_meta:
        found[_META] = request.bound_meta
    return found


def _of_arguments(request: ApprovalRequest) -> dict[str, JsonValue]:
    if len(request.arguments) > _LONGEST_READ:
        return {_WHOLE: request.arguments}
    subject = read_json(request.arguments)
    if not isinstance(subject, dict):
        return {_WHOLE: subject}
    found: dict[str, JsonValue] = {}
    waiting: list[tuple[str, JsonValue]] = [("", subject)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict) and (value or not path):
            waiting.extend(
                (f"{path}/{key.replace('~', '~0').replace('/', '~1')}", value[key])
                for key in reversed(list(value))
            )
        else:
            found[path] = value
    return found


def _split(calls: Sequence[Mapping[str, JsonValue]]) -> tuple[list[str], list[str]]:
    """Return the paths whose value is the same in all calls, and those that vary."""
    paths = dict.fromkeys(path for call in calls for path in call)
    constants: list[str] = []
    varying: list[str] = []
    for path in paths:
        kinds = {canonical(call[path]) if path in call else b"" for call in calls}
        (constants if len(kinds) == 1 else varying).append(path)
    return constants, varying


def _name(path: str) -> str:
    return path.removeprefix("/").replace("~1", "/").replace("~0", "~")
