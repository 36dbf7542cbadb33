"""Finds the file that a command would start, and its hash."""

import hashlib
import os
import shutil
import stat
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from io import FileIO
from pathlib import Path
from typing import NamedTuple


class FileRead(NamedTuple):
    """What a regular file is."""

    size: int
    sha256: str
    stamp: int
    """Which file it is and when it changed last: another one after every rewriting, but for one
    through memory."""


_Fingerprint = tuple[str, int, int, int, int, int]

_PIECE = 64 * 1024


def find_executable(program: str, cwd: str, search: Mapping[str, str]) -> str:
    """Return the path that starting `program` would use, links not followed; empty when none.

    As execvpe does after changing to `cwd` (Python's subprocess): a name with a separator is looked
    up from `cwd`, any other in each entry of PATH, relative entries from `cwd` too.
    """
    if sys.platform == "win32":
        found = shutil.which(program, path=search.get("PATH"))
        return "" if found is None else str(Path(cwd, found))
    if not program:
        return ""
    folders = [""] if os.sep in program else search.get("PATH", os.defpath).split(os.pathsep)
    for folder in folders:
        candidate = Path(cwd, folder, program)
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    return ""


class ExecutableHashes:
    """SHA-256 of files, remembered while path, device, inode, size and times stay the same.

    The change time is part of that because, unlike the time of modification, a program without
    root's rights cannot set it back after rewriting a file. Yet it need not move: a file that is
    written to through memory keeps its times for a while, on ext4 up to half a minute, on tmpfs for
    good. What must not be taken for another is read anew. Safe to call from several threads.
    """

    def __init__(self, capacity: int = 256) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._known: OrderedDict[_Fingerprint, str] = OrderedDict()

    def sha256(self, path: str, *, anew: bool = False) -> str:
        """Return the hash in hexadecimal; empty when the file cannot be read.

        `anew` reads it whatever is remembered, and remembers that.
        """
        found = self.read(path, anew=anew)
        return "" if found is None else found.sha256

    def read(self, path: str, *, anew: bool = False) -> FileRead | None:
        """Return what a file is; None for what is no regular file or cannot be read."""
        try:
            if not anew:
                found = os.stat(path)  # noqa: PTH116 - thousands of them
                if known := self._recall(_fingerprint(path, found)):
                    return FileRead(found.st_size, known, stamp_of(found))
            # A named pipe in its place would hold the opening up for good.
            with open(path, "rb", buffering=0, opener=_open_at_once) as file:
                found = os.fstat(file.fileno())
                if not stat.S_ISREG(found.st_mode):
                    return None
                key = _fingerprint(path, found)
                digest = _sha256_of(file)
                # One that changed under the reading is not worth remembering.
                if _fingerprint(path, os.fstat(file.fileno())) == key:
                    self._remember(key, digest)
                return FileRead(found.st_size, digest, stamp_of(found))
        except OSError:
            return None

    def _recall(self, key: _Fingerprint) -> str:
        with self._lock:
            digest = self._known.get(key, "")
            if digest:
                self._known.move_to_end(key)
            return digest

    def _remember(self, key: _Fingerprint, digest: str) -> None:
        with self._lock:
            self._known[key] = digest
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)


def stamp_of(found: os.stat_result) -> int:
    """Return which file it is and when it changed last, in one number."""
    return found.st_ino << 64 | found.st_ctime_ns


def _sha256_of(file: FileIO) -> str:
    """Hash a file. hashlib's own way makes a buffer of 256 KiB for each, and most are small."""
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _fingerprint(path: str, found: os.stat_result) -> _Fingerprint:
    return (
        path,
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )
