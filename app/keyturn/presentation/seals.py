"""Words for the seals: what another program changed, what follows, and what can be done."""

from dataclasses import dataclass
from typing import Final

from keyturn.application.console_state import ChangedRow, ChangedTable, SealState
from keyturn.application.seals import Sealing
from keyturn.presentation.cells import Notice, Question
from keyturn.presentation.marks import Role
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_TITLES: Final = {
    "rules": "seals.changed_rules",
    "servers": "seals.changed_servers",
    "consents": "seals.changed_consents",
    "closures": "seals.changed_closures",
    "pins": "seals.changed_pins",
    "agents": "seals.changed_agents",
    "sights": "seals.changed_sights",
    "settings": "seals.changed_settings",
}
_ROWS: Final = {
    "added": "seals.row_added",
    "changed": "seals.row_changed",
    "removed": "seals.row_removed",
    "unsure": "seals.row_unsure",
}
_DECIDING: Final = frozenset({"rules", "settings"})
_HIDING: Final = "sights"
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class SealsShown:
    """What the rules' screen shows of the seals: one table at a time."""

    notice: Notice
    lines: tuple[str, ...] = ()
    table: str = ""
    """Empty where there is nothing to answer."""
    shown: str = ""
    question: Question | None = None


def seals_shown(state: SealState, words: Words) -> SealsShown | None:
    """Return what to show; None while the seals are there and hold."""
    if state.state == Sealing.LOCKED:
        return SealsShown(
            notice=Notice(
                strong=words("seals.locked"),
                rest=words("seals.locked_rest"),
                role=Role.WARNING,
                action=words("seals.unlock"),
            )
        )
    if state.state == Sealing.NONE:
        return SealsShown(
            notice=Notice(strong=words("seals.none"), rest=words("seals.none_rest"), role=Role.INFO)
        )
    changed = [change for change in state.changed if change.table in _TITLES]
    return _table(changed[0], words) if changed else None


def rules_rest(state: SealState) -> bool:
    """Tell whether no rule allows anything by the state of the seals."""
    if state.state == Sealing.LOCKED:
        return True
    return any(change.table in _DECIDING for change in state.changed)


def _table(change: ChangedTable, words: Words) -> SealsShown:
    rest = "seals.rest_rows" if change.whole else "seals.rest_whole"
    if change.table == _HIDING:
        rest = "seals.rest_hidden"
    if change.table in _DECIDING:
        rest = "seals.rest_asks"
    lines = tuple(_line(row, words) for row in change.rows)
    if change.more:
        lines += (words("seals.more", n=change.more),)
    return SealsShown(
        notice=Notice(strong=words(_TITLES[change.table]), rest=words(rest), role=Role.WARNING),
        lines=lines,
        table=change.table,
        shown=change.shown,
        question=Question(
            text=words("seals.question"),
            go=words("seals.question_go"),
            keep=words("seals.question_keep"),
        ),
    )


def _line(row: ChangedRow, words: Words) -> str:
    """Say one row on one line; hidden characters of what another program wrote are in brackets."""
    key = _ROWS.get(row.difference, _ROWS["unsure"])
    return words(
        key,
        key=shown_line(row.key, words, most=_LONGEST),
        text=shown_line(row.text, words, most=_LONGEST),
    )
