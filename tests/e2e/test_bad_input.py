"""Bad frames, bad servers and a full disk: refused, nothing sent, and the broker lives on."""

import resource
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.desk import Folders, Keyturn, own_folders, own_keyturn, wait_until
from tests.e2e.headless import Headless
from tests.e2e.raw_client import RawClient, raw_client
from tests.e2e.servers import calls_seen, raw_server

CALL = b'"jsonrpc":"2.0","method":"tools/call"'
GOOD = b'"params":{"name":"echo","arguments":{"text":"no"}}'


@contextmanager
def running(folders: Folders) -> Generator[Headless]:
    """Run a headless broker whose approver allows everything."""
    with own_keyturn(folders) as keyturn:
        made = Headless(
            folders=folders,
            keyturn=keyturn,
            servers={"raw": raw_server(folders).command},
            answers={"*": "allow_once"},
            tiers={"*": "T1"},
        )
        made.start()
        yield made


@pytest.fixture
def headless(folders: Folders) -> Iterator[Headless]:
    """A broker of the test's own."""
    with running(folders) as made:
        yield made


@pytest.fixture(scope="module")
def hardened() -> Iterator[Headless]:
    """A broker that gets one malformed frame after the other, which is sound at the end."""
    with own_folders() as folders, running(folders) as made:
        yield made
        assert made.keyturn.verify().returncode == 0


@pytest.fixture
def client(headless: Headless) -> Iterator[RawClient]:
    """A client after its handshake."""
    keyturn = headless.keyturn
    with raw_client(keyturn.env, "raw", headless.folders.root / "shim.log") as made:
        made.shake()
        yield made


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param(b"{not json", -32700, id="no JSON"),
        pytest.param(b'{"id":7,"id":8,' + CALL + b"," + GOOD + b"}", -32600, id="duplicate id"),
        pytest.param(
            b'{"id":7,' + CALL + b',"params":{"name":"echo","name":"echo","arguments":{}}}',
            -32600,
            id="duplicate name",
        ),
        pytest.param(
            b'{"id":7,' + CALL + b',"params":{"name":"echo","arguments":{"text":"a","text":"b"}}}',
            -32600,
            id="duplicate argument",
        ),
        pytest.param(b'{"id":1.0,' + CALL + b"," + GOOD + b"}", -32600, id="id 1.0"),
        pytest.param(b'{"id":true,' + CALL + b"," + GOOD + b"}", -32600, id="id true"),
        pytest.param(b'[{"id":7,' + CALL + b"," + GOOD + b"}]", -32600, id="batch"),
        pytest.param(
            b'{"id":7,' + CALL + b',"params":{"name":"echo","arguments":{"text":NaN}}}',
            -32600,
            id="NaN",
        ),
    ],
)
def test_a_malformed_frame_is_refused_and_recorded(
    frame: bytes, code: int, hardened: Headless
) -> None:
    """One broker for all, which each leaves as it was but for its own rows and calls."""
    seen, known = len(calls_seen(hardened.folders)), hardened.keyturn.decisions()
    log = hardened.folders.root / "shim.log"
    with raw_client(hardened.keyturn.env, "raw", log) as client:
        client.shake()
        client.send(frame + b"\n")
        refused = client.next()
        assert refused["error"]["code"] == code, refused
        assert client.call(9, "echo", "good")["result"]["content"][0]["text"] == "good"
    new = calls_seen(hardened.folders)[seen:]
    assert [call["params"]["arguments"] for call in new] == [{"text": "good"}]
    outcomes = [row["outcome"] for row in hardened.keyturn.history()]
    assert outcomes[: len(outcomes) - known] == ["allowed_once", "refused_malformed"]


def test_a_line_of_100_megabytes_is_refused(headless: Headless, client: RawClient) -> None:
    client.send(b'{"id":7,' + CALL + b',"params":{"name":"echo","arguments":{"text":"')
    for _ in range(100):
        client.send(b"a" * 1_000_000)
    client.send(b'"}}}\n')
    assert client.next()["error"]["message"] == "The frame is over 67108864 bytes."
    assert client.call(9, "echo", "good")["result"]["content"][0]["text"] == "good"
    assert len(calls_seen(headless.folders)) == 1


def test_an_unknown_server_says_so(headless: Headless) -> None:
    env, log = headless.keyturn.env, headless.folders.root / "shim.log"
    with raw_client(env, "nonesuch", log) as client:
        assert client.shake()["error"]["message"] == (
            "No server of this name is set up in Keyturn. Ask the user to add it."
        )
    assert headless.keyturn.status() is not None


@pytest.mark.requirement("E4")
def test_a_server_that_writes_junk_or_dies(headless: Headless, client: RawClient) -> None:
    assert client.call(1, "junk", "after the junk")["result"]["content"][0]["text"]
    died = client.call(2, "die")
    assert "outcome is not known" in str(died), died
    wait_until(lambda: all(row["delivery"] for row in headless.keyturn.history()), "both on record")
    rows = {row["tool"]: row for row in headless.keyturn.history()}
    assert rows["die"]["delivery"] == "unknown"
    assert rows["junk"]["delivery"] == "completed"
    with raw_client(headless.keyturn.env, "raw", headless.folders.root / "shim.log") as again:
        again.shake()
        assert again.call(1, "echo", "new")["result"]["content"][0]["text"] == "new"


@pytest.mark.requirement("E4")
def test_a_full_disk_sends_nothing_and_heals(headless: Headless, client: RawClient) -> None:
    assert client.call(1, "echo", "before")["result"]["content"][0]["text"] == "before"
    pid = broker_pid(headless.keyturn)
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    # No file of the broker may grow any more, which is what a full disk means to it.
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    for number in range(2, 5):
        refused = client.call(number, "echo", "full")["result"]
        assert refused["isError"] is True, refused
        assert "Nothing was sent" in refused["content"][0]["text"]
    assert headless.keyturn.status() is not None
    resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)

    def sent() -> bool:
        return client.call(9, "echo", "after")["result"].get("isError") is not True

    wait_until(sent, "a call that is recorded and sent again")
    texts = [call["params"]["arguments"]["text"] for call in calls_seen(headless.folders)]
    assert texts == ["before", "after"]
    assert headless.keyturn.verify().returncode == 0


def broker_pid(keyturn: Keyturn) -> int:
    """Return the broker's process id."""
    assert keyturn.process is not None
    return keyturn.process.pid
