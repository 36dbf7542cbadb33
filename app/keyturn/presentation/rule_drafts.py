"""Owns how a rule is made in a form: its draft as it is typed, and the rule that comes of it.

Limits are kept as they are typed, whole or not; times are the reader's own, rules keep UTC.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from keyturn.application.recorded_names import LONGEST_NAME
from keyturn.domain.canonical import JsonObject, JsonValue, canonical
from keyturn.domain.client_request import kind_of
from keyturn.domain.decision import Outcome
from keyturn.domain.pattern import is_glob
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_data import MOST_USES, rule_from_data, rule_to_data
from keyturn.domain.rule_life import NO_LIMITS, RuleLimits, Window, instant, written
from keyturn.domain.server_input import KINDS as SERVER_KINDS
from keyturn.presentation.cells import ANY
from keyturn.presentation.history_builder import RecordedCall
from keyturn.presentation.typed_conditions import (
    TypedCondition,
    read_conditions,
    typed_condition,
)
from keyturn.presentation.used_names import UsedNames
from keyturn.presentation.words import Words

_TYPED: Final = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
_UNREAD: Final = frozenset(one for one in Outcome if one.value.startswith(("refused_", "error_")))
"""Of a call that ended so it may be that nobody reviewed its tool: the name is the agent's text."""
_COUNTS: Final = ("per_minute", "uses", "touches_per_call", "touches_per_hour")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedLimits:
    """What bounds a rule, as it stands in the fields; empty for no limit."""

    per_minute: str = ""
    uses: str = ""
    touches_per_call: str = ""
    touches_per_hour: str = ""
    until: str = ""
    windows: tuple[tuple[str, str], ...] = ()
    """Begin and end of each; of a rule that denies or asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDraft:
    """A rule that is being made; "" is what was not chosen yet."""

    effect: Effect = Effect.ASK
    agent: str = ""
    server: str = ""
    tool: str = ""
    name: str = ""
    never: bool = False
    """No approval may let it through; of a rule that denies."""
    kind: Kind = Kind.CALL
    """Another one where it was begun of a decision about what is no tool's call."""
    limits: TypedLimits = TypedLimits()
    when: tuple[TypedCondition, ...] = ()
    base: Rule | None = None
    """The rule whose place it takes; what no field shows stays as it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    limits: RuleLimits = NO_LIMITS
    during: tuple[Window, ...] = ()
    fault: tuple[str, str] | None = None
    """Key of the sentence that says what cannot be read, and what was typed."""


def rule_of(draft: RuleDraft, rule_id: str = "") -> Rule:
    """Return the rule that a complete draft stands for; the same draft gives the same id."""
    read = _read(draft)
    data: JsonObject = {
        "effect": draft.effect.value,
        "kind": draft.kind.value,
        "agent": draft.agent or ANY,
        "server": draft.server or ANY,
        "tool": draft.tool or ANY,
        "name": draft.name.strip(),
        **_life(draft, read),
    }
    tests: list[JsonValue] = [
        {"path": one.path, "op": one.op.value, "value": one.value}
        for one in read_conditions(draft.when).conditions
    ]
    if tests:
        data["when"] = tests
    if draft.base is not None:
        before = rule_to_data(draft.base)
        data |= {key: before[key] for key in ("id", "enabled")}
    return rule_from_data(data, default_id=rule_id)


def fault_of_typed(draft: RuleDraft, words: Words) -> str:
    """Say which condition or limit cannot be read; empty when all can."""
    odd = read_conditions(draft.when).fault
    if odd is not None:
        return words(odd[0], path=odd[1], text=odd[2])
    fault = _read(draft).fault
    return words(fault[0], text=fault[1], most=words.figure(MOST_USES)) if fault is not None else ""


def data_of(rule: Rule) -> str:
    """Write a rule for the intent that saves it."""
    return canonical(rule_to_data(rule)).decode()


def draft_of(item: RecordedCall) -> RuleDraft:
    """Return the start of a rule about whom and what a decision was about.

    A name that was masked or cut is chosen anew: a rule of it would cover nothing. So is one that
    a rule would read as a pattern: agents write names too, and it would cover what they chose.
    """
    kind = kind_of(item.method) or SERVER_KINDS.get(item.method, Kind.CALL)
    return RuleDraft(
        agent=_plain(item.agent),
        server=_plain(item.server),
        tool=_plain(item.tool) if _is_whole(item, kind) else "",
        kind=kind,
    )


def _plain(name: str) -> str:
    return "" if is_glob(name) else name


def _is_whole(item: RecordedCall, kind: Kind) -> bool:
    """Tell whether a record has a name as it was: of a tool that was judged it always has."""
    if kind is Kind.CALL and item.outcome not in _UNREAD:
        return True
    # Of a tool that nobody reviewed the name alone is kept, with its secrets in brackets.
    masked = item.masked or (kind is Kind.CALL and "[" in item.tool)
    return not masked and len(item.tool) < LONGEST_NAME


def draft_of_rule(rule: Rule) -> RuleDraft:
    """Return the draft that changes a rule."""
    limits = rule.limits
    counts = {name: getattr(limits, name) for name in _COUNTS}
    return RuleDraft(
        effect=rule.effect,
        agent=rule.agent,
        server=rule.server,
        tool=rule.tool,
        name=rule.name,
        never=rule.never,
        kind=rule.kind,
        limits=TypedLimits(
            **{name: "" if count is None else str(count) for name, count in counts.items()},
            until=_shown(limits.until),
            windows=tuple((_shown(w.begins), _shown(w.ends)) for w in rule.during),
        ),
        when=tuple(map(typed_condition, rule.when)),
        base=rule,
    )


def narrowed(rule: Rule, used: UsedNames) -> RuleDraft:
    """Return the draft that keeps of a rule what was used, as far as one rule can say that.

    It names one server, or one tool of it, where no other was used; else it stays as it is.
    """
    draft = draft_of_rule(rule)
    mine = [one for one in used.names if _kind(one.method) is rule.kind]
    servers = {one.server for one in mine}
    if len(servers) != 1 or is_glob(next(iter(servers))):
        return draft
    draft = replace(draft, server=next(iter(servers)))
    names = {one.name for one in mine}
    name = next(iter(names))
    if len(names) == 1 and name and not is_glob(name):
        draft = replace(draft, tool=name)
    return draft


def _kind(method: str) -> Kind | None:
    return kind_of(method) if method else Kind.CALL


def _life(draft: RuleDraft, read: _Read) -> JsonObject:
    """Write what bounds a rule, as the closed schema has it."""
    bounded = Rule(
        id="",
        effect=draft.effect,
        limits=read.limits,
        during=read.during,
        never=draft.never and draft.effect is Effect.DENY,
    )
    data = rule_to_data(bounded)
    return {key: data[key] for key in ("limits", "during", "never") if key in data}


def _read(draft: RuleDraft) -> _Read:
    """Read what was typed of what the effect can have; the fields of the other are not shown."""
    if draft.effect is not Effect.ALLOW:
        return _read_windows(draft.limits.windows)
    typed = draft.limits
    counts: dict[str, int | None] = {}
    for name in _COUNTS:
        text = str(getattr(typed, name)).strip()
        if text and not _is_count(text):
            return _Read(fault=("rules.odd_count", text))
        counts[name] = int(text) if text else None
    until = _instant(typed.until) if typed.until.strip() else ""
    if until is None:
        return _Read(fault=("rules.odd_time", typed.until))
    limits = RuleLimits(**counts, until=until)
    return _Read(limits=limits if limits.are_set else NO_LIMITS)


def _read_windows(typed: Iterable[tuple[str, str]]) -> _Read:
    windows: list[Window] = []
    for begins, ends in _said(typed):
        both = _instant(begins), _instant(ends)
        odd = begins if both[0] is None else ends
        if both[0] is None or both[1] is None:
            return _Read(fault=("rules.odd_time", odd))
        if both[0] >= both[1]:
            return _Read(fault=("rules.odd_window", f"{begins} – {ends}"))
        windows.append(Window(begins=both[0], ends=both[1]))
    return _Read(during=tuple(windows))


def _said(typed: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((begins, ends) for begins, ends in typed if begins.strip() or ends.strip())


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 7 and 1 <= int(text) <= MOST_USES


def _instant(text: str) -> str | None:
    """Read a time of the reader's, or one with its offset; None for what is none."""
    text = text.strip()
    for form in _TYPED:
        try:
            return written(datetime.strptime(text, form).astimezone().astimezone(UTC))
        except (ValueError, OverflowError):
            continue
    try:
        return instant(text)
    except ValueError:
        return None


def _shown(moment: str) -> str:
    """Show an instant in the reader's time; one that this cannot say exactly as it is."""
    if not moment:
        return ""
    local = datetime.fromisoformat(moment).astimezone()
    text = f"{local:%Y-%m-%d %H:%M}" if not local.second else f"{local:%Y-%m-%d %H:%M:%S}"
    return text if _instant(text) == moment else moment
