"""The shim as a real process, between the real pipes of a host and a real socket."""

import contextlib
import hashlib
import os
import random
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

from keyturn import shim
from tests.bench.shim_start import GOAL_MIB, peak_kib
from tests.unit.shim_process import (
    MIB,
    WAIT_SECONDS,
    Broker,
    Place,
    Run,
    connected,
    temporary_place,
)

# Fast to make, and no two chunks of it alike.
PAYLOAD = random.Random(3).randbytes(16 * MIB)


@pytest.fixture
def place() -> Iterator[Place]:
    with temporary_place() as made:
        yield made


def in_background(work: Any, *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments)
    thread.start()
    return thread


def write_and_close(stream: IO[bytes], data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[stream.write(view) :]
    stream.close()


# --- the first line -----------------------------------------------------------------------------


def test_the_first_line_says_who_calls_from_where_with_what(place: Place) -> None:
    place.token("t0ken\n")
    with connected(place, "files", "--agent", "coder", EDITOR="vi") as (run, broker):
        said = broker.greeting
        assert list(said) == ["v", "server", "agent", "token", "cwd", "env", "pid"]
        assert said["v"] == 1
        assert (said["server"], said["agent"], said["token"]) == ("files", "coder", "t0ken")
        assert said["cwd"] == str(place.folder)
        assert said["pid"] == run.process.pid
        assert said["env"]["EDITOR"] == "vi"


def test_names_that_choose_code_are_not_handed_on(place: Place) -> None:
    kept = ("PATH", "NODE_OPTIONS", "LD_PRELOAD", "DYLD_X", "PYTHONPATH", "GIT_DIR", "LD_", "GIT_")
    others = ("MYPATH", "path", "GITHUB", "NODE_OPTIONS2", "OLD_X")
    env = dict.fromkeys((*kept, *others), "x")
    with connected(place, **env) as (_, broker):
        handed = broker.greeting["env"]
        assert not set(kept) & set(handed)
        assert set(others) <= set(handed)


def test_every_character_survives_and_what_is_not_utf8_is_left_out(place: Place) -> None:
    text = "".join(map(chr, range(1, 256))) + '\\u0041 "\u2028\U0001f511'
    listening = place.listen()
    place.start(env={"ALL": text, "BAD": "\udcff", "B\udce9D": "x"})
    with contextlib.closing(Broker(listening)) as broker:
        assert broker.greeting["env"]["ALL"] == text
        assert not any(name.startswith("B") for name in broker.greeting["env"])


def test_a_large_environment_reaches_a_broker_that_is_slow_to_read(place: Place) -> None:
    env = {f"V{number}": "x" * 100_000 for number in range(16)}
    with connected(place, **env) as (run, broker):
        write_and_close(run.stdin, b"after\n")
        assert len(broker.greeting["env"]) >= 16
        assert broker.read_all() == b"after\n"


def test_without_agent_or_token_both_are_empty(place: Place) -> None:
    with connected(place, "git") as (_, broker):
        assert (broker.greeting["agent"], broker.greeting["token"]) == ("", "")


@pytest.mark.parametrize("words", [("--token-file", "own"), ("--token-file=own",)])
def test_a_token_file_of_its_own(words: tuple[str, ...], place: Place) -> None:
    place.token("not this one")
    (place.folder / "own").write_text("this one", encoding="ascii")
    (place.folder / "own").chmod(0o400)
    with connected(place, "git", "--agent", "coder", *words) as (_, broker):
        assert broker.greeting["token"] == "this one"


# --- bytes ----------------------------------------------------------------------------------------


def test_bytes_pass_as_they_come(place: Place) -> None:
    data = bytes(range(256)) + b"\n\n{not json"
    with connected(place) as (run, broker):
        run.stdin.write(data)
        assert broker.read(len(data)) == data
        broker.connection.sendall(data[::-1])
        assert run.stdout.read(len(data)) == data[::-1]


def test_sixteen_mib_come_back_unchanged_in_little_memory(place: Place) -> None:
    def echo(broker: Broker) -> None:
        while chunk := broker.read_some():
            broker.connection.sendall(chunk)
        peaks.append(peak_kib(run.process.pid))
        broker.close()

    peaks: list[int] = []
    with connected(place) as (run, broker):
        echoing = in_background(echo, broker)
        feeding = in_background(write_and_close, run.stdin, PAYLOAD)
        digest, size = hashlib.sha256(), 0
        while chunk := run.stdout.read(MIB):
            digest.update(chunk)
            size += len(chunk)
        feeding.join(WAIT_SECONDS)
        echoing.join(WAIT_SECONDS)
        assert run.end() == (0, "")
    assert size == len(PAYLOAD)
    assert digest.digest() == hashlib.sha256(PAYLOAD).digest()
    assert peaks[0] / 1024 <= GOAL_MIB


def test_a_host_that_does_not_read_slows_the_broker(place: Place) -> None:
    with connected(place) as (run, broker):
        broker.connection.settimeout(0.3)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < len(PAYLOAD):
                sent += broker.connection.send(PAYLOAD[sent : sent + 65536])
        assert sent < 2 * MIB
        assert idle_cpu_seconds(run, broker) < 0.1
        assert run.stdout.read(1) == PAYLOAD[:1]
        got = 1
        while got < sent:
            chunk = run.stdout.read(min(MIB, sent - got))
            assert chunk == PAYLOAD[got : got + len(chunk)]
            got += len(chunk)


def test_a_broker_that_does_not_read_slows_the_host(place: Place) -> None:
    with connected(place) as (run, broker):
        os.set_blocking(run.stdin.fileno(), False)
        sent, refusals = 0, 0
        while sent < len(PAYLOAD) and refusals < 3:
            try:
                sent += os.write(run.stdin.fileno(), PAYLOAD[sent : sent + 65536])
                refusals = 0
            except BlockingIOError:
                refusals += 1
                idle_cpu_seconds(run, broker)
        assert sent < 2 * MIB
        run.stdin.close()
        assert broker.read_all() == PAYLOAD[:sent]


def idle_cpu_seconds(run: Run, broker: Broker) -> float:
    """CPU that the shim takes while for 0.3 s nothing can move; it must not spin."""
    process = psutil.Process(run.process.pid)
    before = process.cpu_times()
    with contextlib.suppress(subprocess.TimeoutExpired):
        run.process.wait(0.3)
    after = process.cpu_times()
    assert broker.connection.fileno() >= 0
    return after.user + after.system - before.user - before.system


# --- ends -----------------------------------------------------------------------------------------


def test_after_the_end_of_stdin_the_rest_is_waited_for(place: Place) -> None:
    with connected(place) as (run, broker):
        write_and_close(run.stdin, b"question\n")
        assert broker.read_all() == b"question\n"
        assert idle_cpu_seconds(run, broker) < 0.1
        broker.connection.sendall(b"late answer\n")
        assert run.stdout.read(12) == b"late answer\n"
        broker.close()
        assert run.end() == (0, "")


def test_what_the_broker_sent_before_it_closed_arrives_and_a_sentence_tells_of_it(
    place: Place,
) -> None:
    with connected(place) as (run, broker):
        broker.connection.sendall(b"refused\n")
        broker.close()
        assert run.stdout.read() == b"refused\n"
        code, said = run.end()
    assert code == 1
    assert said.startswith("keyturn: Keyturn closed the connection of git. Reconnect")
    assert said.count("\n") == 1


def test_all_of_it_arrives_when_broker_and_stdin_ended_before_the_host_reads(place: Place) -> None:
    sent = PAYLOAD[: 2 * MIB]

    def send(broker: Broker) -> None:
        broker.connection.sendall(sent)
        broker.close()

    with connected(place) as (run, broker):
        run.stdin.close()
        sending = in_background(send, broker)
        assert run.stdout.read(4) == sent[:4]
        rest = b"".join(iter(lambda: run.stdout.read(MIB), b""))
        sending.join(WAIT_SECONDS)
        assert rest == sent[4:]
        assert run.end() == (0, "")


def test_a_broker_that_closes_with_unread_bytes_ends_it_too(place: Place) -> None:
    with connected(place) as (run, broker):
        broker.connection.sendall(b"last\n")
        run.stdin.write(b"never read\n")
        assert run.stdout.read(5) == b"last\n"
        broker.close()
        assert run.end()[0] == 1


def test_a_host_that_is_gone_ends_it_although_the_broker_is_silent(place: Place) -> None:
    with connected(place) as (run, broker):
        run.stdout.close()
        assert run.process.wait(WAIT_SECONDS) == 0
        assert broker.read_all() == b""


def test_a_host_that_goes_while_an_answer_is_on_its_way_ends_it(place: Place) -> None:
    def send(broker: Broker) -> None:
        with contextlib.suppress(OSError):
            broker.connection.sendall(PAYLOAD)

    with connected(place) as (run, broker):
        sending = in_background(send, broker)
        assert run.stdout.read(4) == PAYLOAD[:4]
        run.stdout.close()
        assert run.process.wait(WAIT_SECONDS) == 0
        sending.join(WAIT_SECONDS)


# --- lightness ------------------------------------------------------------------------------------


def test_it_imports_nothing_but_c_and_frozen_modules() -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        f"exec(compile(open({shim.__file__!r}).read(), 'shim', 'exec'), {{'__name__': 'shim'}})\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, timeout=30, check=True
    )
    frozen = {"_collections_abc", "_stat", "genericpath", "os", "os.path", "posixpath", "stat"}
    assert set(ran.stdout.decode().split()) <= frozen | {"_socket", "select"}


def test_pipes_are_unblocked_and_files_are_left_alone(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with (tmp_path / "file").open("wb") as file, open(reading, "rb"), open(writing, "wb"):  # noqa: PTH123 - descriptors
        assert shim.unblock(reading)
        assert not os.get_blocking(reading)
        assert not shim.unblock(reading)
        assert not shim.unblock(file.fileno())
        assert os.get_blocking(file.fileno())
        assert stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    assert not shim.unblock(writing)


def test_output_into_a_file_and_input_from_one(place: Place) -> None:
    (place.folder / "in").write_bytes(b"from a file\n")
    listening = place.listen()
    with (place.folder / "in").open("rb") as source, (place.folder / "out").open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", shim.__file__, "git"],
            stdin=source,
            stdout=sink,
            env=place.env,
        )
        with process, contextlib.closing(Broker(listening)) as broker:
            assert broker.read_all() == b"from a file\n"
            broker.connection.sendall(b"into a file\n")
            broker.close()
            assert process.wait(WAIT_SECONDS) == 0
    assert (place.folder / "out").read_bytes() == b"into a file\n"
