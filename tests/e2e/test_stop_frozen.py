"""Demonstration 4, *stop means stop*: by command, the window frozen, agents that do not let up."""

import contextlib
import json
import os
import signal
import sqlite3
from contextlib import ExitStack
from threading import Event, Thread
from typing import Any

import pytest

from keyturn.domain.rule import Effect, Rule
from tests.e2e.agent_host import AgentHost, connected
from tests.e2e.desk import Folders, Keyturn, wait_until
from tests.e2e.person import Person
from tests.e2e.seeding import seed
from tests.e2e.servers import calls_seen, raw_server

ALLOW_ECHO = Rule(id="echo", effect=Effect.ALLOW, server="raw", tool="echo")
AGENTS = ("analyst", "coder", "scout")
TOGETHER = 6
"""So many calls of each agent are under way at once."""
MOST = 2_000
"""So many calls are no storm that a stop has ended."""
AFTER = 3
"""So many times more the agent tries once it was refused."""


class Storm:
    """An agent that calls without pause, and goes on for a while when it is refused."""

    def __init__(self, agent: str, host: AgentHost) -> None:
        self._agent, self._host = agent, host
        self.sent = self.refused = 0
        self.begun = Event()
        self._thread = Thread(target=self._run, name="storm")
        self._thread.start()

    def end(self) -> None:
        """Wait until it has given up."""
        self._thread.join()

    def _run(self) -> None:
        left = AFTER
        while left and self.sent < MOST:
            texts = [f"{self._agent} {self.sent + n}" for n in range(TOGETHER)]
            calls = [self._host.call("echo", {"text": text}) for text in texts]
            self.sent += len(calls)
            self.refused += sum(call.result(30).is_error for call in calls)
            self.begun.set()
            left -= self.refused > 0


def records(folders: Folders) -> list[dict[str, Any]]:
    """Return what is recorded, in order."""
    with sqlite3.connect(folders.profile.database) as database:
        rows = database.execute("SELECT body FROM records ORDER BY seq").fetchall()
    return [json.loads(body) for (body,) in rows]


def refused(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those that an agent was refused: by decision, or as it could not be sent any more."""
    ways = {("decision", "refused_paused"), ("delivery", "not_sent")}
    return [one for one in said if (one["type"], one.get("outcome")) in ways]


@pytest.mark.alone
@pytest.mark.requirement("K1", "K2", "K6", "LAW-5")
def test_demonstration_4_no_call_goes_after_a_stop_by_command_with_the_window_frozen(
    folders: Folders, keyturn: Keyturn, person: Person
) -> None:
    """Stop means stop: freeze the window, run `keyturn pause`; every retry is refused."""
    seed(folders, raw_server(folders), agents=AGENTS, rules=(ALLOW_ECHO,))
    keyturn.start("--platform", "xcb")
    person.sit_down()
    with ExitStack() as stack:
        storms: list[Storm] = []
        for agent in AGENTS:
            host = stack.enter_context(connected(keyturn.env, "raw", agent=agent, mode="legacy"))
            storms.append(Storm(agent, host))
        assert all(storm.begun.wait(30) for storm in storms)
        frozen = keyturn.console
        os.kill(frozen, signal.SIGSTOP)
        stopped = keyturn.run("pause", "--reason", "tried by a test")
        assert stopped.returncode == 0, stopped.stderr
        for storm in storms:
            storm.end()
        sent = sum(storm.sent for storm in storms)
        refusals = sum(storm.refused for storm in storms)
        reached = [call["params"]["arguments"]["text"] for call in calls_seen(folders)]
        # What was allowed and not yet sent when the stop came is refused to the agent as well.
        wait_until(lambda: len(refused(records(folders))) == refusals, "a record of each refusal")
    said = records(folders)
    at = next(place for place, one in enumerate(said) if one["type"] == "stop")
    allowed = [n for n, one in enumerate(said) if str(one.get("outcome")).startswith("allowed")]
    unsent = [one for one in refused(said) if one["type"] == "delivery"]
    # The order of the records says it, whatever the clocks said.
    assert allowed
    assert max(allowed) < at
    assert len(reached) == len(set(reached)) == len(allowed) - len(unsent)
    assert all(storm.refused >= AFTER for storm in storms)
    assert sent == len(reached) + refusals
    # A window that was frozen for too long was ended, and the one in its place says the same.
    with contextlib.suppress(ProcessLookupError):
        os.kill(frozen, signal.SIGCONT)
    screen = person.screen
    wait_until(
        lambda: any(screen.title(one).startswith("Stopped") for one in screen.windows()),
        "a window that shows the stop",
    )
    assert keyturn.verify().returncode == 0
