"""Says what a person may not think of about a rule, beside the others and the tools of today."""

from collections.abc import Iterator

from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_lint import Oddity, lint_rule
from keyturn.presentation.marks import Icon, IconText, Role
from keyturn.presentation.rule_effects import (
    Coverage,
    coverage,
    is_open_ended,
    known_tools,
    overruled,
)
from keyturn.presentation.rule_findings import RuleFindings
from keyturn.presentation.rules import RulesState
from keyturn.presentation.words import Words


class RuleWarnings:
    """Words only; it holds no state."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._findings = RuleFindings(words)

    def warnings(self, rule: Rule, state: RulesState) -> Iterator[IconText]:
        """Yield what is to be said before the rule is saved, and beside it later."""
        words = self._words
        for finding in lint_rule(rule, state.all_rules, known_tools(state.servers)):
            said = self._findings.sentence(finding)
            if finding.oddity is Oddity.NO_TEST:
                said = f"{said} {words('rules.odd_no_test_mend')}"
            yield attention(said)
        looser = overruled(rule, state.all_rules)
        if looser:
            yield IconText(icon=Icon.NOTICE, text=words("rules.overrules", n=len(looser)))
        covered = coverage(rule, state.servers)
        for tool in covered.changed[:1]:
            yield attention(words("rules.tool_changed", tool=tool.name))
        if rule.effect is Effect.ALLOW:
            yield from self._loosening(rule, covered)

    def _loosening(self, rule: Rule, covered: Coverage) -> Iterator[IconText]:
        """Say what an allow rule lets through that a person may not think of."""
        words = self._words
        reaching = covered.reaching
        if reaching:
            names = ", ".join(words("rules.quoted", text=tool.name) for tool in reaching[:3])
            key = "rules.reaching" if len(reaching) <= 3 else "rules.reaching_more"
            text = words(key, n=len(reaching), names=names)
            yield IconText(icon=Icon.TIER_2, text=text, role=Role.T2)
        if covered.unconfirmed:
            text = words("rules.unconfirmed", n=len(covered.unconfirmed))
            yield IconText(icon=Icon.TIER_3, text=text, role=Role.T3)
        if is_open_ended(rule):
            yield attention(words("rules.open_ended"))


def attention(text: str) -> IconText:
    """Return a text with the mark of what wants a look."""
    return IconText(icon=Icon.ATTENTION, text=text, role=Role.WARNING)
