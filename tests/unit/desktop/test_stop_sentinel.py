"""The stop file: anything at that name stops, and what is written survives."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.desktop.stop_sentinel import FileStopSentinel
from keyturn.domain.errors import KeyturnError

FACTS = StopFacts(since_utc="2026-11-23T14:07:52.123Z", trigger="tray", reason="odd calls")


@pytest.fixture
def stop(tmp_path: Path) -> Path:
    folder = tmp_path / "keyturn"
    folder.mkdir(mode=0o700)
    return folder / "stop"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"stop",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"since":1,"trigger":"tray","reason":""}',
        b'{"since":"yesterday","trigger":"tray","reason":""}',
        b'{"since":"2026-11-23","trigger":"tray","reason":""}',
        b"[" * 60_000,
    ],
)
def test_a_file_of_any_content_stops(stop: Path, content: bytes) -> None:
    stop.write_bytes(content)
    os.utime(stop, (0, 86_400.5))
    sentinel = FileStopSentinel(stop)
    assert sentinel.exists()
    assert sentinel.read() == StopFacts(since_utc="1970-01-02T00:00:00.500Z", trigger="file")


def test_a_folder_of_that_name_stops_and_can_be_lifted(stop: Path) -> None:
    stop.mkdir()
    sentinel = FileStopSentinel(stop)
    assert sentinel.exists()
    sentinel.write(FACTS)
    facts = sentinel.read()
    assert facts is not None
    assert facts.trigger == "file"
    sentinel.remove()
    assert not sentinel.exists()


def test_a_folder_with_something_in_it_stays_a_stop(stop: Path) -> None:
    (stop / "kept").mkdir(parents=True)
    sentinel = FileStopSentinel(stop)
    with pytest.raises(KeyturnError, match="cannot be lifted"):
        sentinel.remove()
    assert sentinel.exists()


def test_a_dangling_link_and_a_fifo_stop_without_being_waited_for(stop: Path) -> None:
    sentinel = FileStopSentinel(stop)
    stop.symlink_to("nowhere")
    assert sentinel.exists()
    assert sentinel.read() is not None
    sentinel.remove()
    os.mkfifo(stop)
    facts = sentinel.read()
    assert facts is not None
    assert facts.trigger == "file"


def test_a_path_that_cannot_be_looked_at_counts_as_stopped(
    stop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "stat", refuse)
    assert FileStopSentinel(stop).exists()


def test_a_file_where_the_folder_should_be_counts_as_stopped(tmp_path: Path) -> None:
    (tmp_path / "keyturn").write_text("")
    sentinel = FileStopSentinel(tmp_path / "keyturn" / "stop")
    assert sentinel.exists()
    assert sentinel.read() == StopFacts(since_utc="", trigger="file")
    with pytest.raises(KeyturnError, match="would not survive"):
        sentinel.write(FACTS)


def test_the_file_is_private_complete_and_alone(stop: Path) -> None:
    FileStopSentinel(stop).write(FACTS)
    assert stat.S_IMODE(stop.stat().st_mode) == 0o600
    assert json.loads(stop.read_bytes()) == {
        "v": 1,
        "since": FACTS.since_utc,
        "trigger": FACTS.trigger,
        "reason": FACTS.reason,
    }
    assert list(stop.parent.iterdir()) == [stop]


def test_the_content_is_on_disk_before_the_name_and_the_name_before_the_return(
    stop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        steps.append(f"sync {kind}")
        fsync(descriptor)

    def noted_replace(self: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    sentinel = FileStopSentinel(stop)
    sentinel.write(FACTS)
    assert steps == ["sync file", "rename", "sync folder"]
    sentinel.remove()
    assert steps[3:] == ["sync folder"]


def test_a_failing_disk_leaves_the_earlier_stop_and_no_rest(
    stop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentinel = FileStopSentinel(stop)
    sentinel.write(FACTS)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyturnError, match="No space left"):
        sentinel.write(StopFacts(since_utc="", trigger="command"))
    assert sentinel.read() == FACTS
    assert list(stop.parent.iterdir()) == [stop]


def test_half_of_a_pair_in_the_file_can_be_shown(stop: Path) -> None:
    content = {"since": "2026-01-01T00:00:00+00:00", "trigger": "\ud800", "reason": "a\udcffb"}
    stop.parent.mkdir(parents=True, exist_ok=True)
    stop.write_text(json.dumps(content), encoding="utf-8")
    facts = FileStopSentinel(stop).read()
    assert facts is not None
    assert (facts.trigger, facts.reason) == (r"\ud800", r"a\udcffb")


@pytest.mark.parametrize(
    ("since", "told"),
    [
        ("2026-11-23T15:07:52.123456+01:00", "2026-11-23T14:07:52.123Z"),
        ("2026-11-23T14:07:52Z", "2026-11-23T14:07:52.000Z"),
        ("0001-01-01T00:00:00.000+14:00", None),
        ("9999-12-31T23:59:59.999-14:00", None),
        ("1969-12-31T23:59:59.999Z", None),
    ],
)
def test_a_time_is_read_in_one_form_or_not_at_all(stop: Path, since: str, told: str | None) -> None:
    content = {"since": since, "trigger": "t", "reason": "r"}
    stop.write_text(json.dumps(content), encoding="utf-8")
    facts = FileStopSentinel(stop).read()
    assert facts is not None
    if told is None:
        assert facts.trigger == "file"
        assert facts.since_utc > "2026"
    else:
        assert (facts.since_utc, facts.trigger) == (told, "t")


def test_overlong_texts_are_cut(stop: Path) -> None:
    content = {"since": FACTS.since_utc, "trigger": "t", "reason": "r" * 5_000}
    stop.write_text(json.dumps(content), encoding="utf-8")
    facts = FileStopSentinel(stop).read()
    assert facts is not None
    assert facts.reason == "r" * 1_000
