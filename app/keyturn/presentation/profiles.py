"""Words for the profiles of tasks: which is on for an agent, until when, what is asked first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from keyturn.application.sight_intents import ProfileState, SightState
from keyturn.presentation.cells import Question
from keyturn.presentation.relative_time import clock_text, duration_text, local_time
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LENGTHS: Final = (1800, 3600, 4 * 3600, 8 * 3600)
_LONGEST: Final = 64
_NAMED: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChoice:
    """One profile, or one length of time, to choose."""

    name: str
    """Of a length its seconds."""
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSheet:
    """The profiles as they can be switched for one agent."""

    agent: str
    title: str
    profile: str
    """That is on, or whose time is over; empty for none."""
    only: bool
    """Whether it sees nothing without one."""
    has_list: bool
    """It has a list of its own, which a profile can be made of."""
    profiles: tuple[ProfileChoice, ...]
    lengths: tuple[ProfileChoice, ...]


def profile_sheet(
    agent: str, sight: SightState, profiles: Sequence[ProfileState], words: Words
) -> ProfileSheet:
    """Return what can be switched."""
    return ProfileSheet(
        agent=agent,
        title=words("agents.profiles_of", agent=agent),
        profile=sight.profile,
        only=sight.profiles_only,
        has_list=sight.rows is not None,
        profiles=tuple(
            ProfileChoice(
                name=profile.name,
                text=shown_line(profile.name, words, most=_LONGEST),
                note=_named(profile, words),
            )
            for profile in profiles
        ),
        lengths=tuple(
            ProfileChoice(name=str(seconds), text=duration_text(seconds, words))
            for seconds in _LENGTHS
        ),
    )


def _named(profile: ProfileState, words: Words) -> str:
    """Say what a profile names: its own name alone cannot be checked before it is switched on."""
    if not profile.rows:
        return words("agents.profile_nothing")
    named = profile.rows[:_NAMED]
    rows = ", ".join(shown_line(row, words, most=_LONGEST) for row in named)
    more = len(profile.rows) - len(named)
    return words("agents.profile_rows_more", rows=rows, n=more) if more else rows


def profile_said(sight: SightState, words: Words, now: datetime | None = None) -> str:
    """Say which profile is on and until when; with `now` also how long that is."""
    if not sight.profile:
        return ""
    name = shown_line(sight.profile, words, most=_LONGEST)
    if sight.over or not sight.until:
        return words("agents.profile_over", profile=name)
    end = local_time(sight.until)
    if now is None:
        return words("agents.profile_on", profile=name, until=clock_text(end))
    left = duration_text((end - now).total_seconds(), words)
    return words("agents.profile_left", profile=name, until=clock_text(end), left=left)


def switch_question(agent: str, profile: str, seconds: float, words: Words) -> Question:
    """Return what is asked before a profile is switched on."""
    name = shown_line(profile, words, most=_LONGEST)
    length = duration_text(seconds, words)
    return Question(
        text=words("agents.profile_question", agent=agent, profile=name, length=length),
        go=words("agents.profile_go"),
        keep=words("agents.sight_keep"),
    )


def end_question(agent: str, sight: SightState, words: Words) -> Question:
    """Return what is asked before a profile is ended, which may show more."""
    key = "agents.profile_end_list"
    if sight.profiles_only:
        key = "agents.profile_end_nothing"
    elif sight.rows is None:
        key = "agents.profile_end_all"
    name = shown_line(sight.profile, words, most=_LONGEST)
    return Question(
        text=words(key, agent=agent, profile=name),
        go=words("agents.profile_end"),
        keep=words("agents.profile_keep"),
    )


def only_question(agent: str, words: Words) -> Question:
    """Return what is asked before an agent sees its own list without a profile."""
    return Question(
        text=words("agents.profile_not_only", agent=agent),
        go=words("agents.sight_go"),
        keep=words("agents.sight_keep"),
    )


def remove_question(profile: str, words: Words) -> Question:
    """Return what is asked before a profile is removed."""
    name = shown_line(profile, words, most=_LONGEST)
    return Question(
        text=words("agents.profile_remove_question", profile=name),
        go=words("agents.profile_remove_go"),
        keep=words("agents.profile_keep"),
    )
