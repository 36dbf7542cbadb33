"""A crowd at the broker's door does not keep the command line out, nor use up the descriptors."""

import resource
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from keyturn.desktop import control_client
from keyturn.desktop.control_client import ask_broker
from keyturn.domain.errors import KeyturnError


def crowd(path: Path, count: int) -> list[socket.socket]:
    clients = [socket.socket(socket.AF_UNIX) for _ in range(count)]
    for client in clients:
        client.connect(str(path))
    return clients


@pytest.mark.skipif(sys.platform != "linux", reason="a full backlog is refused at once elsewhere")
def test_a_full_backlog_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen(0)
        waiting = crowd(path, 1)

        def let_in() -> None:
            for _ in range(2):
                end, _address = door.accept()
                with end:
                    if end.recv(1000):
                        end.sendall(b'{"ok":true}\n')

        letting = threading.Thread(target=let_in)
        threading.Timer(0.1, lambda: (waiting[0].close(), letting.start())).start()
        assert ask_broker(path, {"control": "status"}) == {"ok": True}
        letting.join(5)


@pytest.mark.skipif(sys.platform != "linux", reason="a full backlog is refused at once elsewhere")
def test_a_door_that_stays_full_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_client, "ANSWER_SECONDS", 1.0)
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen(0)
        waiting = crowd(path, 1)
        with pytest.raises(KeyturnError, match="does not answer"):
            ask_broker(path, {"control": "stop"})
        waiting[0].close()


def test_the_descriptor_limit_is_raised_to_what_is_allowed() -> None:
    code = (
        "import resource\n"
        "from keyturn.desktop.hardening import raise_descriptor_limit\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (100, 300))\n"
        "print(raise_descriptor_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 300
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["300", "300", "300"]
