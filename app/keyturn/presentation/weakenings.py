"""Words a weakening of protection as a row of the history: what protects less, and the way back."""

from typing import Final

from keyturn.domain.canonical import JsonObject
from keyturn.domain.record import NOT_WEAKENED, WEAKENED
from keyturn.presentation.asked_names import server_and_name
from keyturn.presentation.card import Chip, Pair
from keyturn.presentation.history import HistoryDetail, HistoryRow
from keyturn.presentation.json_nodes import bare_text
from keyturn.presentation.marks import Icon, IconText, Role
from keyturn.presentation.recorded_call import RecordedCall
from keyturn.presentation.relative_time import clock_text, local_time
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

OUTCOMES: Final = (WEAKENED, NOT_WEAKENED)
_LONGEST: Final = 80
_HELPS: Final = {
    "posture": "weakened.helps_rules",
    "reach": "weakened.helps_settings",
    "results": "weakened.helps_settings",
    "tier": "weakened.helps_servers",
    "two_persons": "weakened.helps_servers",
    "http": "weakened.helps_settings",
    "environment": "weakened.helps_labels",
    "seals": "weakened.helps_look",
    "second": "weakened.helps_pin",
    "pin": "weakened.helps_pin",
    "dialog": "weakened.helps_pin",
    "pin_dialog": "weakened.helps_pin",
    "rule": "weakened.helps_rules",
    "rules": "weakened.helps_rules",
}
"""Each kind, with where the way back is."""
_NAMES: Final = ("agent", "other", "label", "name", "table", "rule")
_MARKS: Final = {
    WEAKENED: (Icon.WEAKENED, Role.WARNING),
    NOT_WEAKENED: (Icon.PROTECTING, Role.NEUTRAL),
}


def is_weakening(item: RecordedCall) -> bool:
    """Tell whether a row is about protection, and about no call."""
    return item.outcome in OUTCOMES and not item.call


def weakening_mark(outcome: str, words: Words) -> IconText:
    """Return the word and the picture of it."""
    icon, role = _MARKS[outcome]
    return IconText(icon=icon, role=role, text=words(f"weakened.outcome_{outcome}"))


def weakening_text(item: RecordedCall, words: Words) -> str:
    """Say what protects less; of a kind that this version does not know, only that."""
    details: JsonObject = item.result
    kind = _kind_of(item)
    if not kind:
        return words("weakened.of_unknown")
    named = {name: details.get(name, "") for name in _NAMES}
    said = {
        name: shown_line(bare_text(value), words, most=_LONGEST) for name, value in named.items()
    }
    number = details.get("n")
    return words(
        f"weakened.of_{kind}",
        **said,
        server=shown_line(item.server, words, most=_LONGEST),
        tool=shown_line(item.tool, words, most=_LONGEST),
        n=number if isinstance(number, int) else 0,
    )


def weakening_row(item: RecordedCall, words: Words) -> HistoryRow:
    """Return its row: no tier, no agent that asked, nothing sent."""
    said, mark = weakening_text(item, words), weakening_mark(item.outcome, words)
    return HistoryRow(
        number=item.number,
        time=clock_text(local_time(item.ts_utc)),
        agent=item.agent,
        server_tool=_place(item, words),
        decisive=said,
        tier=None,
        outcome=mark,
        decided_by=IconText(icon=Icon.PERSON, text=words("history.by_window")),
        spoken=f"{mark.text}: {said}",
    )


def weakening_detail(item: RecordedCall, words: Words) -> HistoryDetail:
    """Return what is shown beside the table: it can be made no rule of."""
    mark = weakening_mark(item.outcome, words)
    kept = item.outcome == WEAKENED
    helps = _HELPS.get(_kind_of(item), "weakened.helps_look")
    back = words(helps if kept else "weakened.helps_not")
    return HistoryDetail(
        number=item.number,
        chips=(Chip(role=mark.role, icon=mark.icon, text=mark.text),),
        headline=weakening_text(item, words),
        server_tool=_place(item, words),
        arguments=(),
        traced=None,
        decided=(
            Pair(key=words("history.key_decided_by"), value=words("history.by_window")),
            Pair(key=words("refused.key_mend"), value=back),
        ),
        record=(
            Pair(
                key=words("history.key_number"),
                value=words("history.chained", number=words.figure(item.number)),
            ),
            Pair(key=words("history.key_time"), value=item.ts_utc, exact=True),
        ),
        before=(),
        is_call=False,
        makes_rule=False,
    )


def _kind_of(item: RecordedCall) -> str:
    """Return what kind of weakening it is; empty for one that this version does not know."""
    kind = item.result.get("what")
    return kind if isinstance(kind, str) and kind in _HELPS else ""


def _place(item: RecordedCall, words: Words) -> str:
    if not item.tool:
        return shown_line(item.server, words, most=_LONGEST)
    return server_and_name(item.server, item.tool, item.method, words)
