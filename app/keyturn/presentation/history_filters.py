"""Owns the language of the history's search: what is typed, what it narrows, what completes it.

A token is `key:value`, several values with commas between; `arg.to:` looks into one argument. The
values are the record's own, or the words that the table says for them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from keyturn.application.console_protocol import StateChanged
from keyturn.application.window_setting_names import LONGEST_TYPED
from keyturn.domain.decision import Actor, Delivery, Outcome
from keyturn.domain.history_filter import HistoryFilter
from keyturn.domain.tier import Tier
from keyturn.presentation.history import FilterToken
from keyturn.presentation.rules_builder import RulesState, state_after
from keyturn.presentation.weakenings import OUTCOMES
from keyturn.presentation.words import Words

ARGUMENT: Final = "arg."
KEYS: Final = (
    "agent",
    "server",
    "tool",
    "outcome",
    "tier",
    "rule",
    "decided",
    "host",
    "since",
    "until",
)
MOST_OFFERS: Final = 12
_SEARCH: Final = "text:"
"""Before the words that are looked for, among the filters that are kept."""
_TIMES: Final = frozenset({"since", "until"})
_AGO: Final = re.compile(r"([0-9]{1,4})(min|h|d)")
_DAYS: Final = {"today": 0, "yesterday": 1}
_UNITS: Final = {"min": "minutes", "h": "hours", "d": "days"}
_OTHERS: Final = (Actor.TIMEOUT, Actor.STOP, Actor.CLIENT, Actor.KEYTURN, Actor.ERROR)
_DECIDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "you": (Actor.HUMAN.value,),
    "rule": (Actor.RULE.value,),
    "system": tuple(actor.value for actor in _OTHERS),
    "nobody": (Actor.TIMEOUT.value,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """What completes a value: names that the broker told of."""

    agents: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


NO_NAMES: Final = KnownNames()


def token_of(typed: str, now: datetime) -> FilterToken | None:
    """Read `key: value`; None for words, for a key that is none, and for a time that is none."""
    key, colon, value = typed.partition(":")
    key, value = key.strip(), value.strip()
    if not colon or not value:
        return None
    if key.casefold().startswith(ARGUMENT):
        path = key[len(ARGUMENT) :]
        return FilterToken(key=f"{ARGUMENT}{path}", value=value) if path else None
    key = key.casefold()
    if key not in KEYS or (key in _TIMES and not _moment(value, now)):
        return None
    return FilterToken(key=key, value=value)


def filter_of(
    tokens: Sequence[FilterToken], text: str, words: Words, now: datetime
) -> HistoryFilter:
    """Return what tokens and free words look for; `now` is aware, times are the reader's own."""
    named: dict[str, tuple[str, ...]] = {}
    for token in tokens:
        named[token.key] = (*named.get(token.key, ()), *_values(token))
    outcomes = (one for t in tokens if t.key == "outcome" for one in _meant(t, words))
    arguments = [
        (_pointer(key[len(ARGUMENT) :]), value)
        for key, values in named.items()
        if key.startswith(ARGUMENT)
        for value in values
    ]
    times = {t.key: _moment(t.value, now) or t.value for t in tokens if t.key in _TIMES}
    return HistoryFilter(
        agents=named.get("agent", ()),
        servers=named.get("server", ()),
        tools=named.get("tool", ()),
        outcomes=tuple(outcomes),
        tiers=tuple(value.upper() for value in named.get("tier", ())),
        actors=_all(named.get("decided", ()), _DECIDERS),
        rules=named.get("rule", ()),
        sessions=named.get("session", ()),
        arguments=tuple(arguments),
        hosts=named.get("host", ()),
        since=times.get("since", ""),
        until=times.get("until", ""),
        text=text,
    )


def kept_filters(tokens: Sequence[FilterToken], text: str = "") -> str:
    """Write the filters and words that a restart brings back, a line each.

    All of them or none: a part would show a list that nobody asked for.
    """
    lines = [f"{token.key}:{token.value}" for token in tokens]
    if any(_kept_token(line) != token for line, token in zip(lines, tokens, strict=True)):
        return ""
    if words := text.strip():
        lines.append(f"{_SEARCH}{words}")
    kept = "\n".join(lines)
    return kept if len(kept) <= LONGEST_TYPED and kept.count("\n") < max(1, len(lines)) else ""


def read_filters(text: str, now: datetime) -> tuple[FilterToken, ...]:
    """Read the filters of what `kept_filters` wrote; what is none is left out."""
    found = (token_of(line, now) for line in text[:LONGEST_TYPED].split("\n"))
    return tuple(token for token in found if token is not None)


def read_search(text: str) -> str:
    """Read the words of what `kept_filters` wrote; empty where there are none."""
    lines = text[:LONGEST_TYPED].split("\n")
    return next((line[len(_SEARCH) :] for line in lines if line.startswith(_SEARCH)), "")


def unworded(tokens: Sequence[FilterToken], words: Words) -> tuple[FilterToken, ...]:
    """Return filters as they are kept: by the record's own names, which no language changes."""
    return tuple(_unworded(token, words) for token in tokens)


