"""Servers' stderr: masked, bounded, private, harmless to a terminal."""

import logging
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from keyturn.desktop.server_log import LONGEST_LINE, ServerLog
from tests.fakes.clock import FakeClock


class StarMask:
    """Masks the one secret that the tests make up."""

    def mask(self, text: str) -> str:
        return text.replace("made-up-secret", "****cret")

    def mask_each(self, texts: Sequence[str]) -> list[str]:
        return [self.mask(text) for text in texts]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shipments.log"


Opened = Callable[..., ServerLog]


@pytest.fixture
def opened(path: Path, request: pytest.FixtureRequest) -> Opened:
    def open_log(limit_bytes: int = 1_000, keep: int = 2) -> ServerLog:
        log = ServerLog(
            path, mask=StarMask(), clock=FakeClock(), limit_bytes=limit_bytes, keep=keep
        )
        request.addfinalizer(log.close)
        return log

    return open_log


def texts(path: Path) -> list[str]:
    """The lines without their times."""
    return [line.split(" ", 1)[1] for line in path.read_text(encoding="utf-8").splitlines()]


def test_lines_are_kept_with_their_time(path: Path, opened: Opened) -> None:
    log = opened()
    log.write(b"listening\n")
    log.write(b"ready\r\n")
    log.write(b"")
    assert texts(path) == ["listening", "ready", ""]
    assert path.read_text(encoding="utf-8").startswith(FakeClock().now_utc())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_secrets_are_masked(path: Path, opened: Opened) -> None:
    opened().write(b"token made-up-secret refused")
    assert texts(path) == ["token ****cret refused"]


def test_what_steers_a_terminal_or_forges_a_line_is_escaped(path: Path, opened: Opened) -> None:
    opened().write("a\tb\x1b[2Jc\u202ed\x00e\rf\ng \xe9 \U0001f511".encode() + b"\xff")
    escaped = "a\tb\\x1b[2Jc\\u202ed\\x00e\\rf\\ng \xe9 \U0001f511\\xff"
    assert texts(path) == [escaped]


def test_a_long_line_is_cut_and_says_so(path: Path, opened: Opened) -> None:
    opened(limit_bytes=10**6).write(b"x" * (LONGEST_LINE + 5))
    assert texts(path) == ["x" * LONGEST_LINE + f" [cut, {LONGEST_LINE + 5} bytes]"]


def test_it_never_grows_beyond_its_files(path: Path, opened: Opened) -> None:
    log = opened(limit_bytes=300, keep=2)
    for number in range(100):
        log.write(b"line %d" % number)
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == [path.name, f"{path.name}.1", f"{path.name}.2"]
    assert all(file.stat().st_size <= 300 for file in files)
    kept = [*texts(files[2]), *texts(files[1]), *texts(files[0])]
    assert kept == [f"line {number}" for number in range(100 - len(kept), 100)]
    assert len(kept) >= 12


def test_without_older_files_it_starts_anew(path: Path, opened: Opened) -> None:
    log = opened(limit_bytes=100, keep=0)
    for number in range(20):
        log.write(b"line %d" % number)
    assert list(path.parent.iterdir()) == [path]
    assert texts(path)[-1] == "line 19"


def test_a_new_run_goes_on_where_the_last_one_ended(path: Path, opened: Opened) -> None:
    opened().write(b"first")
    log = opened()
    log.write(b"second")
    log.close()
    log.write(b"third")
    assert texts(path) == ["first", "second", "third"]


def test_a_failing_disk_is_said_once_and_stops_nothing(
    path: Path, opened: Opened, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = opened()
    log.write(b"before")
    write = os.write

    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with caplog.at_level(logging.WARNING):
        monkeypatch.setattr(os, "write", full)
        log.write(b"lost")
        log.write(b"lost")
        monkeypatch.setattr(os, "write", write)
        log.write(b"after")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert texts(path) == ["before", "after"]


def test_a_planted_link_is_not_written_through(path: Path, opened: Opened) -> None:
    path.symlink_to("elsewhere")
    opened().write(b"line")
    assert not (path.parent / "elsewhere").exists()
