"""Builds the rules' screen from the broker's state: rows, one rule in full, the form's preview."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from keyturn.application.console_protocol import StateChanged
from keyturn.application.console_state import RuleState
from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.policy import Posture
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_data import rule_from_data
from keyturn.domain.rule_life import Life
from keyturn.domain.rule_lint import is_of
from keyturn.domain.tier import Tier
from keyturn.presentation.argument_paths import argument_paths
from keyturn.presentation.card import Chip, Pair
from keyturn.presentation.cells import (
    ANY,
    Cell,
    ListRow,
    NameChoice,
    Notice,
    Question,
    marked,
)
from keyturn.presentation.marks import Icon, IconText, Role
from keyturn.presentation.relative_time import local_time, moment_text
from keyturn.presentation.rule_drafts import RuleDraft, fault_of_typed, rule_of
from keyturn.presentation.rule_effects import Coverage, coverage, known_tools, overruling
from keyturn.presentation.rule_sentences import RuleSentences
from keyturn.presentation.rule_warnings import RuleWarnings, attention
from keyturn.presentation.rules import (
    EffectChoice,
    KnownRule,
    PostureChoice,
    RuleChoices,
    RuleDetail,
    RulePreview,
    RulesPage,
    RulesState,
)
from keyturn.presentation.seals import rules_rest
from keyturn.presentation.typed_conditions import faults_of
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_log = logging.getLogger(__name__)

_EFFECTS: Final = {
    Effect.ASK: ("rules.ask", "rules.ask_note", Icon.CONFIRM, Role.NEUTRAL),
    Effect.ALLOW: ("rules.allow", "rules.allow_note", Icon.CHECK, Role.ALLOW),
    Effect.DENY: ("rules.deny", "rules.deny_note", Icon.CROSS, Role.DENY),
}
_POSTURES: Final = {
    Posture.ASK_ALL: ("rules.posture_all", "rules.posture_all_note"),
    Posture.ASK_WRITES: ("rules.posture_writes", "rules.posture_writes_note"),
}
_BY_NAME: Final = {posture.value: posture for posture in Posture}
_LONGEST_NAME: Final = 60


def read_rules(states: Iterable[RuleState]) -> tuple[KnownRule, ...]:
    """Read the broker's rules; one that cannot be read is left out and logged."""
    return tuple(_read(states))


def with_hits(rules: Iterable[KnownRule], hits: Mapping[str, int]) -> tuple[KnownRule, ...]:
    """Return the rules with how often each decided; one that is not named keeps its number."""
    return tuple(replace(known, hits=hits.get(known.rule.id, known.hits)) for known in rules)


def _read(states: Iterable[RuleState]) -> Iterator[KnownRule]:
    for state in states:
        parsed = parse_strict(state.data)
        if not isinstance(parsed, Parsed) or not isinstance(parsed.value, dict):
            _log.error("the broker sent a rule that is no object")
            continue
        try:
            rule = rule_from_data(parsed.value)
        except ConfigurationError as error:
            _log.error("the broker sent an unusable rule error=%s", error)
            continue
        life = _LIVES.get(state.life, Life.ACTS)
        yield KnownRule(
            rule=rule, hits=state.hits, last_hit=state.last_hit, life=life, uses=state.uses
        )


def state_after(state: RulesState, message: StateChanged) -> RulesState:
    """Return what the screen is made of once the broker has said more."""
    if message.rules is not None:
        state = replace(state, rules=read_rules(message.rules))
    if message.hits is not None:
        state = replace(state, rules=with_hits(state.rules, message.hits))
    if message.posture is not None:
        posture = _BY_NAME.get(message.posture, Posture.ASK_ALL)
        state = replace(state, posture=posture)
    if message.servers is not None:
        state = replace(state, servers=message.servers)
    if message.agents is not None:
        state = replace(state, agents=message.agents)
    if message.stop is not None:
        state = replace(state, suspended=message.stop.careful)
    if message.seals is not None:
        state = replace(state, distrusted=rules_rest(message.seals))
    return state


