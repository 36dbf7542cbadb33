"""Which file a command starts, and its hash."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from keyturn.desktop import executables
from keyturn.desktop.executables import ExecutableHashes, find_executable


def program(path: Path, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {path}\n")
    path.chmod(mode)
    return path


def started(argv0: str, cwd: Path, env: dict[str, str]) -> str:
    """Start it and return the path that it says it has."""
    done = subprocess.run([argv0], cwd=cwd, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def there(tmp_path: Path) -> Path:
    program(tmp_path / "first" / "tool", 0o644)
    program(tmp_path / "second" / "tool")
    program(tmp_path / "third" / "tool")
    program(tmp_path / "project" / "bin" / "tool")
    program(tmp_path / "project" / "tool")
    return tmp_path


@pytest.mark.parametrize(
    ("argv0", "search", "expected"),
    [
        ("tool", "{0}/first:{0}/second:{0}/third", "{0}/second/tool"),
        ("tool", "{0}/none:{0}/third", "{0}/third/tool"),
        ("tool", "bin:{0}/third", "{0}/project/bin/tool"),
        ("tool", ":{0}/third", "{0}/project/tool"),
        ("./tool", "{0}/third", "{0}/project/tool"),
        ("bin/tool", "{0}/third", "{0}/project/bin/tool"),
        ("{0}/third/tool", "", "{0}/third/tool"),
    ],
)
def test_it_is_the_file_that_really_starts(
    there: Path, argv0: str, search: str, expected: str
) -> None:
    argv0, search, expected = (text.format(there) for text in (argv0, search, expected))
    found = find_executable(argv0, str(there / "project"), {"PATH": search})
    assert os.path.normpath(found) == expected
    assert started(argv0, there / "project", {"PATH": search}) == expected


@pytest.mark.parametrize("argv0", ["", "missing", "./missing", "project", "../first/tool"])
def test_what_would_not_start_is_not_found(there: Path, argv0: str) -> None:
    search = {"PATH": f"{there}:{there}/first"}
    assert find_executable(argv0, str(there / "project"), search) == ""


def test_without_a_path_the_systems_is_searched(tmp_path: Path) -> None:
    assert find_executable("sh", str(tmp_path), {}) in ("/bin/sh", "/usr/bin/sh")


class TestHashes:
    """Hashes are right, and remembered."""

    def test_a_file_is_read_once_while_it_stays_the_same(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = program(tmp_path / "tool")
        hashes = ExecutableHashes()
        expected = hashlib.sha256(path.read_bytes()).hexdigest()
        assert hashes.sha256(str(path)) == expected
        monkeypatch.setattr(executables.hashlib, "file_digest", None)
        assert hashes.sha256(str(path)) == expected

    def test_a_change_is_seen_even_with_the_same_size_and_time(self, tmp_path: Path) -> None:
        path = program(tmp_path / "tool")
        hashes = ExecutableHashes()
        before, times = hashes.sha256(str(path)), path.stat()
        path.write_bytes(path.read_bytes().replace(b"echo", b"cat "))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert path.stat().st_mtime_ns == times.st_mtime_ns
        assert path.stat().st_size == times.st_size
        assert hashes.sha256(str(path)) != before

    def test_only_so_many_are_remembered(self, tmp_path: Path) -> None:
        hashes = ExecutableHashes(capacity=1)
        one, other = program(tmp_path / "one"), program(tmp_path / "other")
        first = hashes.sha256(str(one))
        assert hashes.sha256(str(other)) != first
        assert hashes.sha256(str(one)) == first

    def test_what_cannot_be_read_has_none(self, tmp_path: Path) -> None:
        hashes = ExecutableHashes()
        assert hashes.sha256(str(tmp_path / "missing")) == ""
        assert hashes.sha256(str(tmp_path)) == ""
        assert hashes.sha256(os.devnull) == ""
