"""Demonstration 3, *needle in 500*: the outliers float, and a keyboard clears a whole burst."""

import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import ExitStack

import pytest
from mcp.types import CallToolResult

from keyturn.domain.tier import Tier
from tests.e2e.agent_host import connected
from tests.e2e.blind_person import MOST_PRESSES, BlindPerson
from tests.e2e.desk import Folders, Keyturn, wait_until
from tests.e2e.seeding import seed
from tests.e2e.servers import calls_seen, raw_server

CALLS = {"analyst": 200, "coder": 200, "scout": 100}
"""One agent may have 200 waiting calls."""
PLANTED = {"analyst": (17, 142), "coder": (3, 63), "scout": (42,)}
EVIL = "/home/ada/.ssh"
MOST_SECONDS = 300.0
MOST_AT_A_TIME = 25
MOVE_SECONDS = 5.0


# Alone: its calls are answered 50 s after they came, which is short on a machine that others use.
@pytest.mark.alone
@pytest.mark.requirement("Q3", "FLOOD")
@pytest.mark.timeout(400)
def test_demonstration_3_five_planted_calls_among_500_are_denied_by_keyboard(
    folders: Folders, heard_keyturn: Keyturn, blind: BlindPerson
) -> None:
    """Needle in 500: grouping floats the outliers; all is cleared, the five are denied."""
    keyturn = heard_keyturn
    seed(folders, raw_server(folders, Tier.T1), agents=tuple(CALLS))
    keyturn.start("--platform", "xcb")
    blind.sit_down()
    calls = dict[str, Future[CallToolResult]]()
    with ExitStack() as stack:
        for agent, count in CALLS.items():
            host = stack.enter_context(connected(keyturn.env, "raw", agent=agent, mode="legacy"))
            texts = [text_of(agent, number) for number in range(count)]
            calls |= {text: host.call("echo", {"text": text}) for text in texts}
        keyturn.wait_for_waiting(sum(CALLS.values()))
        began = time.monotonic()
        cleared: list[str] = []
        while len(cleared) < len(CALLS):
            agent = next_group(blind, cleared)
            clear_group(keyturn, blind, agent, allow=not cleared)
            cleared.append(agent)
        assert time.monotonic() - began < MOST_SECONDS
        answers = {text: call.result(60) for text, call in calls.items()}
    assert keyturn.waiting() == 0
    reached = {call["params"]["arguments"]["text"] for call in calls_seen(folders)}
    assert not [text for text in reached if text.startswith(EVIL)]
    assert all(answers[text].is_error is (text not in reached) for text in calls)
    assert reached
    outcomes = Counter(row["outcome"] for row in keyturn.history("--limit", "1000"))
    allowed = len(reached)
    assert outcomes == {"denied_user": len(calls) - allowed, "allowed_once": allowed}
    assert keyturn.verify().returncode == 0


def text_of(agent: str, number: int) -> str:
    """Return what a call asks for: a file of the site, or one of the five that is none."""
    if number in PLANTED[agent]:
        return f"{EVIL}/{agent}-{number}"
    return f"/srv/site/{agent}/{number}.ts"


def next_group(blind: BlindPerson, cleared: Sequence[str]) -> str:
    """Wait for the headline of a group that is not cleared yet, and return whose it is."""

    def look() -> str | None:
        at = blind.reader.focus()
        if at is None or not at.name.endswith("calls"):
            return None
        agent = at.name.split()[0]
        return agent if agent not in cleared else None

    for _ in range(MOST_PRESSES):
        with contextlib.suppress(AssertionError):
            return wait_until(look, "the next group's headline", MOVE_SECONDS)
        # The call that came first is open and stays so, whatever comes after it.
        blind.key("alt+Down")
    raise AssertionError(f"no headline of another group, but {blind.reader.focus()}")


def clear_group(keyturn: Keyturn, blind: BlindPerson, agent: str, *, allow: bool) -> None:
    """Deny what is unlike the others, perhaps allow a batch that was read, and deny the rest."""
    began = keyturn.decisions()
    unlike = began + len(PLANTED[agent])
    assert presses(keyturn, blind, "ctrl+shift+BackSpace", unlike)
    if allow:
        allow_batch(keyturn, blind, unlike)
    assert presses(keyturn, blind, "ctrl+BackSpace", began + CALLS[agent], times=MOST_PRESSES)


def allow_batch(keyturn: Keyturn, blind: BlindPerson, before: int) -> None:
    """Go on with an agent that a flood has held, and allow what was preselected and read."""
    blind.goes_to("push button", "Continue", by="shift+Tab")
    blind.key("space")
    blind.key("ctrl+1")
    blind.goes_to("table", "Calls of this group")
    # Each row of a batch has to be on screen once; a key right before Allow has it wait.
    for _ in range(3):
        blind.moves("Next")
    assert presses(keyturn, blind, "ctrl+Return", before + 1)
    assert before < keyturn.decisions() <= before + MOST_AT_A_TIME


def presses(
    keyturn: Keyturn, blind: BlindPerson, keys: str, decisions: int, times: int = MOST_PRESSES
) -> bool:
    """Press keys, and again while there are not so many decisions; tell whether there are."""
    for _ in range(times):
        blind.key(keys)
        with contextlib.suppress(AssertionError):
            return wait_until(lambda: keyturn.decisions() >= decisions, keys, 2)
    return False
