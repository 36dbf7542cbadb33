"""The empty queue: it says whether all is well or nobody is routed here, and offers one way on."""

from pathlib import Path

import msgspec
import pytest

from keyturn.application.agent_messages import ChangeState, RaisedState
from keyturn.application.console_protocol import StateChanged
from keyturn.application.console_state import AgentState
from keyturn.presentation.proposed import Proposed
from keyturn.presentation.queue_empty import Leads, empty_queue
from keyturn.presentation.words import Words

WORDS = Words(Path(__file__).parents[3] / "resources" / "translations")
CONNECTED = AgentState(name="analyst", enrolled=True, connections=2, calls=7)
QUIET = AgentState(name="new", enrolled=True, connections=1)
AWAY = AgentState(name="coder", enrolled=True, connections=0)
STRANGER = AgentState(name="who", enrolled=False, connections=0)


@pytest.mark.parametrize(
    ("agents", "title", "told", "leads"),
    [
        ((), "No agent is routed through Keyturn", "Set one up", Leads.AGENTS),
        ((STRANGER,), "No agent is routed through Keyturn", "Set one up", Leads.AGENTS),
        ((AWAY,), "Nothing waiting", "No agent is connected. Start your", Leads.AGENTS),
        ((QUIET,), "Nothing waiting", "None has made a call in this session.", Leads.HISTORY),
        ((CONNECTED, AWAY), "Nothing waiting", "1 agent is connected. 7 calls", Leads.HISTORY),
    ],
)
def test_it_says_why_it_is_empty_and_offers_one_way(
    agents: tuple[AgentState, ...], title: str, told: str, leads: Leads
) -> None:
    said = empty_queue(agents, WORDS)
    assert (said.title, said.leads) == (title, leads)
    assert told in said.body
    assert said.action


def test_it_says_that_the_command_line_proposed_something() -> None:
    """Else a person who has just proposed something sees a window in which nothing happened."""
    assert "proposal" not in empty_queue((), WORDS).body
    assert "2 proposals" in empty_queue((STRANGER,), WORDS, proposed=2).body
    assert "1 proposal" in empty_queue((CONNECTED,), WORDS, proposed=1).body


def test_what_was_proposed_is_counted_by_its_page() -> None:
    rule = '{"effect":"allow"}'
    counted = Proposed().after(StateChanged(agents=(STRANGER, AWAY), proposed_rules=(rule,)))
    assert (counted.agents, counted.rules, counted.total) == (1, 1, 2)
    assert counted.after(StateChanged(history=1)) == counted
    assert counted.after(StateChanged(agents=(AWAY,), proposed_rules=())).total == 0


def test_an_agent_that_something_changed_around_is_counted_and_was_not_proposed() -> None:
    change = ChangeState(server="logistics", cause="drift", since="2026-11-28T10:00:00.000Z")
    raised = msgspec.structs.replace(CONNECTED, raised=RaisedState(changes=(change,), shown="s"))
    counted = Proposed().after(StateChanged(agents=(raised, AWAY)))
    assert (counted.changed, counted.total) == (1, 0)
    # Where what is kept of changes does not count, there is nothing to look at here.
    unsure = msgspec.structs.replace(CONNECTED, raised=RaisedState())
    assert counted.after(StateChanged(agents=(unsure,))).changed == 0
