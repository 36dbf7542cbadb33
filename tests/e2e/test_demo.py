"""`keyturn demo`: the agent obeys a line in a report, a person says no; yes to the honest call."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keyturn.desktop.paths import Profile
from keyturn.storage.queries.history import HistoryQuery
from keyturn.storage.queries.items import HistoryDetail
from tests.e2e.desk import Folders, Keyturn, Screen, own_keyturn, wait_until
from tests.e2e.person import Person

STARTING_SECONDS = 40.0
INJECTED = {"/orders", "/ship_to/address", "/ship_to/name"}


@pytest.fixture
def demo(folders: Folders, screen: Screen) -> Iterator[Keyturn]:
    """A running demo; its private folder is among the test's own."""
    stages = folders.root / "t"
    stages.mkdir()
    with own_keyturn(folders, DISPLAY=screen.name, TMPDIR=str(stages)) as keyturn:
        keyturn.start("demo", "--platform", "xcb", wait=False)

        def look() -> Path | None:
            return next(stages.glob("keyturn-demo-*/profile"), None)

        keyturn.profile = Profile(folder=wait_until(look, "the demo's profile", STARTING_SECONDS))
        keyturn.wait_for_broker()
        yield keyturn


def test_the_injected_call_is_denied_and_the_honest_one_allowed(
    demo: Keyturn, screen: Screen, folders: Folders
) -> None:
    person = Person(screen, demo)
    person.sit_down()
    demo.wait_for_waiting(1, STARTING_SECONDS)
    person.sees_card()
    person.picture("demo-injected")
    person.deny()
    demo.wait_for_waiting(1)
    person.confirm_value()
    person.picture("demo-honest")
    person.allow()
    wait_until(lambda: "The agent is done." in demo.printed(), "the story's end")
    person.picture("demo-done")

    honest, injected = demo.history("tool:dispatch_order", "tool:dispatch_all")
    assert (injected["tool"], injected["outcome"]) == ("dispatch_all", "denied_user")
    assert (honest["tool"], honest["outcome"]) == ("dispatch_order", "allowed_once")
    # The words of the injected call came from the third report, of another server.
    origins = origins_of(demo, injected["call"])
    assert {origin["path"] for origin in origins} == INJECTED
    assert {(o["server"], o["tool"], o["result"]) for o in origins} == {
        ("reports", "read_report", 3)
    }
    assert dispatched(demo) == ["dispatch_order"]
    assert demo.verify().returncode == 0

    assert demo.process is not None
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(20) == 0
    assert list((folders.root / "t").iterdir()) == []


def test_ctrl_c_ends_it_without_a_word_of_what_broke_off(demo: Keyturn, folders: Folders) -> None:
    """As a terminal sends it, to all of its processes, while the agent waits for an answer."""
    demo.wait_for_waiting(1, STARTING_SECONDS)
    assert demo.process is not None
    os.killpg(demo.process.pid, signal.SIGINT)
    assert demo.process.wait(20) == 0
    assert "Traceback" not in demo.printed()
    assert list((folders.root / "t").iterdir()) == []


def test_without_a_display_or_a_terminal_what_asks_is_refused(folders: Folders) -> None:
    picture = folders.root / "card.png"
    with own_keyturn(folders) as keyturn:
        told = keyturn.run("demo", "--picture", str(picture), seconds=STARTING_SECONDS)
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0] == "There is no display and no terminal, so what asks is refused."
    assert (
        "Done: nothing went through, dispatch_all and dispatch_order did not go through." in lines
    )
    assert picture.read_bytes().startswith(b"\x89PNG")


def origins_of(keyturn: Keyturn, call: str) -> tuple[Any, ...]:
    """Return where the values of a call came from, as the log says."""
    query = HistoryQuery(keyturn.profile.database)
    try:
        detail = query.detail(call)
    finally:
        query.close()
    assert isinstance(detail, HistoryDetail)
    return detail.origins


def dispatched(keyturn: Keyturn) -> list[str]:
    """Return what the logistics server really did."""
    ledger = keyturn.profile.folder.parent / "dispatched.jsonl"
    return [json.loads(line)["tool"] for line in ledger.read_text().splitlines()]
