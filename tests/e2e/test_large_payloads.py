"""Large payloads through a real broker: its workers, and what is left of them when it is killed."""

from collections.abc import Iterator

import psutil
import pytest

from tests.e2e.desk import Folders, Keyturn, own_keyturn, wait_until
from tests.e2e.headless import Headless
from tests.e2e.raw_client import raw_client
from tests.e2e.servers import calls_seen, raw_server

SIZE = 1_000_000


@pytest.fixture
def keyturn(folders: Folders) -> Iterator[Keyturn]:
    """A broker whose approver allows."""
    with own_keyturn(folders) as made:
        server = raw_server(folders).command
        Headless(
            folders=folders, keyturn=made, servers={"raw": server}, answers={"*": "allow_once"}
        ).start()
        yield made


def workers(keyturn: Keyturn) -> list[psutil.Process]:
    """Return the broker's workers."""
    assert keyturn.process is not None
    children = psutil.Process(keyturn.process.pid).children(recursive=True)
    return [child for child in children if "_worker" in child.cmdline()]


@pytest.mark.requirement("POOL-LARGE", "POOL-DEAD", "POOL-ENDS")
def test_workers_read_what_is_large_are_replaced_and_die_with_the_broker(
    folders: Folders, keyturn: Keyturn
) -> None:
    with raw_client(keyturn.env, "raw", folders.root / "shim.log") as client:
        client.shake()
        answer = client.call(1, "big", str(SIZE))
        assert answer["result"]["content"][0]["text"] == "x" * SIZE
        first = workers(keyturn)
        assert len(first) == 2
        for worker in first:
            worker.kill()
        psutil.wait_procs(first, 10)
        text = "R. Talbot, 14 Quarry Road\n" * 10_000
        assert client.call(2, "echo", text)["result"]["content"][0]["text"] == text
        (_, seen) = calls_seen(folders)
        assert seen["params"]["arguments"] == {"text": text}
        second = workers(keyturn)
        assert len(second) == 2
        assert keyturn.process is not None
        keyturn.process.kill()
        assert psutil.wait_procs(second, 10)[1] == []


def test_workers_end_with_the_broker(folders: Folders, keyturn: Keyturn) -> None:
    with raw_client(keyturn.env, "raw", folders.root / "shim.log") as client:
        client.shake()
        client.call(1, "big", "100000")
        left = workers(keyturn)
        assert len(left) == 2
        keyturn.end()
        wait_until(lambda: not any(map(psutil.Process.is_running, left)), "no worker")
