"""Builds what stands over a long queue: who waits with how much, who is held or paused and why."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.console_state import AgentState
from keyturn.domain.flood import FloodCause
from keyturn.domain.tier import Tier
from keyturn.presentation.card import Chip
from keyturn.presentation.marks import Icon, Role, tier_icon, tier_role
from keyturn.presentation.phrases import Phrases
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

FROM: Final = 11
"""With so many waiting the strip is shown."""
UNTIL: Final = 5
"""And once shown until fewer wait: it does not come and go as calls do."""
_MOST_CHIPS: Final = 4
_SAID: Final = {
    FloodCause.PROMPTS.value: ("burst.banner_prompts", "burst.banner_prompts_rest"),
    FloodCause.SAME_DENIED.value: ("burst.banner_same", "burst.banner_same_rest"),
    FloodCause.TOOLS.value: ("burst.banner_tools", "burst.banner_tools_rest"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldView:
    """The banner about one agent."""

    agent: str
    enrolled: bool
    shown_agent: str
    strong: str
    rest: str
    paused: bool
    reviewing: bool = False
    more: int = 0
    """Agents beyond it that are held or paused too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageView:
    """The strip over a long queue."""

    waiting: str
    chips: tuple[Chip, ...]
    agent: str
    """The one with most waiting, that the buttons are for."""
    enrolled: bool
    deny: str
    pause: str
    groups: int = 0
    """Rows that stand for several calls."""


def held_agents(agents: Sequence[AgentState]) -> frozenset[tuple[str, bool]]:
    """Return which agents no click may allow for, by name and whether they are enrolled."""
    return frozenset(
        (one.name, one.enrolled)
        for one in agents
        if one.flood is not None and one.flood.cause and not one.flood.reviewing
    )


def held_view(agents: Sequence[AgentState], words: Words) -> HeldView | None:
    """Return the banner: an agent that is held before one that is paused; None for neither."""
    standing = [one for one in agents if one.flood is not None]
    waits = [one for one in standing if one.flood and one.flood.cause and not one.flood.reviewing]
    paused = [one for one in standing if one.flood and one.flood.paused]
    chosen = next(iter((*waits, *paused)), None)
    if chosen is None or chosen.flood is None:
        return None
    flood, shown = chosen.flood, shown_line(chosen.name, words, most=40)
    strong, rest = _SAID.get(flood.cause, ("burst.banner_paused", "burst.banner_paused_rest"))
    if chosen in paused and chosen not in waits:
        strong, rest = "burst.banner_paused", "burst.banner_paused_rest"
    as_another = flood.paused_as if chosen not in waits else ""
    if as_another:
        # It is that agent's pause that a person ends, whoever falls under it.
        shown = shown_line(as_another, words, most=40)
    return HeldView(
        agent=as_another or chosen.name,
        enrolled=chosen.enrolled or bool(as_another),
        shown_agent=shown,
        strong=words(strong, agent=shown, n=flood.count, seconds=flood.seconds),
        rest=words(rest),
        paused=chosen not in waits,
        more=len({_whose(one) for one in (*waits, *paused)}) - 1,
    )


def _whose(agent: AgentState) -> str:
    """Return whose hold or pause it is."""
    flood = agent.flood
    return flood.paused_as or agent.name if flood is not None else agent.name


def triage_view(
    requests: Sequence[ApprovalRequest],
    phrases: Phrases,
    words: Words,
    *,
    shown: bool,
    groups: int = 0,
) -> TriageView | None:
    """Return the strip; None for a queue that needs none. `shown`: it is on screen by now."""
    if len(requests) < (UNTIL if shown else FROM):
        return None
    agents = Counter((one.agent, one.asked_by.agent_enrolled) for one in requests)
    (agent, enrolled), count = agents.most_common(1)[0]
    tiers = Counter(one.tier for one in requests)
    chips = [
        Chip(
            role=Role.NEUTRAL,
            icon=Icon.AGENT,
            text=f"{shown_line(name, words, most=40)} {number}",
        )
        for (name, _), number in agents.most_common(_MOST_CHIPS)
    ]
    chips += [
        Chip(role=tier_role(tier), icon=tier_icon(tier), text=f"{tier.name} {tiers[tier]}")
        for tier in Tier
        if tiers[tier]
    ]
    name = shown_line(agent, words, most=40)
    return TriageView(
        waiting=words("burst.waiting", n=len(requests)),
        chips=tuple(chips),
        agent=agent,
        enrolled=enrolled,
        deny=words("burst.deny_from", n=count, agent=name),
        pause=words("burst.pause", agent=name),
        groups=groups,
    )
