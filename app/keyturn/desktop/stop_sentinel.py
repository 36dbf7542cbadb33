"""The stop file: while it exists, whatever it holds, every agent of this user is stopped."""

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.desktop.private_files import make_private_folder
from keyturn.desktop.wall_time import utc_text
from keyturn.domain.errors import ConfigurationError, KeyturnError, filled
from keyturn.domain.system_text import readable

_LARGEST = 65_536
_LONGEST_TEXT = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
BY_FILE = "file"
"""The trigger of a stop file that Keyturn did not write, or cannot read."""


class FileStopSentinel:
    """Implements the StopSentinel port with one file; see `paths.stop_path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = os.fspath(path)

    def exists(self) -> bool:
        """Tell whether something has the stop's name; one system call, microseconds.

        Only the certainty that nothing is there counts as not stopped: a folder, a dangling link, a
        missing permission and a failing disk all stop.
        """
        try:
            os.stat(self._name, follow_symlinks=False)  # noqa: PTH116 - measured: on every call
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def write(self, facts: StopFacts) -> None:
        """Create or replace the file, on disk when this returns; raises KeyturnError.

        Something else that bears the name already stops, so it is left alone.
        """
        content = {
            "v": 1,
            "since": facts.since_utc,
            "trigger": facts.trigger,
            "reason": facts.reason,
        }
        temporary = self._path.with_name(f".stop-{os.urandom(8).hex()}")
        try:
            make_private_folder(self._path.parent)
            if self._path.is_dir():
                return
            try:
                _write_through(temporary, json.dumps(content).encode("utf-8"))
                temporary.replace(self._path)
            except OSError:
                temporary.unlink(missing_ok=True)
                raise
            _sync_folder(self._path.parent)
        except (OSError, ConfigurationError) as error:
            raise KeyturnError(
                "The stop cannot be written to disk, so it would not survive a restart.",
                cause=str(error),
                mend=filled("Make the file yourself: {path}", path=self._path),
            ) from error

    def read(self) -> StopFacts | None:
        """Return what the file says; None when there is none.

        One that is not readable, or not Keyturn's, says when it was made and nothing else.
        """
        if not self.exists():
            return None
        try:
            return _facts_of(_bytes_of(self._path))
        except (OSError, ValueError, KeyError, OverflowError, RecursionError):
            return StopFacts(since_utc=self._made_at(), trigger=BY_FILE)

    def remove(self) -> None:
        """Remove the file, gone from disk when this returns; raises KeyturnError."""
        try:
            if self._path.is_dir() and not self._path.is_symlink():
                self._path.rmdir()
            else:
                self._path.unlink(missing_ok=True)
            if self._path.parent.is_dir():
                _sync_folder(self._path.parent)
        except OSError as error:
            raise KeyturnError(
                "The stop cannot be lifted.",
                cause=filled("{strerror}.", strerror=error.strerror or error),
                mend=filled("Remove it yourself and try again: {path}", path=self._path),
            ) from error

    def _made_at(self) -> str:
        try:
            return utc_text(self._path.lstat().st_mtime_ns)
        except OSError:
            return ""


def _bytes_of(path: Path) -> bytes:
    descriptor = os.open(path, _READ)
    try:
        # A FIFO or a device must not be waited for.
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a file")
        return os.read(descriptor, _LARGEST)
    finally:
        os.close(descriptor)


def _facts_of(content: bytes) -> StopFacts:
    decoded = json.loads(content)
    if not isinstance(decoded, dict):
        raise ValueError("not an object")
    members = cast(dict[str, Any], decoded)
    since, trigger, reason = (members[name] for name in ("since", "trigger", "reason"))
    if not (isinstance(since, str) and isinstance(trigger, str) and isinstance(reason, str)):
        raise ValueError("not text")
    return StopFacts(
        since_utc=_moment(since),
        trigger=readable(trigger[:_LONGEST_TEXT]),
        reason=readable(reason[:_LONGEST_TEXT]),
    )


def _moment(since: str) -> str:
    """Read a time that anybody can have written; screens and questions need it in one form."""
    moment = datetime.fromisoformat(since)
    if moment.tzinfo is None:
        raise ValueError("not a moment")
    # Out of a calendar's range it raises OverflowError.
    elapsed = moment.astimezone(UTC) - _EPOCH
    if elapsed < timedelta():
        raise ValueError("before there were such files")
    return utc_text(elapsed // timedelta(microseconds=1) * 1000)


def _write_through(path: Path, content: bytes) -> None:
    descriptor = os.open(path, _WRITE, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    # Without it a power cut can take the new name, or bring the old one back. Windows has no
    # descriptors of folders; NTFS writes names through its journal.
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
