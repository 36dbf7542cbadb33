"""Words the top bar: what protects, what waits, since when."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from keyturn.application.console_state import AgentState, HealthState, StopState
from keyturn.presentation.health import problem_of, quiet_desktop
from keyturn.presentation.relative_time import (
    clock_text,
    countdown_text,
    duration_text,
    local_time,
)
from keyturn.presentation.topbar import Fact, GrantStrip, ProtectionState, TopBarView
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LONGEST: Final = 32


def top_bar_view(
    words: Words,
    *,
    stop: StopState,
    health: HealthState | None,
    agents: tuple[AgentState, ...],
    waiting: int,
    oldest_ms: int,
    now: datetime | None = None,
    profile: str = "",
) -> TopBarView:
    """Return the top bar for this moment; a stop outweighs a problem, a problem protection.

    `profile` is named where it is not the default one: two windows must not look the same.
    """
    of_profile = (Fact(before=words("topbar.of_profile"), strong=profile),) if profile else ()
    connected = sum(1 for agent in agents if agent.connections)
    if stop.engaged:
        return TopBarView(
            state=ProtectionState.STOPPED,
            state_text=words("topbar.stopped"),
            facts=(
                *of_profile,
                Fact(before=words("topbar.since"), strong=clock_text(local_time(stop.since_utc))),
                Fact(
                    strong=str(stop.refused_since),
                    after=words("topbar.refused_words", n=stop.refused_since),
                ),
            ),
            waiting=waiting,
            stop_level=stop.level,
        )
    quiet = health is not None and not health.notifies
    problem = problem_of(health, words)
    if problem is None and quiet:
        problem = quiet_desktop(words)
    broken = problem is not None
    facts = [*of_profile, Fact(strong=str(waiting), after=words("topbar.waiting_words", n=waiting))]
    if waiting:
        oldest = duration_text(oldest_ms / 1000, words)
        facts.append(Fact(before=words("topbar.oldest"), strong=oldest))
    facts.append(Fact(strong=str(connected), after=words("topbar.agents_words", n=connected)))
    if health is not None and not health.recording:
        facts.insert(0, Fact(strong=words("health.fact")))
    if quiet:
        facts.append(Fact(strong=words("topbar.quiet")))
    if stop.careful:
        facts.append(Fact(strong=words("topbar.careful")))
    return TopBarView(
        state=ProtectionState.PROBLEM if broken else ProtectionState.PROTECTING,
        state_text=words("topbar.problem" if broken else "topbar.protecting"),
        problem=problem.spoken if problem is not None else "",
        check=words("health.quiet_check") if quiet else "",
        facts=tuple(facts),
        grants=profile_strips(agents, now, words) if now is not None else (),
        waiting=waiting,
    )


def profile_strips(
    agents: Iterable[AgentState], now: datetime, words: Words
) -> tuple[GrantStrip, ...]:
    """Return the profiles that are on, each under the name of its agent, with what is left."""
    return tuple(
        GrantStrip(
            grant_id=agent.name,
            text=words(
                "topbar.profile",
                agent=shown_line(agent.name, words, most=_LONGEST),
                profile=shown_line(agent.sight.profile, words, most=_LONGEST),
            ),
            left=countdown_text((local_time(agent.sight.until) - now).total_seconds()),
        )
        for agent in agents
        if agent.sight.profile and agent.sight.until and not agent.sight.over
    )
