"""Words for the seals: what another program changed, what follows, and what can be done."""

from dataclasses import dataclass
from typing import Final

from keyturn.application.console_state import ChangedRow, ChangedTable, SealState
from keyturn.application.ports.seals import DECIDING
from keyturn.application.seals import Sealing
from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.rule import Rule
from keyturn.domain.rule_data import rule_from_data
from keyturn.domain.seal import Difference
from keyturn.presentation.cells import Notice, Question
from keyturn.presentation.marks import Role
from keyturn.presentation.rule_sentences import RuleSentences
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_TITLES: Final = {
    "rules": "seals.changed_rules",
    "rule_uses": "seals.changed_rule_uses",
    "servers": "seals.changed_servers",
    "consents": "seals.changed_consents",
    "closures": "seals.changed_closures",
    "pins": "seals.changed_pins",
    "agents": "seals.changed_agents",
    "sights": "seals.changed_sights",
    "step_ups": "seals.changed_step_ups",
    "settings": "seals.changed_settings",
    "access_looks": "seals.changed_access_looks",
}
_KINDS: Final = {
    "rules": "seals.kind_rules",
    "rule_uses": "seals.kind_rule_uses",
    "servers": "seals.kind_servers",
    "consents": "seals.kind_consents",
    "closures": "seals.kind_closures",
    "pins": "seals.kind_pins",
    "agents": "seals.kind_agents",
    "sights": "seals.kind_sights",
    "step_ups": "seals.kind_step_ups",
    "settings": "seals.kind_settings",
    "access_looks": "seals.kind_access_looks",
}
_ROWS: Final = {
    "added": "seals.row_added",
    "changed": "seals.row_changed",
    "removed": "seals.row_removed",
    "unsure": "seals.row_unsure",
}
_HIDING: Final = "sights"
_DROPS: Final = {
    "rules": "seals.drop_question",
    "rule_uses": "seals.drop_uses",
    "settings": "seals.drop_question",
    "agents": "seals.drop_agents",
    "step_ups": "seals.drop_step_ups",
}
"""What leaving out asks, of the tables of which a row may keep calls from passing."""
_NOTES: Final = {"sights": "seals.sights_note", "access_looks": "seals.looks_note"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SealsShown:
    """What the rules' screen shows of the seals: one table at a time."""

    notice: Notice
    lines: tuple[str, ...] = ()
    table: str = ""
    """Empty where there is nothing to answer."""
    shown: str = ""
    note: str = ""
    """Beside the buttons."""
    question: Question | None = None
    """Before it is sealed as it is; None where it cannot be, because it is not shown whole."""
    drop_question: Question | None = None
    """Before it is left out; None where that can only tighten."""


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
            notice=Notice(
                strong=words("seals.none"),
                rest=words("seals.none_rest"),
                role=Role.INFO,
                action=words("seals.unlock"),
            )
        )
    changed = _known(state)
    if changed:
        return _table(changed[0], words, _kinds(changed[1:], words))
    if not state.unmarked:
        return None
    return SealsShown(
        notice=Notice(
            strong=words("seals.unmarked"),
            rest=words("seals.unmarked_rest"),
            role=Role.WARNING,
            action=words("seals.unlock"),
        )
    )


def changed_alert(state: SealState, words: Words) -> str:
    """Say on whatever page is shown what was changed, and where to look; empty for nothing."""
    changed = _known(state)
    return words("seals.alert", kinds=_kinds(changed, words)) if changed else ""


def rules_rest(state: SealState) -> bool:
    """Tell whether no rule allows anything by the state of the seals."""
    if state.state == Sealing.LOCKED:
        return True
    return any(change.table in DECIDING for change in state.changed)


def _known(state: SealState) -> list[ChangedTable]:
    return [change for change in state.changed if change.table in _TITLES]


def _kinds(changed: list[ChangedTable], words: Words) -> str:
    return ", ".join(words(_KINDS[change.table]) for change in changed)


def _table(change: ChangedTable, words: Words, after: str) -> SealsShown:
    """Show one table; `after` names what is shown next, when this one is answered."""
    rest = "seals.rest_rows" if change.whole else "seals.rest_whole"
    if change.table == _HIDING:
        rest = "seals.rest_hidden"
    if change.table in DECIDING:
        rest = "seals.rest_asks"
    said = words(rest)
    if after:
        said = f"{said} {words('seals.after', kinds=after)}"
    lines = tuple(_line(row, words, change.table) for row in change.rows)
    if change.more:
        lines += (words("seals.more", n=change.more),)
    question = Question(
        text=words("seals.question"),
        go=words("seals.question_go"),
        keep=words("seals.question_keep"),
    )
    return SealsShown(
        notice=Notice(strong=words(_TITLES[change.table]), rest=said, role=Role.WARNING),
        lines=lines,
        table=change.table,
        shown=change.shown,
        question=question if change.whole_shown else None,
        note=_note(change, words),
        drop_question=_drop_question(change, words),
    )


def _drop_question(change: ChangedTable, words: Words) -> Question | None:
    """Ask where a row of the person's own is not there any more as they made it.

    Of rules and settings nothing allows until it is answered; from then on the rest does, without
    that one. Of an agent its environment goes, for which calls were denied. What agents see needs
    no question: whose list is left out sees nothing.
    """
    lost = change.more or any(row.difference != Difference.ADDED for row in change.rows)
    if change.table not in _DROPS or not (lost or not change.whole):
        return None
    return Question(
        text=words(_DROPS[change.table]),
        go=words("seals.drop_go"),
        keep=words("seals.question_keep"),
    )


def _note(change: ChangedTable, words: Words) -> str:
    dropped = words(_NOTES.get(change.table, "seals.drop_note"))
    if change.whole_shown:
        return dropped
    cut = words("seals.cut_note")
    return f"{cut} {dropped}" if change.table in _NOTES else f"{cut} {words('seals.cut_asks')}"


def _line(row: ChangedRow, words: Words, table: str) -> str:
    """Say one row on one line; hidden characters of what another program wrote are in brackets."""
    key = _ROWS.get(row.difference, _ROWS["unsure"])
    text = shown_line(row.text, words)
    rule = _rule(row.text) if table == "rules" else None
    if rule is not None:
        # The sentence leaves conditions out, so that what is sealed stands beside it, whole.
        said = shown_line(RuleSentences(words).sentence(rule), words)
        text = words("seals.rule_said", rule=said, text=text)
    return words(key, key=shown_line(row.key, words), text=text)


def _rule(text: str) -> Rule | None:
    """Read a rule from its row; None for what is none."""
    parsed = parse_strict(text)
    if not isinstance(parsed, Parsed) or not isinstance(parsed.value, dict):
        return None
    try:
        return rule_from_data(parsed.value)
    except ConfigurationError:
        return None
