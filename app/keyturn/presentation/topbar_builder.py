"""Words the top bar: what protects, what waits, since when."""

from keyturn.application.console_state import AgentState, HealthState, StopState
from keyturn.presentation.relative_time import clock_text, duration_text, local_time
from keyturn.presentation.topbar import Fact, ProtectionState, TopBarView
from keyturn.presentation.words import Words


def top_bar_view(
    words: Words,
    *,
    stop: StopState,
    health: HealthState | None,
    agents: tuple[AgentState, ...],
    waiting: int,
    oldest_ms: int,
) -> TopBarView:
    """Return the top bar for this moment; a stop outweighs a problem, a problem protection."""
    connected = sum(1 for agent in agents if agent.connections)
    if stop.engaged:
        return TopBarView(
            state=ProtectionState.STOPPED,
            state_text=words("topbar.stopped"),
            facts=(
                Fact(before=words("topbar.since"), strong=clock_text(local_time(stop.since_utc))),
                Fact(
                    strong=str(stop.refused_since),
                    after=words("topbar.refused_words", n=stop.refused_since),
                ),
            ),
            waiting=waiting,
            stop_level=stop.level,
        )
    broken = health is not None and (not health.recording or bool(health.problem))
    facts = [Fact(strong=str(waiting), after=words("topbar.waiting_words", n=waiting))]
    if waiting:
        oldest = duration_text(oldest_ms / 1000, words)
        facts.append(Fact(before=words("topbar.oldest"), strong=oldest))
    facts.append(Fact(strong=str(connected), after=words("topbar.agents_words", n=connected)))
    if stop.careful:
        facts.append(Fact(strong=words("topbar.careful")))
    return TopBarView(
        state=ProtectionState.PROBLEM if broken else ProtectionState.PROTECTING,
        state_text=words("topbar.problem" if broken else "topbar.protecting"),
        facts=tuple(facts),
        waiting=waiting,
    )
