"""Owns what is written for a row that is left out, where its absence would let more be seen.

An agent without a list of its own sees everything that was reviewed. So where a list is left out
that another program changed or took away, its agent sees nothing until a person sets one again.
What was noted of the access review leaves behind that something is forgotten, which is overdue.
Where the choice is left out of which tools' results are held for signs, those of all tools are.
"""

from collections.abc import Iterable

from keyturn.domain.result_controls import SETTING
from keyturn.domain.seal import Checked, Columns, Difference
from keyturn.domain.sight import Sight
from keyturn.storage.agreements import SIGHT_OF_AGENT, sight_text
from keyturn.storage.seal_rows import Row, as_texts

FORGOTTEN = ("*", "*")
"""The key of the row that stands for what was noted of the access review and is left out."""

ALL_HELD = '[{"controls":{"hold_signs":true},"server":"","tool":""}]'
"""The value of the setting: of no tool by name, so of every one of which nothing is kept."""


def stand_ins(table: str, checked: Checked, agents: Iterable[Columns]) -> tuple[Row, ...]:
    """Return what takes the place of the rows that are left out of a table.

    `agents` are the keys of all that may be enrolled: where the set itself is gone or an old copy
    nobody can say which of them had a list.
    """
    lost_any = any(f.difference is not Difference.ADDED for f in checked.findings)
    if table == "access_looks" and (lost_any or not checked.whole):
        return ((*FORGOTTEN, "{}"),)
    if table == "settings":
        lost_it = any(
            f.key == (SETTING.encode(),) and f.difference is not Difference.ADDED
            for f in checked.findings
        )
        return ((SETTING, ALL_HELD),) if lost_it or not checked.whole else ()
    if table != "sights":
        return ()
    lost = {
        finding.key[1]
        for finding in checked.findings
        if finding.key[0] == SIGHT_OF_AGENT.encode() and finding.difference is not Difference.ADDED
    }
    if not checked.whole:
        lost |= {key[0] for key in agents}
    names = (as_texts((name,))[0] for name in sorted(lost) if _is_text(name))
    return tuple((SIGHT_OF_AGENT, name, sight_text(Sight(agent=name, rows=()))) for name in names)


def _is_text(name: bytes) -> bool:
    """Tell whether it can be a name at all; another program may have written anything."""
    return name.decode(errors="replace").encode() == name
