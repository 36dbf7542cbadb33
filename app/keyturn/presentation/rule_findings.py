"""Says what is odd about a rule, and what was proved of rules; one sentence each."""

from dataclasses import replace
from typing import Final

from keyturn.domain.canonical import canonical
from keyturn.domain.condition import ConditionFault
from keyturn.domain.rule import Rule, covers
from keyturn.domain.rule_lint import Finding, Oddity
from keyturn.domain.rule_proof import Answer, Never, Possible, Unproved, can_be_reached
from keyturn.presentation.rule_sentences import RuleSentences
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_ODDITIES: Final = {
    Oddity.UNREACHABLE: "rules.odd_unreachable",
    Oddity.DENIED: "rules.denied_by",
    Oddity.ASKED: "rules.asked_by",
    Oddity.OUTWEIGHED: "rules.odd_outweighed",
    Oddity.DUPLICATE: "rules.odd_duplicate",
    Oddity.NO_TOOL: "rules.odd_no_tool",
    Oddity.NO_TEST: "rules.odd_no_test",
    Oddity.NO_PATH: "rules.odd_no_path",
    Oddity.EVERYTHING: "rules.odd_everything",
}
_NAMED: Final = 3
_LONGEST: Final = 400


class RuleFindings:
    """Words only; it holds no state."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._sentences = RuleSentences(words)

    def sentence(self, finding: Finding) -> str:
        """Return what is odd."""
        words = self._words
        by = self._sentences.title(finding.by) if finding.by is not None else ""
        names = ", ".join(words("rules.quoted", text=name) for name in finding.names[:_NAMED])
        return words(
            _ODDITIES[finding.oddity],
            rule=words("rules.quoted", text=by),
            names=names,
            n=len(finding.names),
        )

    def answer(self, answer: Answer) -> str:
        """Return whether something can ever happen, with the call that shows it."""
        match answer:
            case Never():
                return self._words("rules.ever_never")
            case Possible(rule=rule):
                return self._possible(rule, self._call(answer))
            case Unproved():
                return self._words("rules.ever_unproved")

    def _possible(self, rule: Rule | None, call: str) -> str:
        if rule is None:
            return self._words("rules.ever_unasked", call=call)
        named = self._words("rules.quoted", text=self._sentences.title(rule))
        return self._words("rules.ever_possible", rule=named, call=call)

    def saved(self, rule: Rule) -> tuple[bool, str]:
        """Try a rule that was read back on a call; return whether it matches, and the sentence."""
        acting = replace(rule, enabled=True)
        answer = can_be_reached(acting, ())
        if not isinstance(answer, Possible) or not _matches(acting, answer):
            return False, self._words("rules.saved_unmatched")
        key = "rules.saved" if rule.enabled else "rules.saved_off"
        return True, self._words(key, call=self._call(answer))

    def newly(self, answer: Answer) -> str:
        """Return what an edit lets through that was asked about before."""
        match answer:
            case Never():
                return self._words("rules.newly_none")
            case Possible():
                return self._words("rules.newly_some", call=self._call(answer))
            case Unproved():
                return self._words("rules.newly_unproved")

    def _call(self, answer: Possible) -> str:
        """Return who calls what with which arguments, none of it as markup or unseen."""
        call = answer.call
        arguments = canonical(call.arguments).decode()
        text = f"{call.agent}: {call.server} / {call.tool} {arguments}"
        return shown_line(text, self._words, most=_LONGEST)


def _matches(rule: Rule, found: Possible) -> bool:
    """Hold the rule against the call as the judge does."""
    try:
        return covers(rule, found.call)
    except ConditionFault:
        return False
