"""Words what the queue says when nothing waits: that all is well, or that nobody is routed here."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from keyturn.application.console_state import AgentState
from keyturn.presentation.words import Words


class Leads(Enum):
    """Where the one button of the empty queue leads."""

    AGENTS = "agents"
    HISTORY = "history"
    ALL = "all"
    """What the filter hides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyQueue:
    """The empty queue at one moment."""

    title: str
    body: str
    action: str
    leads: Leads


def empty_queue(
    agents: Sequence[AgentState], words: Words, proposed: int = 0, hidden: int = 0
) -> EmptyQueue:
    """Return what it says (console.md section 3.10): what it is, why it is empty, one action.

    `proposed` counts what the command line proposed and nobody has answered, `hidden` what waits
    and the list's filter leaves out: it may have been chosen in an earlier window.
    """
    if hidden:
        return EmptyQueue(
            title=words("queue.empty_hidden", n=hidden),
            body=words("queue.empty_filtered"),
            action=words("queue.empty_all"),
            leads=Leads.ALL,
        )
    told = (words("queue.empty_proposed", n=proposed),) if proposed else ()
    connected = sum(1 for agent in agents if agent.connections)
    if connected:
        calls = sum(agent.calls for agent in agents)
        said = (
            words("queue.empty_connected", n=connected),
            words("queue.empty_calls", n=calls) if calls else words("queue.empty_no_call"),
        )
        return EmptyQueue(
            title=words("queue.empty"),
            body=" ".join((*said, *told)),
            action=words("queue.empty_history"),
            leads=Leads.HISTORY,
        )
    routed = any(agent.enrolled for agent in agents)
    said_of_none = words("queue.empty_none_connected" if routed else "queue.empty_set_up")
    return EmptyQueue(
        title=words("queue.empty" if routed else "queue.empty_no_agent"),
        body=" ".join((said_of_none, *told)),
        action=words("queue.empty_agents" if routed else "queue.empty_enrol"),
        leads=Leads.AGENTS,
    )
