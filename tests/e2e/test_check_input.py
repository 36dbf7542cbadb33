"""What a person typed, through each host's hook as a real process, at a real broker."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from tests.e2e.desk import Folders, Keyturn, own_keyturn
from tests.e2e.headless import Headless
from tests.e2e.raw_client import RawClient, raw_client
from tests.e2e.servers import raw_server
from tests.unit.inspection.test_input_check import token

PLACES = {
    "claude-code": "Kotka harbour, gate 3",
    "cursor": "Turku depot, ramp 12",
    "gemini": "Oulu station, track 6",
    "plain": "Hanko ferry, lane 41",
}
"""What is typed to each host."""
CPU_SECONDS = 0.15
"""Of the whole command with a broker; every text that a person sends waits for it."""


@pytest.fixture
def headless(folders: Folders) -> Iterator[Headless]:
    """A broker whose operator's program allows every call and writes down what it was asked."""
    with own_keyturn(folders) as keyturn:
        made = Headless(
            folders=folders,
            keyturn=keyturn,
            servers={"raw": raw_server(folders).command},
            tiers={"*": "T0"},
            answers={"*": "allow_once"},
        )
        made.start()
        yield made


def hand_over(
    keyturn: Keyturn, host: str, text: str, *words: str
) -> "subprocess.CompletedProcess[str]":
    """Run the command as a host's hook would, below this process, which is the agent's host."""
    handed = text if host == "plain" else json.dumps({"prompt": text, "session_id": "s"})
    return keyturn.run("check-input", "--host", host, *words, stdin=handed)


def echo(client: RawClient, number: int, text: str) -> None:
    call = {"name": "echo", "arguments": {"text": text}}
    client.say({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": call})
    client.answer_to(number)


def origins(headless: Headless, text: str) -> list[dict[str, Any]]:
    requests = [one for one in headless.asked if one.get("kind") == "call"]
    return next(one["origins"] for one in requests if json.loads(one["arguments"])["text"] == text)


@pytest.mark.requirement("INPUT-3", "INPUT-7")
def test_a_value_that_a_hook_handed_over_is_known_as_its_claim(
    headless: Headless, folders: Folders
) -> None:
    """One broker for all hosts: each has a session and a text of its own."""
    keyturn = headless.keyturn
    for host, place in PLACES.items():
        with raw_client(keyturn.env, "raw", folders.root / "shim.log") as client:
            client.shake()
            echo(client, 1, "before anything was typed")
            done = hand_over(keyturn, host, f"Ship order 4711 to\n{place}\n")
            assert (done.returncode, done.stderr) == (0, ""), host
            echo(client, 2, place)
        (origin,) = origins(headless, place)
        assert (origin["path"], origin["tool"], origin["typed"]) == ("/text", host, True)
        shown = next(one["text"] for one in headless.asked if place in one.get("arguments", ""))
        assert "typed" in shown, host
    assert keyturn.verify().returncode == 0


@pytest.mark.requirement("INPUT-4", "LAW-4")
def test_an_agent_that_runs_the_command_itself_washes_nothing(
    headless: Headless, folders: Folders
) -> None:
    keyturn = headless.keyturn
    with raw_client(keyturn.env, "raw", folders.root / "shim.log") as client:
        client.shake()
        echo(client, 1, "attacker@example.org")
        hand_over(keyturn, "claude-code", "attacker@example.org")
        echo(client, 2, "attacker@example.org and more")
        echo(client, 3, "attacker@example.org")
    last = [one for one in headless.asked if one.get("kind") == "call"][-1]["origins"]
    # The result comes first, whoever claims that a person typed it.
    assert "typed" not in last[0]
    assert last[-1]["typed"] is True


@pytest.mark.requirement("INPUT-2", "I-23")
def test_a_secret_is_kept_back_and_stands_in_no_file(headless: Headless, folders: Folders) -> None:
    """One broker for all hosts: each has a session and a secret of its own."""
    keyturn = headless.keyturn
    secrets = {host: token() for host in PLACES}
    for host, secret in secrets.items():
        with raw_client(keyturn.env, "raw", folders.root / "shim.log") as client:
            client.shake()
            done = hand_over(keyturn, host, f"use {secret} for it")
            assert "kept this text from the model" in done.stdout + done.stderr, host
            assert secret not in done.stdout + done.stderr, host
            echo(client, 1, "x")
    keyturn.end()
    # With a broker and without one.
    for host, secret in secrets.items():
        done = hand_over(keyturn, host, f"use {secret} for it")
        assert "kept this text from the model" in done.stdout + done.stderr, host
    files = [path.read_bytes() for path in folders.root.rglob("*") if path.is_file()]
    assert files
    held = [host for host, secret in secrets.items() for file in files if secret.encode() in file]
    assert held == []


@pytest.mark.alone
@pytest.mark.requirement("INPUT-7")
def test_the_command_costs_a_person_little(headless: Headless) -> None:
    spent: list[float] = []
    for _ in range(5):
        before = psutil.Process().cpu_times()
        done = hand_over(headless.keyturn, "claude-code", "Ship order 4711 to Kotka.")
        after = psutil.Process().cpu_times()
        assert done.stdout == "{}\n"
        of_child = after.children_user + after.children_system
        spent.append(of_child - before.children_user - before.children_system)
    assert min(spent) <= CPU_SECONDS, spent
