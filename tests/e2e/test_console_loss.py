"""The window dies or freezes while calls wait: nothing is sent, and the same calls come back."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from mcp.types import CallToolResult

from tests.e2e.agent_host import AgentHost, connected
from tests.e2e.desk import Folders, Keyturn, promised, wait_until
from tests.e2e.person import Person
from tests.e2e.seeding import seed
from tests.e2e.servers import calls_seen, raw_server

WAITING = 100
BACK_SECONDS = 3.0
"""How long the window may be away, from its process's end."""
SILENCE_SECONDS = 5.0
COUNTS = (80, 57, 500, 104)
"""The queue's header in the window: it says how many wait, and no time."""


@pytest.fixture
def host(folders: Folders, keyturn: Keyturn, person: Person) -> Iterator[AgentHost]:
    """An agent behind a running Keyturn with a window."""
    seed(folders, raw_server(folders))
    keyturn.start("--platform", "xcb")
    person.sit_down()
    with connected(keyturn.env, "raw", mode="legacy") as made:
        yield made


@pytest.mark.alone
@pytest.mark.requirement("K4", "I-07", "C7")
@pytest.mark.parametrize(
    ("sent", "seconds"),
    [(signal.SIGKILL, BACK_SECONDS), (signal.SIGSTOP, SILENCE_SECONDS + BACK_SECONDS)],
)
def test_a_lost_window_comes_back_with_the_same_calls(
    sent: signal.Signals,
    seconds: float,
    folders: Folders,
    keyturn: Keyturn,
    person: Person,
    host: AgentHost,
) -> None:
    calls = [host.call("echo", {"text": f"call {n}"}) for n in range(WAITING)]
    keyturn.wait_for_waiting(WAITING)
    counts = person.comes_to_see(COUNTS, "counts-before")
    lost = keyturn.console
    seconds = promised(seconds)
    began = time.monotonic()
    os.kill(lost, sent)
    wait_until(lambda: keyturn.console not in (0, lost), "a new process of the window", seconds)
    left = seconds - (time.monotonic() - began)
    name = f"counts-after-{sent.name}"
    wait_until(lambda: person.sees(COUNTS, name) == counts, "the same 100 calls", left)
    assert decided(calls) == []
    assert calls_seen(folders) == []
    # They are the same calls indeed: as alike as they are they form one group, which is denied.
    person.screen.focus(person.screen.window())
    person.deny()
    wait_until(lambda: len(decided(calls)) == WAITING, "an answer to each call")
    assert calls_seen(folders) == []
    assert [row["outcome"] for row in keyturn.history()] == ["denied_user"] * WAITING


@pytest.mark.requirement("I-07")
def test_without_any_window_calls_wait_and_nothing_is_sent(
    folders: Folders, keyturn: Keyturn
) -> None:
    seed(folders, raw_server(folders))
    # A window that cannot start, whatever is tried.
    keyturn.start("--platform", "nonesuch")
    with connected(keyturn.env, "raw", mode="legacy") as made:
        call = made.call("echo", {"text": "x"})
        keyturn.wait_for_waiting(1)
        wait_until(lambda: "keyturn: " in keyturn.output(), "a sentence on stderr")
        assert keyturn.waiting() == 1
        assert not call.done()
        assert calls_seen(folders) == []
        # The stop works without a window.
        assert keyturn.run("stop").returncode == 0
        assert call.result(10).is_error
    assert calls_seen(folders) == []


@pytest.mark.requirement("C7", "W5", "E4")
def test_closing_and_escape_answer_nothing(
    folders: Folders, keyturn: Keyturn, person: Person, host: AgentHost
) -> None:
    call = host.call("echo", {"text": "x"})
    keyturn.wait_for_waiting(1)
    person.press_until("Escape", lambda: not person.screen.windows())
    assert keyturn.waiting() == 1
    # A second launch brings the window back.
    raised = keyturn.run("--platform", "xcb")
    assert (raised.returncode, raised.stdout) == (
        0,
        "Keyturn is already running; its window was raised.\n",
    )
    window = person.screen.window()
    wait_until(lambda: person.screen.active() == window, "the raised window in front")
    person.screen.xdotool("windowclose", person.screen.window())
    wait_until(lambda: not person.screen.windows(), "a closed window")
    assert keyturn.waiting() == 1
    assert not call.done()
    assert calls_seen(folders) == []
    assert keyturn.history() == []


def decided(calls: "list[Future[CallToolResult]]") -> "list[Future[CallToolResult]]":
    """Return the calls that the agent has an answer to."""
    return [call for call in calls if call.done()]
