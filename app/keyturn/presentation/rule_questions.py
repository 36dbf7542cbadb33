"""Owns what is answered to who asks the rules: can this ever happen, what would become of a call.

Nothing here decides: the broker judges each call anew, and more makes it stricter there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from keyturn.domain.canonical import JsonObject, Parsed, parse_strict
from keyturn.domain.decision import Verdict
from keyturn.domain.environment import PRODUCTION
from keyturn.domain.lamps import Lamps
from keyturn.domain.pattern import name_matches
from keyturn.domain.policy import Because, Judgement, Posture, judge
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject
from keyturn.domain.rule_life import AT_ANY_TIME
from keyturn.domain.rule_lint import KnownTool
from keyturn.domain.rule_proof import Question, can_ever
from keyturn.domain.tier import Tier, effective_tier
from keyturn.domain.touches import touches_of
from keyturn.presentation.cells import ANY
from keyturn.presentation.rule_effects import known_tools
from keyturn.presentation.rule_findings import RuleFindings
from keyturn.presentation.rule_sentences import RuleSentences
from keyturn.presentation.rules import RulesState
from keyturn.presentation.typed_conditions import TypedCondition, read_conditions
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LONGEST_NAME: Final = 60
_MOST_NAMED: Final = 5
_MOST_WAYS: Final = 2_000
"""Ways past the stricter rules that are looked at while somebody waits for the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOfRules:
    """What stands in the fields; "" is what was not chosen yet."""

    agent: str = ""
    server: str = ""
    tool: str = ""
    when: tuple[TypedCondition, ...] = ()
    arguments: str = ""
    """JSON of one call."""


def ever_lines(asked: AskedOfRules, state: RulesState, words: Words) -> tuple[str, ...]:
    """Say whether the rules can ever let through what is asked about, and by which call."""
    read = read_conditions(asked.when)
    if read.fault is not None:
        key, path, text = read.fault
        return (words(key, path=path, text=text),)
    question = Question(
        agent=asked.agent or ANY,
        server=asked.server or ANY,
        tool=asked.tool or ANY,
        when=read.conditions,
    )
    answer = can_ever(question, state.all_rules, most=_MOST_WAYS)
    lines = [RuleFindings(words).answer(answer)]
    reads = _reads_let_through(question, state)
    if reads:
        named = ", ".join(
            words(
                "rules.tool_of",
                tool=shown_line(tool.name, words, most=_LONGEST_NAME),
                server=shown_line(tool.server, words, most=_LONGEST_NAME),
            )
            for tool in reads[:_MOST_NAMED]
        )
        if len(reads) > _MOST_NAMED:
            named = words("rules.and_more", names=named, n=len(reads) - _MOST_NAMED)
        lines.append(words("rules.ask_reads", n=len(reads), tools=named))
    return tuple(lines)


def _reads_let_through(question: Question, state: RulesState) -> tuple[KnownTool, ...]:
    """Return the tools that are asked about and pass by the posture, whatever allows them."""
    if state.posture is not Posture.ASK_WRITES or state.suspended or state.distrusted:
        return ()
    return tuple(
        tool
        for tool in known_tools(state.servers)
        if name_matches(question.server, tool.server)
        and name_matches(question.tool, tool.name)
        and _tier_of(tool, state) is Tier.T0
    )


def _tier_of(known: KnownTool | None, state: RulesState) -> Tier:
    """Return the tier of a call of a tool that is known; what is labelled production raises it."""
    server = known.server if known is not None else ""
    labels = {
        label
        for one in state.servers
        if one.name == server
        for label in (one.environment, *one.credential_environments.values())
    }
    return effective_tier(
        known.tier if known is not None else None,
        environment_raises=PRODUCTION in labels,
        arguments_bytes=0,
    )


def call_lines(asked: AskedOfRules, state: RulesState, words: Words) -> tuple[str, ...]:
    """Say what would become of one call, and what was not looked at."""
    if ANY in (asked.agent, asked.server, asked.tool) or not (
        asked.agent and asked.server and asked.tool
    ):
        return (words("rules.test_one"),)
    arguments = _arguments(asked.arguments)
    if arguments is None:
        return (words("rules.test_odd"),)
    known = next(
        (
            tool
            for tool in known_tools(state.servers)
            if (tool.server, tool.name) == (asked.server, asked.tool)
        ),
        None,
    )
    return (_said(_judged(asked, arguments, known, state), words), words("rules.test_bounds"))


def _judged(
    asked: AskedOfRules, arguments: JsonObject, known: KnownTool | None, state: RulesState
) -> Judgement:
    """Judge by the rules that act; limits are taken as not reached, and no lamp as lit."""
    rests = state.suspended or state.distrusted
    subject = RuleSubject(
        kind=Kind.CALL,
        agent=asked.agent,
        server=asked.server,
        tool=asked.tool,
        arguments=arguments,
        lamps=Lamps.NONE,
        touches=touches_of(arguments, tool=asked.tool),
    )
    return judge(
        subject,
        tier=_tier_of(known, state),
        labels=known.labels if known is not None else Lamps.NONE,
        rules=_acting(state.all_rules, rests=rests),
        posture=Posture.ASK_ALL if rests else state.posture,
        moment=AT_ANY_TIME,
    )


def _acting(rules: Sequence[Rule], *, rests: bool) -> tuple[Rule, ...]:
    """Return the rules that are on; a window is taken as open, which only makes it stricter."""
    return tuple(
        replace(rule, during=())
        for rule in rules
        if rule.enabled and not (rests and rule.effect is Effect.ALLOW)
    )


def _said(judgement: Judgement, words: Words) -> str:
    rule = judgement.rule
    named = words("rules.quoted", text=RuleSentences(words).title(rule)) if rule else ""
    match judgement.verdict:
        case Verdict.ALLOW:
            return words("rules.test_allow", rule=named) if rule else words("rules.test_reads")
        case Verdict.DENY:
            return words("rules.test_deny", rule=named)
        case Verdict.ASK:
            key = _ASKING.get(judgement.because, "rules.test_ask_other")
            return words(key, rule=named)


_ASKING: Final = {
    Because.RULE: "rules.test_ask",
    Because.NO_RULE: "rules.test_ask_none",
    Because.NOT_CONFIRMED: "rules.test_ask_tier",
    Because.RULE_FAULT: "rules.test_ask_fault",
    Because.RULE_TOO_MANY: "rules.test_ask_many",
}


def _arguments(text: str) -> JsonObject | None:
    parsed = parse_strict(text.strip() or "{}")
    value = parsed.value if isinstance(parsed, Parsed) else None
    return value if isinstance(value, dict) else None