class RulesBuilder:
    """Words and shapes; it holds no state."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._sentences = RuleSentences(words)
        self._said = RuleWarnings(words)

    def page(self, state: RulesState, search: str = "") -> RulesPage:
        """Return the list and what stands around it; `search` looks at every word of a row."""
        rows = [self._row(known, state) for known in state.rules]
        wanted = search.casefold().split()
        found = tuple(row for row in rows if _has_all(row, wanted))
        words = self._words
        summary = words("rules.count", n=len(rows))
        if wanted:
            summary = words("rules.found", found=len(found), n=len(rows))
        return RulesPage(
            rows=found,
            summary=summary,
            postures=self._postures(state),
            suspended=self._suspended() if state.suspended else None,
            empty=not rows,
        )

    def detail(self, known: KnownRule, state: RulesState) -> RuleDetail:
        """Return one rule in full."""
        words, rule = self._words, known.rule
        title, _, icon, role = _EFFECTS[rule.effect]
        said = self._state_of(known, state)
        return RuleDetail(
            rule_id=rule.id,
            sentence=self._sentences.sentence(rule),
            chips=(
                Chip(role=role, icon=icon, text=words(title)),
                Chip(role=said.role, icon=said.icon, text=said.text),
            ),
            conditions=self._sentences.conditions(rule),
            limits=self._sentences.limits(rule),
            pairs=(
                *((Pair(key=words("rules.name"), value=rule.name),) if rule.name else ()),
                Pair(key=words("rules.agent"), value=rule.agent, exact=True),
                Pair(key=words("rules.server"), value=rule.server, exact=True),
                Pair(
                    key=words("rules.tool" if rule.kind is Kind.CALL else "rules.named"),
                    value=rule.tool,
                    exact=True,
                ),
                Pair(key=words("rules.covers"), value=self._covers(rule, state)),
                Pair(key=words("rules.hits"), value=self._hits(known)),
                *self._uses(known),
                Pair(key=words("rules.id"), value=rule.id, exact=True),
            ),
            warnings=tuple(self._said.warnings(rule, state)),
            toggle=words("rules.turn_off" if rule.enabled else "rules.turn_on"),
            enabled=rule.enabled,
            remove=Question(
                text=words("rules.remove_never" if rule.never else _REMOVE_TEXTS[rule.effect]),
                go=words("rules.remove_go"),
                keep=words("rules.remove_keep"),
            ),
        )

    def effects(self) -> tuple[EffectChoice, ...]:
        """Return the form's effects; asking comes first, as it neither opens nor closes."""
        return tuple(
            EffectChoice(effect=effect, title=self._words(title), note=self._words(note))
            for effect, (title, note, _, _) in _EFFECTS.items()
        )

    def choices(
        self, state: RulesState, server: str, draft: RuleDraft | None = None
    ) -> RuleChoices:
        """Return what is known today: exact names first, all of them last.

        Of what is no tool only the name is known that a rule is being made of.
        """
        base = draft.base if draft is not None else None
        agents = self._names(
            (agent.name for agent in state.agents), "rules.all_agents", base and base.agent
        )
        servers = self._names(
            (server.name for server in state.servers), "rules.all_servers", base and base.server
        )
        if draft is not None and draft.kind is not Kind.CALL:
            names = (draft.tool,) if draft.tool not in ("", ANY) else ()
            things = self._names(names, "rules.all_things")
            return RuleChoices(agents=agents, servers=servers, tools=things)
        tools = [t.name for s in state.servers if s.name == server for t in s.tools]
        if server == ANY:
            tools = sorted({tool.name for s in state.servers for tool in s.tools})
        return RuleChoices(
            agents=agents,
            servers=servers,
            tools=self._names(tools, "rules.all_tools", base and base.tool),
            paths=_paths(draft, state) if draft is not None else (),
        )

    def preview(self, draft: RuleDraft, state: RulesState) -> RulePreview:
        """Return what the draft says, what it would do, and what is still to be chosen."""
        rule = rule_of(draft)
        missing = next((self._words(key) for name, key in _missing(draft) if not name), "")
        missing = missing or fault_of_typed(draft, self._words)
        warnings = () if missing else tuple(self._said.warnings(rule, state))
        known = state.find(rule.id)
        if not missing and known is not None and (draft.base is None or known.rule == rule):
            warnings = (attention(self._words("rules.exists")), *warnings)
        bounds = (*self._sentences.conditions(rule), *self._sentences.limits(rule))
        return RulePreview(
            sentence="" if missing else self._sentences.sentence(rule),
            bounds=() if missing else bounds,
            warnings=warnings,
            missing=missing,
            faults=faults_of(draft.when, self._words),
        )

    # ---------------------------------------------------------------- rows

    def _row(self, known: KnownRule, state: RulesState) -> ListRow:
        rule = known.rule
        title, _, icon, role = _EFFECTS[rule.effect]
        return ListRow(
            row_id=rule.id,
            cells=(
                Cell(text=self._sentences.sentence(rule), note=self._note(rule)),
                Cell(text=self._words("rules.any") if rule.agent == ANY else rule.agent),
                Cell(text=f"{rule.server} / {rule.tool}", exact=True),
                marked(IconText(icon=icon, text=self._words(title), role=role)),
                Cell(text=self._words.figure(known.hits)),
                marked(self._state_of(known, state)),
            ),
        )

    def _note(self, rule: Rule) -> str:
        """Return its name and its first condition; the rest of them is counted."""
        parts = [self._words("rules.quoted", text=rule.name)] if rule.name else []
        conditions = self._sentences.conditions(rule)
        if len(conditions) == 1:
            parts.append(self._words("rules.only_when", condition=conditions[0]))
        elif conditions:
            parts.append(self._words("rules.conditions", n=len(conditions)))
        parts += self._sentences.limits(rule)
        return self._words("rules.between").join(parts)

    def _hits(self, known: KnownRule) -> str:
        if not known.last_hit:
            return self._words("rules.hits_in_all", n=known.hits)
        last = moment_text(local_time(known.last_hit), self._words)
        return self._words("rules.hits_last", n=known.hits, last=last)

    def _uses(self, known: KnownRule) -> tuple[Pair, ...]:
        """Say how much of its uses is left, where they are limited."""
        most = known.rule.limits.uses
        if most is None:
            return ()
        left = self._words("rules.uses_left", left=max(0, most - known.uses), n=most)
        return (Pair(key=self._words("rules.uses"), value=left),)

    def _state_of(self, known: KnownRule, state: RulesState) -> IconText:
        words, rule = self._words, known.rule
        if not rule.enabled:
            return IconText(icon=Icon.PAUSED, text=words("rules.state_off"))
        if (state.suspended or state.distrusted) and rule.effect is Effect.ALLOW:
            return attention(words("rules.state_suspended"))
        if known.life is not Life.ACTS:
            return attention(words(_LIFE_TEXTS[known.life]))
        stricter = overruling(rule, state.all_rules)
        if stricter is not None:
            return attention(words("rules.state_overruled"))
        covered = coverage(rule, state.servers)
        if _matches_nothing(rule, covered, state):
            return attention(words("rules.state_no_tool"))
        if covered.changed and len(covered.changed) == len(covered.tools):
            return IconText(icon=Icon.CHANGED, text=words("rules.state_changed"), role=Role.WARNING)
        if rule.effect is Effect.ALLOW and _waits_for_a_tier(covered):
            return attention(words("rules.state_tier"))
        return IconText(icon=Icon.CHECK, text=words("rules.state_acts"))

    # ---------------------------------------------------------------- what it does

    def _covers(self, rule: Rule, state: RulesState) -> str:
        known = coverage(rule, state.servers).tools
        return self._words("rules.covers_known", n=len(known))

    # ---------------------------------------------------------------- around the list

    def _postures(self, state: RulesState) -> tuple[PostureChoice, ...]:
        words = self._words
        reads = sum(tool.tier is Tier.T0 for server in state.servers for tool in server.tools)
        loosening = Question(
            text=words("rules.posture_question", n=reads),
            go=words("rules.posture_go"),
            keep=words("rules.posture_keep"),
        )
        return tuple(
            PostureChoice(
                posture=posture,
                title=words(title),
                note=words(note),
                chosen=posture is state.posture,
                question=loosening if posture is Posture.ASK_WRITES else None,
            )
            for posture, (title, note) in _POSTURES.items()
        )

    def _suspended(self) -> Notice:
        words = self._words
        return Notice(
            strong=words("rules.suspended"),
            rest=words("rules.suspended_rest"),
            role=Role.WARNING,
            action=words("rules.use_again"),
        )

    def _names(
        self, names: Iterable[str], all_key: str, kept: str | None = None
    ) -> tuple[NameChoice, ...]:
        """Offer names; `kept` is what a rule that is changed has, known or not."""
        also = (kept,) if kept and kept != ANY else ()
        exact = (
            NameChoice(name=name, text=shown_line(name, self._words, most=_LONGEST_NAME))
            for name in dict.fromkeys((*names, *also))
        )
        return (*exact, NameChoice(name=ANY, text=self._words(all_key)))


