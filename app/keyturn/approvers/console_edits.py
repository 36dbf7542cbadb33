"""What became of an edit from the window, in a person's words."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from keyturn.application.approvals import Approvals
from keyturn.application.call import Refused
from keyturn.application.console_protocol import IntentDone
from keyturn.application.edit_messages import EditCall
from keyturn.application.editing import Edited, EditEffect, Edits
from keyturn.domain.decision import Outcome
from keyturn.domain.edit import LONGEST_EDIT_BYTES
from keyturn.presentation.refused import reason_text
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_KEYS: Mapping[EditEffect, str] = MappingProxyType(
    {
        EditEffect.OVER: "edit.over",
        EditEffect.STALE: "edit.stale",
        EditEffect.NOT_EDITABLE: "edit.not_editable",
        EditEffect.NO_OBJECT: "edit.no_object",
    }
)
_FAULTS = 3
_LONGEST_FAULT = 200


class ConsoleEdits:
    """Applies what a person wrote in the window."""

    def __init__(self, approvals: Approvals, words: Words) -> None:
        self._edits = Edits(approvals)
        self._words = words

    async def answer(self, message: EditCall, write: Callable[[IntentDone], object]) -> None:
        """Apply an edit and tell the window, whatever comes of it."""
        sentence = self._words("console.failed")
        try:
            done = await self._edits.edit(message.id, message.digest, message.arguments)
            sentence = self._sentence(done)
        finally:
            write(IntentDone(n=message.n, ok=not sentence, sentence=sentence))

    def _sentence(self, done: Edited) -> str:
        """Say why an edit changed nothing; empty where it did."""
        words = self._words
        match done.effect:
            case EditEffect.APPLIED:
                return ""
            case EditEffect.MALFORMED:
                return words("edit.malformed", reason=reason_text(done.reason, words))
            case EditEffect.TOO_LONG:
                return words("edit.too_long", most=LONGEST_EDIT_BYTES // 1024)
            case EditEffect.REFUSED if done.refused is not None:
                return refused_sentence(done.refused, words)
            case _:
                return words(_KEYS.get(done.effect, "console.failed"))


def refused_sentence(refused: Refused, words: Words) -> str:
    """Say why a call as it was written would be refused; its faults name what is wrong."""
    if refused.outcome is Outcome.DENIED_RULE:
        rule = shown_line(refused.rule, words)
        return words("edit.denied_rule", rule=rule) if rule else words("edit.denied")
    if refused.outcome is Outcome.REFUSED_INVALID_ARGUMENTS and refused.faults:
        faults = "; ".join(reason_text(fault, words) for fault in refused.faults[:_FAULTS])
        return words("edit.unfit", faults=shown_line(faults, words, most=_LONGEST_FAULT))
    if refused.outcome is Outcome.REFUSED_INVALID_ARGUMENTS:
        return words("edit.not_editable")
    return words("edit.refused")
