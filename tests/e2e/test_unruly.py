"""Crowds and giants at a real broker: its memory is bounded, each request has one answer."""

import json
import os
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
import pytest

from tests.e2e.desk import ROOT, Folders, own_keyturn, shim_argv
from tests.e2e.headless import Headless
from tests.e2e.raw_client import RawClient, raw_client
from tests.e2e.servers import raw_server

UNRULY = ROOT / "tests" / "integration" / "servers" / "unruly_server.py"
MIB = 1 << 20
RULE = '[[rules]]\neffect = "allow"\n'


@pytest.fixture
def headless(folders: Folders) -> Iterator[Headless]:
    """A running headless broker whose rule allows everything."""
    with own_keyturn(folders) as keyturn:
        made = Headless(
            folders=folders,
            keyturn=keyturn,
            servers={"raw": raw_server(folders).command, "unruly": (sys.executable, str(UNRULY))},
            tiers={"*": "T0"},
            more=RULE,
        )
        made.start()
        yield made


@pytest.fixture
def client(headless: Headless) -> Iterator[RawClient]:
    """A client of the unruly server."""
    with raw_client(headless.keyturn.env, "unruly", log_of(headless)) as made:
        made.shake()
        yield made


@pytest.fixture
def other(headless: Headless) -> Iterator[RawClient]:
    """A client beside it."""
    with raw_client(headless.keyturn.env, "raw", log_of(headless)) as made:
        made.shake()
        yield made


def log_of(headless: Headless) -> Path:
    return headless.folders.root / "shim.log"


def memory(headless: Headless) -> int:
    """Bytes that the broker holds now."""
    assert headless.keyturn.process is not None
    return psutil.Process(headless.keyturn.process.pid).memory_info().rss


def text_of(answer: dict[str, Any]) -> str:
    return answer["result"]["content"][0]["text"]


def frames(many: int, method: str, params: dict[str, Any]) -> bytes:
    """Return many requests at once, each with an id of its own."""
    rest = json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).removeprefix("{")
    return b"".join(b'{"id":%d,%b\n' % (number, rest.encode()) for number in range(many))


@pytest.mark.parametrize(
    ("many", "method", "params"),
    [
        (10_000, "ping", {}),
        # Twice as many as may be open.
        (2_000, "tools/call", {"name": "echo", "arguments": {"text": "x"}}),
    ],
)
def test_thousands_of_requests_at_once_are_each_answered_once(
    many: int,
    method: str,
    params: dict[str, Any],
    headless: Headless,
    client: RawClient,
    other: RawClient,
) -> None:
    before = memory(headless)
    sending = Thread(target=client.send, args=(frames(many, method, params),))
    sending.start()
    assert text_of(other.call("beside", "echo", "meanwhile")) == "meanwhile"
    answered = Counter(client.next()["id"] for _ in range(many))
    sending.join()
    assert set(answered.values()) == {1}
    assert set(answered) == set(range(many))
    assert text_of(client.call("next", "echo", "next")) == "next"
    assert memory(headless) - before < 64 * MIB


def test_who_never_reads_does_not_grow_the_broker(headless: Headless, other: RawClient) -> None:
    before = memory(headless)
    with subprocess.Popen(
        shim_argv("raw"), env=headless.keyturn.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as shim:
        try:
            assert taken(shim, 200) < 100 * MIB, "held back, not taken in"
            assert text_of(other.call(1, "echo", "meanwhile")) == "meanwhile"
            assert memory(headless) - before < 64 * MIB
        finally:
            shim.kill()
    assert text_of(other.call(2, "echo", "next")) == "next"


def taken(shim: "subprocess.Popen[bytes]", most: int) -> int:
    """Write requests of a megabyte until no more is taken; return how many bytes were."""
    assert shim.stdin is not None
    end = shim.stdin.fileno()
    os.set_blocking(end, False)
    line = b'{"jsonrpc":"2.0","id":%d,"method":"ping","params":{"text":"' + b"x" * MIB + b'"}}\n'
    data = b"".join(line % number for number in range(most))
    total = 0
    while total < len(data) and select.select([], [end], [], 3.0)[1]:
        written = os.write(end, data[total : total + 65_536])
        total += written
    return total


@pytest.mark.parametrize("size", [63 * MIB, 80 * MIB])
def test_an_answer_of_many_megabytes_is_cut_or_an_error_and_the_next_call_works(
    size: int, headless: Headless, client: RawClient, other: RawClient
) -> None:
    before = memory(headless)
    answer = client.call(1, "large", str(size))
    assert len(text_of(answer)) <= 8 * MIB
    assert answer["result"].get("isError", False) is (size > 64 * MIB)
    assert text_of(other.call(1, "echo", "meanwhile")) == "meanwhile"
    assert text_of(client.call(2, "echo", "next")) == "next"
    assert memory(headless) - before < 256 * MIB