_LIVES: Final = {life.name.lower(): life for life in Life}
_LIFE_TEXTS: Final = {
    Life.ENDED: "rules.state_ended",
    Life.SPENT: "rules.state_spent",
    Life.OVER_RATE: "rules.state_rate",
    Life.OUTSIDE: "rules.state_outside",
    Life.TOO_MANY: "rules.state_rate",
    Life.OVER_HOUR: "rules.state_rate",
}
_REMOVE_TEXTS: Final = {
    Effect.ALLOW: "rules.remove_allow",
    Effect.ASK: "rules.remove_ask",
    Effect.DENY: "rules.remove_deny",
}


def _missing(draft: RuleDraft) -> Sequence[tuple[str, str]]:
    return (
        (draft.agent, "rules.choose_agent"),
        (draft.server, "rules.choose_server"),
        (draft.tool, "rules.choose_tool"),
    )


def _paths(draft: RuleDraft, state: RulesState) -> tuple[NameChoice, ...]:
    """Return the arguments of the tools that the draft speaks of."""
    asked = Rule(id="", effect=Effect.ASK, server=draft.server, tool=draft.tool)
    tools = known_tools(state.servers) if draft.server and draft.tool else ()
    return argument_paths(tool for tool in tools if is_of(asked, tool))


def _matches_nothing(rule: Rule, covered: Coverage, state: RulesState) -> bool:
    """Tell whether a rule covers no tool of those that are known, if any is."""
    some = any(server.tools for server in state.servers)
    return rule.kind is Kind.CALL and some and not covered.tools


def _waits_for_a_tier(covered: Coverage) -> bool:
    return bool(covered.tools) and len(covered.unconfirmed) == len(covered.tools)


def _has_all(row: ListRow, wanted: Sequence[str]) -> bool:
    text = " ".join(f"{cell.text} {cell.note}" for cell in row.cells).casefold()
    return all(word in text for word in wanted)
