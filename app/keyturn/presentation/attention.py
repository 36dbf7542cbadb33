"""Owns what a person is told of how they decide: figures, warnings, and where a rule would help."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from keyturn.domain.attention import RULE_LEAST, Attention, ToolAttention, ToolKey
from keyturn.domain.tier import Tier
from keyturn.presentation.cells import Notice
from keyturn.presentation.marks import Role
from keyturn.presentation.relative_time import month_text
from keyturn.presentation.stopped import Stat
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

DAYS: Final = 7
_LONGEST: Final = 200
"""Characters of a tool's name that a row shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """One day of the week."""

    name: str
    count: str
    share: float
    """Of the day with most, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolLine:
    """One of the tools that asked most."""

    what: ToolKey
    name: str
    counts: str
    suggestion: str
    """Words on the button; empty where no rule is suggested."""
    spoken: str
    """The button's name for those who hear it, with the tool."""
    why_not: str
    """Why none is suggested; empty where one is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionPage:
    """The whole panel."""

    warnings: tuple[Notice, ...]
    stats: tuple[Stat, ...]
    days: tuple[DayLine, ...]
    tools: tuple[ToolLine, ...]
    note: str
    """What the figures lack; empty where they lack nothing."""


def week_of(now: datetime) -> tuple[datetime, ...]:
    """Return the midnights around today and the six days before, by the clock that `now` shows."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return tuple(today + timedelta(days=day) for day in range(1 - DAYS, 2))


class AttentionBuilder:
    """Words and shapes of one language."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def page(self, found: Attention, midnights: Sequence[datetime]) -> AttentionPage:
        """Return the panel; `midnights` are those that the figures were made with."""
        words = self._words
        note = "" if found.complete else words("attention.incomplete")
        if found.complete and not found.prompts:
            note = words("attention.nothing")
        return AttentionPage(
            warnings=self._warnings(found),
            stats=self._stats(found),
            days=self._days(found, midnights),
            tools=tuple(self._tool(tool) for tool in found.tools),
            note=note,
        )

    def notice(self, found: Attention) -> Notice | None:
        """Return what the history says of it, with the button that opens the panel."""
        warnings = self._warnings(found)
        if not warnings:
            return None
        return Notice(
            strong=warnings[0].strong,
            rest=warnings[0].rest,
            role=Role.WARNING,
            action=self._words("attention.open"),
        )

    def unreadable(self) -> AttentionPage:
        """Return a panel without figures."""
        note = self._words("attention.unreadable")
        return AttentionPage(warnings=(), stats=(), days=(), tools=(), note=note)

    def _warnings(self, found: Attention) -> tuple[Notice, ...]:
        words = self._words
        said: list[tuple[str, str]] = []
        if found.too_quick:
            share = self._share(found.quick_share)
            said.append((words("attention.too_quick", share=share), words("attention.quick_rest")))
        if found.too_kind:
            share = self._share(found.approval_share)
            strong = words("attention.too_kind", share=share, n=found.decided)
            said.append((strong, words("attention.kind_rest")))
        # Both lead to the same page, so that one button does for both.
        actions = (words("attention.open_rules"), "")
        return tuple(
            Notice(strong=strong, rest=rest, role=Role.WARNING, action=action)
            for (strong, rest), action in zip(said, actions, strict=False)
        )

    def _stats(self, found: Attention) -> tuple[Stat, ...]:
        words = self._words
        median = found.median_ms
        shown_median = words("attention.no_figure")
        if median is not None:
            shown_median = words("attention.seconds", seconds=words.figure(median / 1000, ".1f"))
        quick, kind = found.too_quick, found.too_kind
        return (
            Stat(
                value=words.figure(found.prompts_a_day, ".1f"),
                words=words("attention.prompts_a_day"),
            ),
            Stat(
                value=self._share(found.approval_share),
                words=words("attention.approvals"),
                role=Role.WARNING if kind else Role.NEUTRAL,
            ),
            Stat(value=shown_median, words=words("attention.median")),
            Stat(
                value=self._share(found.quick_share),
                words=words("attention.quick"),
                role=Role.WARNING if quick else Role.NEUTRAL,
            ),
        )

    def _days(self, found: Attention, midnights: Sequence[datetime]) -> tuple[DayLine, ...]:
        most = max(*found.days, 1)
        return tuple(
            DayLine(
                name=self._words("attention.day", day=day.day, month=month_text(day, self._words)),
                count=self._words.figure(count),
                share=count / most,
            )
            for day, count in zip(midnights, found.days, strict=False)
        )

    def _share(self, share: float | None) -> str:
        """Return a share cut to a tenth of a percent, so that no 99.96 % reads as all."""
        if share is None:
            return self._words("attention.no_figure")
        tenths = int(share * 1000 + 1e-9)
        shown = str(tenths // 10) if tenths % 10 == 0 else self._words.figure(tenths / 10, ".1f")
        return self._words("attention.percent", number=shown)

    def _tool(self, tool: ToolAttention) -> ToolLine:
        words, what = self._words, tool.what
        name = shown_line(f"{what.server} / {what.tool or what.method}", words, most=_LONGEST)
        suggests = tool.suggests_rule
        return ToolLine(
            what=what,
            name=name,
            counts=words(
                "attention.counts", n=tool.prompts, allowed=tool.allowed, denied=tool.denied
            ),
            suggestion=words("attention.suggest") if suggests else "",
            spoken=words("attention.suggest_spoken", tool=name) if suggests else "",
            why_not="" if suggests else self._why_not(tool),
        )

    def _why_not(self, tool: ToolAttention) -> str:
        words = self._words
        if tool.denied:
            return words("attention.was_denied", n=tool.denied)
        if tool.highest > Tier.T1:
            return words("attention.reaches_out")
        if tool.what.method:
            return words("attention.no_tool")
        return words("attention.too_few", n=RULE_LEAST)
