"""Owns the reading of whole folders into a list of files with their hashes, within bounds.

Nothing of what is read is run. What is not read is named: too much, too slow, unreadable, or a link
to a folder elsewhere.
"""

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from keyturn.desktop.executables import ExecutableHashes, stamp_of
from keyturn.domain.closure import ClosureFile, Gap, sorted_files
from keyturn.domain.system_text import readable

_MOST_GAPS = 20
_LONGEST_PATH = 1024

Wanted = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one look reads at most."""

    files: int = 20_000
    bytes: int = 512 * 1024 * 1024
    depth: int = 32
    seconds: float = 20.0
    """Long, because what a busy machine leaves out makes another closure of the same files."""


@dataclass(frozen=True, slots=True)
class _Seen:
    label: str
    path: str
    link: bool


@dataclass(slots=True)
class _Left:
    """What may still be read of what is kept apart: anybody can put any number of files there."""

    files: int
    bytes: int
    seconds: float

    @property
    def over(self) -> bool:
        """Whether there is nothing left."""
        return self.files <= 0 or self.bytes <= 0 or self.seconds <= 0


class Overflow(Exception):
    """A bound was met; never seen outside this module."""

    def __init__(self, gap: Gap) -> None:
        super().__init__(gap.value)
        self.gap = gap


class Manifest:
    """Gathers the files of one look; each place is covered whole or named as a gap."""

    def __init__(self, hashes: ExecutableHashes, bounds: Bounds, *, anew: bool) -> None:
        self._hashes = hashes
        self._bounds = bounds
        self._anew = anew
        self._due = time.monotonic() + bounds.seconds
        self._files: dict[str, ClosureFile] = {}
        self._stamps: dict[str, int] = {}
        self._places: dict[str, str] = {}
        self._at: dict[str, str] = {}
        """By path on disk, under which name it was read first."""
        self._twice: dict[str, str] = {}
        """By name, the one under which the same file was read first."""
        self._bytes = 0
        self._walked: set[tuple[str, Wanted | None, frozenset[str], Wanted | None]] = set()
        """Folders, each with what is wanted of it: another walk may want more."""
        self._gaps: dict[tuple[Gap, str], None] = {}
        self._unnamed: set[tuple[Gap, str]] = set()
        self._apart: dict[str, ClosureFile] = {}
        self._apart_left = _Left(bounds.files, bounds.bytes // 4, bounds.seconds / 4)
        self._is_apart: Wanted = _nothing

    def file(self, label: str, path: str | Path) -> None:
        """Cover one file; where there is none now, one that appears will differ."""
        self._lies(label, str(path))
        if os.path.lexists(path):
            self._place(label, lambda: self._one_file(_Seen(label, str(path), link=False)))

    def tree(
        self,
        label: str,
        root: str | Path,
        *,
        wanted: Wanted | None = None,
        skip: frozenset[str] = frozenset(),
        deep: Callable[[str], bool] | None = None,
    ) -> None:
        """Cover a folder: every file, or those whose name is `wanted`.

        Folders named in `skip` are left out, and those whose path `deep` refuses.
        """
        folder = os.path.realpath(root)
        walk = (folder, wanted, skip, deep)
        if walk in self._walked or not Path(folder).is_dir():
            return
        self._walked.add(walk)
        self._places.setdefault(readable(label), readable(folder))
        self._place(label, lambda: self._whole(label, folder, wanted, skip, deep))

    def set_apart(self, wanted: Wanted) -> None:
        """Keep such files apart from here on, by their labels."""
        self._is_apart = wanted

    def gap(self, gap: Gap, of: str = "") -> None:
        """Say that something is not covered."""
        named = gap, readable(of)[:_LONGEST_PATH]
        if named in self._gaps or len(self._gaps) < _MOST_GAPS - 1:
            self._gaps[named] = None
        else:
            self._unnamed.add(named)

    def sha256_of(self, label: str) -> str:
        """Return the hash of a file that was covered; empty for any other."""
        file = self._files.get(label)
        return "" if file is None else file.sha256

    @property
    def files(self) -> tuple[ClosureFile, ...]:
        """Return what was read."""
        return sorted_files(self._files.values())

    @property
    def apart(self) -> tuple[ClosureFile, ...]:
        """Return what was read and kept apart."""
        return sorted_files(self._apart.values())

    @property
    def apart_whole(self) -> bool:
        """Whether all of what is kept apart was read."""
        return not self._apart_left.over

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """Return where on disk what is listed lies, by the beginnings of its names."""
        return tuple(self._places.items())

    @property
    def twice(self) -> tuple[str, ...]:
        """Return the names of files that were read under another name before."""
        twice = self._twice.items()
        return tuple(name for name, first in twice if {name, first} <= self._files.keys())

    def stamps_of(self, files: tuple[ClosureFile, ...]) -> tuple[int, ...]:
        """Return which file each of them is, and when it changed last."""
        return tuple(self._stamps[file.path] for file in files)

    @property
    def gaps(self) -> tuple[tuple[Gap, str], ...]:
        """Return what was not."""
        more = [(Gap.MORE, str(len(self._unnamed)))] if self._unnamed else []
        return (*sorted(self._gaps), *more)

    def _lies(self, label: str, path: str) -> None:
        """Remember where a file lies, by its folder where the names are the same from there."""
        names, parts = readable(label).split("/"), readable(path).split("/")
        while len(names) > 1 and len(parts) > 1 and names[-1] == parts[-1]:
            names.pop()
            parts.pop()
        name, place = "/".join(names), "/".join(parts)
        if self._places.setdefault(name, place) != place:
            self._places[readable(label)] = readable(path)

    def _place(self, label: str, read: Callable[[], None]) -> None:
        """Read one place; if a bound is met, none of it counts, and it is named."""
        before, size = len(self._files), self._bytes
        try:
            read()
        except Overflow as met:
            while len(self._files) > before:
                self._files.popitem()
            self._bytes = size
            self.gap(met.gap, label)

    def _whole(
        self,
        label: str,
        folder: str,
        wanted: Wanted | None,
        skip: frozenset[str],
        deep: Callable[[str], bool] | None,
    ) -> None:
        for seen in self._walk(label, folder, skip, deep):
            if seen.link:
                self._link(seen, folder)
            elif wanted is None or wanted(seen.path):
                self._one_file(seen)

    def _walk(
        self, label: str, folder: str, skip: frozenset[str], deep: Callable[[str], bool] | None
    ) -> Iterator[_Seen]:
        waiting = [(label, folder, 0)]
        while waiting:
            at, path, depth = waiting.pop()
            if depth > self._bounds.depth:
                raise Overflow(Gap.TOO_MUCH)
            for entry in self._entries(at, path):
                name = f"{at}/{entry.name}"
                if entry.is_symlink():
                    yield _Seen(name, entry.path, link=True)
                elif not entry.is_dir(follow_symlinks=False):
                    yield _Seen(name, entry.path, link=False)
                elif entry.name not in skip and (deep is None or deep(entry.path)):
                    waiting.append((name, entry.path, depth + 1))

    def _entries(self, label: str, path: str) -> list["os.DirEntry[str]"]:
        try:
            with os.scandir(path) as found:
                return list(found)
        except OSError:
            self.gap(Gap.UNREADABLE, label)
            return []

    def _one_file(self, seen: _Seen) -> None:
        """Read a file's bytes; a pipe, a device or a socket counts by its kind alone."""
        if self._is_apart(readable(seen.label)):
            self._one_apart(seen)
            return
        found = self._hashes.read(seen.path, anew=self._anew)
        if found is not None:
            self._add(seen.label, *found)
            name = readable(seen.label)
            first = self._at.setdefault(seen.path, name)
            if first != name:
                self._twice[name] = first
            return
        kind, stamp = _kind_of(seen.path)
        if kind == stat.S_IFREG:
            self.gap(Gap.UNREADABLE, seen.label)
        self._add(seen.label, 0, f"kind {kind:o}", stamp)

    def _one_apart(self, seen: _Seen) -> None:
        """Read a file that counts for no bound of the others, or leave it out once it is enough."""
        if self._apart_left.over:
            return
        begun = time.monotonic()
        found = self._hashes.read(seen.path, anew=self._anew)
        kind, stamp = _kind_of(seen.path)
        size, sha256, stamp = found if found is not None else (0, f"kind {kind:o}", stamp)
        path = readable(seen.label)
        self._apart[path] = ClosureFile(path, size, sha256)
        self._stamps[path] = stamp
        self._apart_left.files -= 1
        self._apart_left.bytes -= size
        self._apart_left.seconds -= time.monotonic() - begun

    def _link(self, seen: _Seen, root: str) -> None:
        """Cover where a link leads; what a link out of the folder holds too, if that is a file."""
        if self._is_apart(readable(seen.label)):
            self._one_apart(seen)
            return
        try:
            leads_to = str(Path(seen.path).readlink())
        except OSError:
            leads_to = ""
        _, stamp = _kind_of(seen.path)
        self._add(seen.label, 0, hashlib.sha256(os.fsencode(leads_to)).hexdigest(), stamp)
        real = os.path.realpath(seen.path)
        if real == root or real.startswith(root + os.sep):
            return
        if Path(real).is_dir():
            self.gap(Gap.LINK_OUT, seen.label)
        else:
            self._one_file(_Seen(f"{seen.label} -> {leads_to}", real, link=False))

    def _add(self, label: str, size: int, sha256: str, stamp: int) -> None:
        self._bytes += size
        if len(self._files) >= self._bounds.files or self._bytes > self._bounds.bytes:
            raise Overflow(Gap.TOO_MUCH)
        if time.monotonic() > self._due:
            raise Overflow(Gap.TOO_SLOW)
        path = readable(label)
        self._files[path] = ClosureFile(path, size, sha256)
        self._stamps[path] = stamp


def _nothing(_path: str) -> bool:
    return False


def _kind_of(path: str) -> tuple[int, int]:
    """Return what is at a path, links not followed, and which one it is."""
    try:
        found = os.lstat(path)
    except OSError:
        return 0, 0
    return stat.S_IFMT(found.st_mode), stamp_of(found)
