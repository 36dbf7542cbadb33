"""Owns the text in which a person edits the arguments of a call, and what is said of it at once.

Nothing is decided here: the broker reads the text anew, judges it, and may refuse it.
"""

import json
from dataclasses import dataclass

from keyturn.application.approval_request import BECAUSE_PRACTICE, ApprovalRequest, RequestKind
from keyturn.domain.canonical import Malformed, canonical, parse_strict
from keyturn.domain.edit import LONGEST_EDIT_BYTES
from keyturn.presentation.asked_names import is_of_tool
from keyturn.presentation.card import DiffRow
from keyturn.presentation.definition_text import laid_out
from keyturn.presentation.json_nodes import read_json
from keyturn.presentation.refused import reason_text
from keyturn.presentation.text_diff import diff_rows
from keyturn.presentation.visible_text import json_escaped
from keyturn.presentation.words import Words

_INDENT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class EditCheck:
    """What the window says of a text that is being written."""

    fault: str = ""
    """Why it cannot be sent; empty where the broker may look at it."""
    changed: bool = False
    """It says something else than what is on the card."""

    @property
    def sendable(self) -> bool:
        """Tell whether there is anything to judge."""
        return self.changed and not self.fault


def is_editable(request: ApprovalRequest, *, stopped: bool) -> bool:
    """Tell whether the window offers it; `stopped` is of an agent that waits no more."""
    of_call = request.kind is RequestKind.CALL and is_of_tool(request.method)
    practice = request.because == BECAUSE_PRACTICE
    can_change = of_call and not practice and not request.goes_on
    return can_change and not stopped and len(request.arguments) <= LONGEST_EDIT_BYTES


def edit_text(arguments: str) -> str:
    """Lay canonical JSON out for writing; a hidden character stands as its escape."""
    laid = json.dumps(read_json(arguments), ensure_ascii=False, indent=_INDENT)
    return json_escaped(laid)


def check_edit(text: str, shown: str, words: Words) -> EditCheck:
    """Look at a text before it is sent; `shown` is the card's canonical JSON."""
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST_EDIT_BYTES:
        return EditCheck(fault=words("edit.too_long", most=LONGEST_EDIT_BYTES // 1024))
    read = parse_strict(text)
    if isinstance(read, Malformed):
        return EditCheck(fault=_fault(text, read, words))
    if not isinstance(read.value, dict):
        return EditCheck(fault=words("edit.no_object"))
    return EditCheck(changed=canonical(read.value).decode() != shown)


def edit_rows(asked: str, edited: str) -> tuple[DiffRow, ...]:
    """Return what a person changed of an agent's arguments; both are canonical JSON."""
    return laid_out(diff_rows(*(_lines(arguments) for arguments in (asked, edited))))


def _lines(arguments: str) -> str:
    return json.dumps(read_json(arguments), ensure_ascii=False, indent=_INDENT)


def _fault(text: str, read: Malformed, words: Words) -> str:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        place = words("edit.line", line=error.lineno, column=error.colno)
        return words("edit.no_json", place=place)
    except (ValueError, RecursionError):
        pass
    return words("edit.malformed", reason=reason_text(read.reason, words))