def worded(tokens: Sequence[FilterToken], words: Words) -> tuple[FilterToken, ...]:
    """Return kept filters as they are shown, where the table has one word for all of a value."""
    texts = {stands: text for text, stands in _outcomes(words).items()}
    return tuple(
        replace(token, value=texts.get((token.value,), token.value))
        if token.key == "outcome"
        else token
        for token in tokens
    )


def _unworded(token: FilterToken, words: Words) -> FilterToken:
    if token.key != "outcome":
        return token
    said = _outcomes(words)
    known, whole = set(map(str.casefold, said)), token.value.replace(",", "")
    # A word with a comma of its own is one; values that are no words stay as they were typed.
    values = (whole,) if whole.casefold() in known else _values(token)
    if not any(value.casefold() in known for value in values):
        return token
    return replace(token, value=",".join(_all(values, said)))


def _kept_token(line: str) -> FilterToken | None:
    """Read a line as it will be read, but for whether a time is one."""
    key, _, value = (part.strip() for part in line.partition(":"))
    known = key in KEYS or (key.startswith(ARGUMENT) and key != ARGUMENT)
    return FilterToken(key=key, value=value) if known and value else None


def offers(typed: str, known: KnownNames, words: Words) -> tuple[str, ...]:
    """Return what could be meant by what is typed, whole tokens or the beginning of one."""
    key, colon, value = typed.lstrip().partition(":")
    key, value = key.casefold(), value.strip().casefold()
    if not colon:
        keys = (*KEYS, ARGUMENT) if key else ()
        ends = ((one, "" if one == ARGUMENT else ":") for one in keys)
        return tuple(f"{one}{end}" for one, end in ends if one.startswith(key))
    told = {
        "agent": known.agents,
        "server": known.servers,
        "tool": known.tools,
        "rule": known.rules,
        "outcome": tuple(_outcomes(words)),
        "tier": tuple(tier.name for tier in Tier),
        "decided": tuple(_DECIDERS),
        "since": (*_DAYS, "1h", "7d", "30d"),
        "until": tuple(_DAYS),
    }
    names = dict.fromkeys(told.get(key, ()))
    fit = [name for name in names if value in name.casefold() and "," not in name]
    return tuple(f"{key}:{name}" for name in fit[:MOST_OFFERS])


def names_after(known: KnownNames, message: StateChanged) -> KnownNames:
    """Return the names that complete a value, after what the broker told."""
    if message.agents is not None:
        known = replace(known, agents=tuple(one.name for one in message.agents))
    if message.servers is not None:
        tools = (tool.name for server in message.servers for tool in server.tools)
        servers = tuple(one.name for one in message.servers)
        known = replace(known, servers=servers, tools=tuple(dict.fromkeys(tools)))
    if message.rules is not None:
        rules = state_after(RulesState(), message).rules
        named = (one.rule.name or one.rule.id for one in rules)
        known = replace(known, rules=tuple(dict.fromkeys(named)))
    return known


def _values(token: FilterToken) -> tuple[str, ...]:
    if token.key.startswith(ARGUMENT) or token.key in _TIMES:
        return (token.value,)
    return tuple(part.strip() for part in token.value.split(",") if part.strip())


def _outcomes(words: Words) -> Mapping[str, tuple[str, ...]]:
    """Return what each word of the outcome's column stands for."""
    said = {words(f"history.outcome_{one.value}"): (one.value,) for one in Outcome}
    sent = {words(f"history.delivery_{one.value}"): (one.value,) for one in Delivery}
    weak = {words(f"weakened.outcome_{one}"): (one,) for one in OUTCOMES}
    # What a comma parts cannot be typed as one.
    return {text.replace(",", ""): stands for text, stands in (sent | said | weak).items()}


def _meant(token: FilterToken, words: Words) -> tuple[str, ...]:
    """Return the outcomes of a token; "refused" stands for all whose names begin so."""
    said = _outcomes(words)
    whole = token.value.replace(",", "")
    values = (whole,) if whole.casefold() in map(str.casefold, said) else _values(token)
    found = [_of_kind(one) for one in _all(values, said)]
    return tuple(one for kind in found for one in kind)


def _of_kind(name: str) -> tuple[str, ...]:
    known = (one.value for one in (*Outcome, *Delivery) if one.value.startswith(f"{name}_"))
    return tuple(known) or (name,)


def _all(values: Iterable[str], said: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    folded = {text.casefold(): stands for text, stands in said.items()}
    found = [folded.get(value.casefold(), (value,)) for value in values]
    return tuple(one for stands in found for one in stands)


def _pointer(path: str) -> str:
    """Read `to`, `body.title` or `/body/title` as a JSON Pointer (RFC 6901)."""
    if path.startswith("/"):
        return path
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in path.split("."))


def _moment(text: str, now: datetime) -> str:
    """Read "today", "7d", "2026-11-23" or with a clock as a record's time; empty for none."""
    ago = _AGO.fullmatch(text.strip().casefold())
    try:
        if (days := _DAYS.get(text.strip().casefold())) is not None:
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
            moment = midnight - timedelta(days=days)
        elif ago is not None:
            moment = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        else:
            moment = datetime.fromisoformat(text.strip())
            moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=now.tzinfo)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
