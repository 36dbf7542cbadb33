"""Owns what the access review says: what stands, since when, when last used, what is overdue.

Three answers are offered for each: keep it, narrow it by what was really used, take it away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from keyturn.application.access_messages import AccessState
from keyturn.domain.access import REVIEW_DAYS, AccessKind
from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_data import rule_from_data
from keyturn.presentation.card import Chip, Pair
from keyturn.presentation.cells import Cell, ListRow, Notice, Question, marked
from keyturn.presentation.marks import Icon, IconText, Role
from keyturn.presentation.relative_time import (
    countdown_text,
    local_time,
    month_text,
)
from keyturn.presentation.rule_sentences import RuleSentences
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_KINDS: Final = {
    AccessKind.AGENT: ("access.agent", "access.revoke_agent", "access.narrow_agent"),
    AccessKind.SIGHT: ("access.sight", "access.revoke_sight", "access.narrow_sight"),
    AccessKind.CREDENTIAL: ("access.credential", "access.revoke_credential", "access.open"),
    AccessKind.RULE: ("access.rule", "access.revoke_rule", "access.narrow_rule"),
    AccessKind.PROFILE: ("access.profile", "access.revoke_profile", "access.open"),
    AccessKind.GRANT: ("access.grant", "access.revoke_grant", ""),
}
"""By kind: its name, what taking it away asks, and the words on the button that narrows it."""
_LONGEST: Final = 300
_MOST_ROWS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPage:
    """The list, and what stands above it."""

    rows: tuple[ListRow, ...]
    summary: str
    overdue: Notice | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDetail:
    """One thing in full."""

    row_id: str
    title: str
    chips: tuple[Chip, ...]
    pairs: tuple[Pair, ...]
    lines: tuple[str, ...]
    """What a list names, or what bounds a rule."""
    lines_title: str
    warnings: tuple[IconText, ...]
    keeps: bool
    narrow: str
    """Words on the button; empty where nothing can be narrowed."""
    revoke: Question


def row_id(state: AccessState) -> str:
    """Name a row; no kind has a colon in it."""
    return f"{state.kind}:{state.name}"


def overdue_notice(n: int, words: Words) -> Notice | None:
    """Return what is said where something is overdue, with the button that leads there."""
    if not n:
        return None
    return Notice(
        strong=words("access.overdue", n=n),
        rest=words("access.overdue_rest", days=REVIEW_DAYS),
        role=Role.WARNING,
        action=words("access.open_review"),
    )


def rule_said(state: AccessState) -> Rule | None:
    """Read the rule of a rule or a grant; None for what is none."""
    parsed = parse_strict(state.rule) if state.rule else None
    if not isinstance(parsed, Parsed) or not isinstance(parsed.value, dict):
        return None
    try:
        return rule_from_data(parsed.value)
    except ConfigurationError:
        return None


def _keeps_away(state: AccessState) -> bool:
    """Tell whether it is a rule that denies or asks: less of it would let more through."""
    rule = rule_said(state)
    return rule is not None and rule.effect is not Effect.ALLOW


class AccessBuilder:
    """Words and shapes; it keeps only sentences that it has made."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._sentences = RuleSentences(words)
        self._titles: dict[tuple[str, str, str], str] = {}

    def page(self, states: Sequence[AccessState]) -> AccessPage:
        """Return the list: what is overdue comes first."""
        words = self._words
        if len(self._titles) > 2 * len(states):
            self._titles.clear()
        overdue = sum(state.overdue for state in states)
        ordered = sorted(states, key=lambda state: not state.overdue)
        notice = overdue_notice(overdue, words)
        return AccessPage(
            rows=tuple(self._row(state) for state in ordered),
            summary=words("access.summary", n=len(states), overdue=overdue),
            overdue=None
            if notice is None
            else Notice(strong=notice.strong, rest=notice.rest, role=notice.role),
        )

    def detail(self, state: AccessState, now: datetime) -> AccessDetail:
        """Return one thing in full."""
        words = self._words
        kind = AccessKind(state.kind)
        name, revoke, narrow = _KINDS[kind]
        keeps_away = _keeps_away(state)
        if keeps_away:
            revoke, narrow = "access.revoke_denial", ""
        said = self._state_of(state)
        return AccessDetail(
            row_id=row_id(state),
            title=self.title(state),
            chips=(
                Chip(role=Role.NEUTRAL, icon=_ICONS[kind], text=words(name)),
                Chip(role=said.role, icon=said.icon, text=said.text),
            ),
            pairs=self._pairs(state),
            lines=self._lines(state),
            lines_title=words("access.bounds" if state.rule else "access.lines"),
            warnings=self._warnings(state, now),
            keeps=bool(state.digest),
            narrow=words(narrow) if narrow else "",
            revoke=Question(
                text=words(revoke, name=shown_line(state.name, words, most=_LONGEST)),
                go=words("access.revoke_go"),
                keep=words("access.revoke_keep"),
            ),
        )

    def title(self, state: AccessState) -> str:
        """Name a thing: a rule by its sentence."""
        key = (state.kind, state.name, state.rule)
        title = self._titles.get(key)
        if title is None:
            title = self._titles[key] = shown_line(self._named(state), self._words, most=_LONGEST)
        return title

    def _named(self, state: AccessState) -> str:
        """Name a thing so that no two of different kinds read the same."""
        rule = rule_said(state)
        if rule is not None:
            return self._sentences.sentence(rule)
        match state.kind:
            case AccessKind.SIGHT:
                return self._words("access.sight_title", agent=state.name)
            case AccessKind.CREDENTIAL:
                server, _, name = state.name.partition("/")
                return self._words("access.credential_title", server=server, name=name)
            case _:
                return state.name

    def _row(self, state: AccessState) -> ListRow:
        return ListRow(
            row_id=row_id(state),
            cells=(
                Cell(text=self.title(state), note=self._note(state)),
                Cell(text=self._last_used(state)),
                Cell(text=self._since(state)),
                marked(self._state_of(state)),
            ),
        )

    def _note(self, state: AccessState) -> str:
        """Say of which kind a thing is, and in which environment it works or leads."""
        words = self._words
        kind = words(_KINDS[AccessKind(state.kind)][0])
        if not state.environment:
            return kind
        label = shown_line(state.environment, words, most=_LONGEST)
        return words("access.in_environment", kind=kind, environment=label)

    def _state_of(self, state: AccessState) -> IconText:
        words = self._words
        if state.kind == AccessKind.GRANT:
            left = countdown_text(state.seconds_left)
            return IconText(icon=Icon.GRANT, text=words("access.ends_in", left=left))
        if state.overdue:
            return IconText(icon=Icon.ATTENTION, text=words("access.is_overdue"), role=Role.WARNING)
        if state.kept:
            return IconText(icon=Icon.CHECK, text=words("access.is_kept"), role=Role.ALLOW)
        return IconText(icon=Icon.CLOCK, text=words("access.is_new"))

    def _since(self, state: AccessState) -> str:
        if state.kind == AccessKind.GRANT:
            return ""
        return self._day(state.since) if state.since else self._words("access.unknown")

    def _last_used(self, state: AccessState) -> str:
        if state.kind == AccessKind.PROFILE:
            return self._words("access.not_counted")
        return self._day(state.last_used) if state.last_used else self._words("access.never")

    def _day(self, ts_utc: str) -> str:
        then = local_time(ts_utc)
        month = month_text(then, self._words)
        return self._words("access.day", day=then.day, month=month, year=then.year)

    def _if_known(self, ts_utc: str) -> str:
        return self._day(ts_utc) if ts_utc else ""

    def _pairs(self, state: AccessState) -> tuple[Pair, ...]:
        words = self._words
        pairs = [
            ("access.created", self._if_known(state.created)),
            ("access.kept_at" if state.kept else "access.since", self._since(state)),
            ("access.last_used", self._last_used(state)),
            ("access.uses", words.figure(state.uses) if state.uses else ""),
            ("access.connected", self._if_known(state.last_connected)),
            ("access.http", words("access.http_on") if state.http else ""),
        ]
        exact = [
            ("access.on_agent", state.agent),
            ("access.on_server", state.server),
            ("access.environment", state.environment),
        ]
        return (
            *(Pair(key=words(key), value=value, exact=True) for key, value in exact if value),
            *(Pair(key=words(key), value=value) for key, value in pairs if value),
        )

    def _lines(self, state: AccessState) -> tuple[str, ...]:
        words = self._words
        if state.kind == AccessKind.SIGHT and state.rows is None:
            return (words("access.sees_all"),)
        rule = rule_said(state)
        if rule is not None:
            return (*self._sentences.conditions(rule), *self._sentences.limits(rule))
        rows = state.rows or ()
        lines = tuple(shown_line(row, words, most=_LONGEST) for row in rows[:_MOST_ROWS])
        if state.rows == ():
            return (words("access.sees_nothing"),)
        more = len(rows) - len(lines)
        return (*lines, words("access.more_rows", n=more)) if more else lines

    def _warnings(self, state: AccessState, now: datetime) -> tuple[IconText, ...]:
        """Say what was not used for long, or never since it stands.

        Not of what keeps calls away: that nothing came against it is no reason to go without.
        """
        words = self._words
        if state.kind in (AccessKind.PROFILE, AccessKind.GRANT) or _keeps_away(state):
            return ()
        used = local_time(state.last_used) if state.last_used else None
        if used is not None and now - used < timedelta(days=REVIEW_DAYS):
            return ()
        if used is None:
            text = words("access.never_used")
        else:
            text = words("access.long_unused", n=(now - used).days)
        return (IconText(icon=Icon.NOTICE, text=text, role=Role.INFO),)


_ICONS: Final = {
    AccessKind.AGENT: Icon.AGENT,
    AccessKind.SIGHT: Icon.LOOK,
    AccessKind.CREDENTIAL: Icon.CREDENTIAL,
    AccessKind.RULE: Icon.RULES,
    AccessKind.PROFILE: Icon.GROUP,
    AccessKind.GRANT: Icon.GRANT,
}
