"""Owns how many things nobody has looked at: what was proposed, and agents that are raised."""

from dataclasses import dataclass, replace

from keyturn.application.console_protocol import StateChanged
from keyturn.presentation.agents_builder import is_proposal


@dataclass(frozen=True, slots=True)
class Proposed:
    """Counts by the page that answers them."""

    servers: int = 0
    """Also those whose removal was proposed."""
    agents: int = 0
    rules: int = 0
    credentials: int = 0
    changed: int = 0
    """Agents around which something changed; the command line proposed nothing of it."""

    @property
    def total(self) -> int:
        """Return how many proposals there are together."""
        return self.servers + self.agents + self.rules + self.credentials

    def after(self, state: StateChanged) -> "Proposed":
        """Return what there is once a state is told; what it does not speak of stays."""
        now = self
        if state.servers is not None:
            open_ones = (not s.confirmed or s.removal_proposed for s in state.servers)
            now = replace(now, servers=sum(open_ones))
        if state.agents is not None:
            raised = (one.raised for one in state.agents)
            changed = sum(why is not None and bool(why.changes) for why in raised)
            proposals = sum(is_proposal(agent) for agent in state.agents)
            now = replace(now, agents=proposals, changed=changed)
        if state.proposed_rules is not None:
            now = replace(now, rules=len(state.proposed_rules))
        if state.credentials is not None:
            now = replace(now, credentials=sum(c.proposed for c in state.credentials))
        return now
