"""The stop, by each of its ways: nothing is sent afterwards, and only a person resumes."""

import shutil
from collections.abc import Callable

import pytest

from keyturn.domain.rule import Effect, Rule
from tests.e2e.agent_host import connected, text_of
from tests.e2e.desk import SECONDS, Folders, Keyturn, promised, wait_until
from tests.e2e.person import Person
from tests.e2e.seeding import seed
from tests.e2e.servers import calls_seen, frames_seen, raw_server

ALLOW_ECHO = Rule(id="echo", effect=Effect.ALLOW, server="raw", tool="echo")
ALLOW_SILENT = Rule(id="silent", effect=Effect.ALLOW, server="raw", tool="silent")
PAUSED = "All agents are stopped in Keyturn. Nothing was sent. Wait until the user resumes."
SHOWN_SECONDS = 0.5
"""How long the window may take to say that agents are stopped."""
BUTTON = (-110, 28)
"""The stop button's middle, from the right and the top edge of the window."""
WORD = (-141, 752)
"""The field for the word RESUME, likewise, in a window of the usual size."""


def press_keys(person: Person, keyturn: Keyturn) -> None:
    """Stop with the keyboard."""
    person.press_until("ctrl+shift+p", lambda: stopped(keyturn))


def press_button(person: Person, keyturn: Keyturn) -> None:
    """Stop with the mouse."""
    person.screen.click(person.screen.window(), *BUTTON)


def run_command(person: Person, keyturn: Keyturn) -> None:
    """Stop from a terminal."""
    done = keyturn.run("stop", "--reason", "tried by a test")
    assert (done.returncode, done.stdout) == (
        0,
        "All agents are stopped. Resume in Keyturn's window.\n",
    )


def wait_for_title(person: Person, seconds: float = SECONDS) -> None:
    """Wait until the window's title says that agents are stopped."""
    window = person.screen.window()
    wait_until(lambda: person.screen.title(window).startswith("Stopped"), "the title", seconds)


def stopped(keyturn: Keyturn) -> bool:
    """Tell whether the broker says that it is stopped."""
    return (keyturn.status() or {}).get("stopped") is True


@pytest.mark.alone
@pytest.mark.requirement("LAW-5", "K5", "K6")
@pytest.mark.parametrize("press", [press_keys, press_button, run_command])
def test_nothing_is_sent_after_the_stop(
    press: Callable[[Person, Keyturn], None], folders: Folders, keyturn: Keyturn, person: Person
) -> None:
    seed(folders, raw_server(folders), rules=(ALLOW_ECHO, ALLOW_SILENT))
    keyturn.start("--platform", "xcb")
    person.sit_down()
    with connected(keyturn.env, "raw", mode="legacy") as host:
        assert not host.call("echo", {"text": "before"}).result(10).is_error
        in_flight = host.call("silent", {"text": "in flight"})
        asked = host.call("twice", {"text": "waits for a person"})
        keyturn.wait_for_waiting(1)
        wait_until(lambda: len(calls_seen(folders)) == 2, "the call in flight at the server")
        press(person, keyturn)
        wait_until(lambda: stopped(keyturn), "the stop")
        wait_for_title(person, promised(SHOWN_SECONDS))
        assert text_of(asked.result(10)) == PAUSED
        for number in range(10):
            refused = host.call("echo", {"text": f"after {number}"}).result(10)
            assert (refused.is_error, text_of(refused)) == (True, PAUSED)
        person.picture(f"stopped-{press.__name__}")
        wait_until(
            lambda: [f for f in frames_seen(folders) if f["method"] == "notifications/cancelled"],
            "the cancellation of the call in flight",
        )
        assert not in_flight.done()
        assert [call["params"]["name"] for call in calls_seen(folders)] == ["echo", "silent"]
        assert keyturn.run("status").returncode == 1
    outcomes = [row["outcome"] for row in keyturn.history("outcome:refused_paused")]
    assert len(outcomes) == 11
    assert keyturn.verify().returncode == 0


@pytest.mark.requirement("LAW-5", "K3")
def test_the_stop_survives_a_kill_and_a_restart_and_ends_at_the_window_only(
    folders: Folders, keyturn: Keyturn, person: Person
) -> None:
    seed(folders, raw_server(folders), rules=(ALLOW_ECHO,))
    keyturn.start("--platform", "xcb")
    person.sit_down()
    press_keys(person, keyturn)
    keyturn.kill()
    # A reboot empties the folder that the socket was in.
    shutil.rmtree(folders.run)
    folders.run.mkdir(mode=0o700)
    assert folders.stop_file.exists()
    # Without a broker the command line knows it as well, and no shim gets through.
    assert "the stop is engaged" in keyturn.run("status").stdout
    keyturn.start("--platform", "xcb")
    person.sit_down()
    assert stopped(keyturn)
    wait_for_title(person)
    with connected(keyturn.env, "raw", mode="legacy") as host:
        # Nothing that a program can reach ends it: neither removing the file nor a command.
        folders.stop_file.unlink()
        assert keyturn.run("resume").returncode != 0
        assert text_of(host.call("echo", {"text": "x"}).result(10)) == PAUSED
        assert calls_seen(folders) == []
        assert stopped(keyturn)
    assert keyturn.verify().returncode == 0


@pytest.mark.requirement("K7")
def test_a_person_resumes_by_typing_the_word_and_nothing_comes_back(
    folders: Folders, keyturn: Keyturn, person: Person
) -> None:
    seed(folders, raw_server(folders), rules=(ALLOW_ECHO,))
    keyturn.start("--platform", "xcb")
    window = person.sit_down()
    with connected(keyturn.env, "raw", mode="legacy") as host:
        waited = host.call("twice", {"text": "waits"})
        keyturn.wait_for_waiting(1)
        press_keys(person, keyturn)
        wait_for_title(person)
        assert text_of(waited.result(10)) == PAUSED
        person.screen.click(window, *WORD)
        # A part of the word, or another, resumes nothing.
        person.screen.type("RESUM")
        person.screen.key("Return")
        assert stopped(keyturn)
        person.picture("stopped-before-resuming")
        person.screen.type("E")
        person.press_until("Return", lambda: not stopped(keyturn))
        assert not folders.stop_file.exists()
        assert keyturn.waiting() == 0
        assert calls_seen(folders) == []
        # Resumed carefully, which is preselected: the rule that allowed it does not act yet.
        again = host.call("echo", {"text": "asks now"})
        keyturn.wait_for_waiting(1)
        person.allow()
        assert not again.result(10).is_error
    # Nor does it after a crash: only a person turns the rules on.
    keyturn.kill()
    keyturn.start("--platform", "xcb")
    person.sit_down()
    with connected(keyturn.env, "raw", mode="legacy") as host:
        host.call("echo", {"text": "asks still"})
        keyturn.wait_for_waiting(1)
    assert [call["params"]["name"] for call in calls_seen(folders)] == ["echo"]
    assert keyturn.verify().returncode == 0
