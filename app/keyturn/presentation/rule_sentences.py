"""Says a rule as a sentence, and each of its conditions; the same words wherever it is shown."""

from typing import Final

from keyturn.domain.canonical import canonical
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.pattern import is_glob
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.presentation.words import Words

_SENTENCES: Final = {
    Effect.ALLOW: "rules.sentence_allow",
    Effect.ASK: "rules.sentence_ask",
    Effect.DENY: "rules.sentence_deny",
}
_DEEDS: Final = {
    Kind.CALL: "rules.deed_call",
    Kind.READ: "rules.deed_read",
    Kind.PROMPT: "rules.deed_prompt",
    Kind.COMPLETE: "rules.deed_complete",
    Kind.TASK: "rules.deed_task",
    Kind.SAMPLING: "rules.deed_sampling",
    Kind.ELICITATION: "rules.deed_elicitation",
    Kind.ROOTS: "rules.deed_roots",
}
_THINGS: Final = {
    Kind.CALL: ("rules.any_tool", "rules.tools_like"),
    Kind.TASK: ("rules.any_task", "rules.tasks_like"),
    Kind.READ: ("rules.any_resource", "rules.resources_like"),
    Kind.PROMPT: ("rules.any_prompt", "rules.prompts_like"),
}
_OTHER_THINGS: Final = ("rules.anything", "rules.things_like")
_TESTS: Final = {
    Operator.EQ: "rules.test_eq",
    Operator.NE: "rules.test_ne",
    Operator.IN: "rules.test_in",
    Operator.GLOB: "rules.test_glob",
    Operator.PREFIX: "rules.test_prefix",
    Operator.SUFFIX: "rules.test_suffix",
    Operator.HOST_IN: "rules.test_host_in",
    Operator.PATH_UNDER: "rules.test_path_under",
    Operator.LT: "rules.test_lt",
    Operator.LE: "rules.test_le",
    Operator.GT: "rules.test_gt",
    Operator.GE: "rules.test_ge",
    Operator.LEN_LE: "rules.test_len_le",
    Operator.MATCHES: "rules.test_matches",
    Operator.TAINT_HAS: "rules.test_taint_has",
}


class RuleSentences:
    """Words rules; names are given as they are, tools in quotation marks."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def sentence(self, rule: Rule) -> str:
        """Return "analyst may use “list_orders” with logistics without asking."."""
        deed = self._deed(rule)
        if rule.effect is Effect.DENY and is_glob(rule.agent):
            # "Any agent may never" would not be English.
            key = "rules.sentence_deny_all" if rule.agent == "*" else "rules.sentence_deny_like"
            return self._words(key, pattern=rule.agent, deed=deed)
        return self._words(_SENTENCES[rule.effect], agent=self._agent(rule.agent), deed=deed)

    def conditions(self, rule: Rule) -> tuple[str, ...]:
        """Return each condition as half a sentence: "/page is at most 5"."""
        return tuple(self._condition(condition) for condition in rule.when)

    def limits(self, rule: Rule) -> tuple[str, ...]:
        """Return what bounds the rule in time and number: "at most 3 calls a minute"."""
        words, limits = self._words, rule.limits
        said = [words("rules.never")] if rule.never else []
        if limits.per_minute is not None:
            said.append(words("rules.limit_rate", n=limits.per_minute))
        if limits.uses is not None:
            said.append(words("rules.limit_uses", n=limits.uses))
        if limits.touches_per_call is not None:
            said.append(words("rules.limit_touches", n=limits.touches_per_call))
        if limits.touches_per_hour is not None:
            said.append(words("rules.limit_touches_hour", n=limits.touches_per_hour))
        if limits.until:
            said.append(words("rules.limit_until", time=_time(limits.until)))
        for window in rule.during:
            begins, ends = _time(window.begins), _time(window.ends)
            said.append(words("rules.limit_window", begins=begins, ends=ends))
        return tuple(said)

    def title(self, rule: Rule) -> str:
        """Return what a person called it, or its sentence where it has no name."""
        return rule.name or self.sentence(rule)

    def _agent(self, pattern: str) -> str:
        return self._named(pattern, "rules.any_agent", "rules.agents_like")

    def _deed(self, rule: Rule) -> str:
        any_key, like_key = _THINGS.get(rule.kind, _OTHER_THINGS)
        exact = not is_glob(rule.tool)
        return self._words(
            _DEEDS[rule.kind],
            tool=self._words("rules.quoted", text=rule.tool)
            if exact
            else self._named(rule.tool, any_key, like_key),
            server=self._named(rule.server, "rules.any_server", "rules.servers_like"),
        )

    def _named(self, pattern: str, any_key: str, like_key: str) -> str:
        if pattern == "*":
            return self._words(any_key)
        return self._words(like_key, pattern=pattern) if is_glob(pattern) else pattern

    def _condition(self, condition: Condition) -> str:
        path = condition.path or self._words("rules.whole_arguments")
        if condition.op is Operator.HAS:
            given = condition.value is not False
            return self._words("rules.test_has" if given else "rules.test_has_not", path=path)
        value = canonical(condition.value).decode()
        return self._words(_TESTS[condition.op], path=path, value=value)


def _time(instant: str) -> str:
    """Show an instant of a rule to the second, in the one time zone in which it is kept."""
    day, _, hour = instant.removesuffix("Z").partition("T")
    return f"{day} {hour.partition('.')[0]} UTC"
