"""Owns what a package closure is: the files that a command would load, as one hash and as a list.

What could not be covered is part of it and of the hash: nothing is left out in silence.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from keyturn.domain.canonical import JsonObject, JsonValue, canonical, digest_of
from keyturn.domain.command import Mark

COMPILED = "compiled_sha256"
NOT_AGREED = "not agreed"
"""Instead of a hash of compiled files: nobody agrees to them, however often it is found."""
SCRIPT = "script/"
"""How the path of a file begins that the command itself names, and runs."""


class Gap(StrEnum):
    """Why a part of what is loaded is not covered; each has a sentence in presentation."""

    TOO_MUCH = "too_much"
    TOO_SLOW = "too_slow"
    UNREADABLE = "unreadable"
    LINK_OUT = "link_out"
    NOT_FOUND = "not_found"
    OF_INTERPRETER = "of_interpreter"
    OF_PROGRAM = "of_program"
    NOT_UNDERSTOOD = "not_understood"
    OF_SHELL = "of_shell"
    OF_IMAGE = "of_image"
    INLINE = "inline"
    CACHES = "caches"
    MORE = "more"
    """Gaps beyond those that are named; their number."""


class ClosureFile(NamedTuple):
    """One file: a path below the places that are covered, its size and the hash of its bytes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageClaims:
    """What a package's own metadata says of it; claims, never facts."""

    name: str
    version: str = ""
    publisher: str = ""
    repository: str = ""
    installed_from: str = ""
    """Where its own metadata says that it came from."""
    integrity: str = ""
    """The hash of the archive that it was installed from, as its installer wrote it down."""
    differing: int | None = None
    """Files that are not as the package's own record has them; None where it has no record."""

    def subject(self) -> JsonObject:
        """Return what is shown and kept of it."""
        said: JsonObject = {
            "name": self.name,
            "version": self.version,
            "publisher": self.publisher,
            "repository": self.repository,
            "installed_from": self.installed_from,
            "integrity": self.integrity,
        }
        said = {key: value for key, value in said.items() if value}
        return said if self.differing is None else {**said, "files_not_as_recorded": self.differing}


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Everything on disk that a command would load, as far as it can be known without running it.

    Equal hashes mean equal files at equal places.
    """

    files: tuple[ClosureFile, ...] = ()
    """Sorted by path."""
    gaps: tuple[tuple[Gap, str], ...] = ()
    """What is not covered, and of what."""
    fetches: str = ""
    """Where code is fetched from at the start; empty when all of it is on disk."""
    fetched_into: tuple[str, ...] = ()
    """How the paths begin of what the start itself fetches."""
    stamps: tuple[int, ...] = ()
    """Of each file which one it is and when it changed last, as the system says; no part of the
    hash, since a file that was only touched is the same. Empty where nobody looked."""
    packages: tuple[PackageClaims, ...] = ()
    marks: tuple[Mark, ...] = ()
    """What else there is to look at; follows from the command and its folder."""
    python: bool = False
    """It runs Python, and is started so that no compiled file beside a source is written."""
    compiled: str = ""
    """SHA-256 over compiled files that it is kept from where they are not as agreed to; no part of
    the hash, since other programs write them too."""
    compiled_stamps: tuple[int, ...] = ()
    places: tuple[tuple[str, str], ...] = ()
    """Where on disk what is listed below a name lies; no part of the hash, and not kept."""
    twice: tuple[str, ...] = ()
    """Paths of files that are listed under another name already."""
    certificate_sha256: str = ""
    """Of a remote server, whose only file is who vouches for it: SHA-256 of its certificate; no
    part of the hash, since there is another one every few weeks."""
    closure_hash: str = field(init=False)
    """SHA-256 over files, gaps and what is fetched; empty where there is none of them."""

    def __post_init__(self) -> None:
        """Compute the hash once: it is compared at every connection."""
        object.__setattr__(self, "closure_hash", self._hash())

    def _hash(self) -> str:
        if not (self.files or self.gaps or self.fetches):
            return ""
        gaps: list[JsonValue] = [[gap.value, of] for gap, of in self.gaps]
        files: list[JsonValue] = [[file.path, file.size, file.sha256] for file in self.files]
        return digest_of(canonical([files, gaps, self.fetches]))

    @property
    def size(self) -> int:
        """Return the bytes of all files, each counted once."""
        twice = set(self.twice)
        return sum(file.size for file in self.files if file.path not in twice)

    @property
    def script(self) -> str:
        """Return the file that the command names and runs; "" where it runs no file of its own.

        Packages beside it are only loaded: what they say of themselves is not said of the script.
        """
        own = (file.path for file in self.files if file.path.startswith(SCRIPT))
        return next(own, "").removeprefix(SCRIPT)

    def subject(self) -> JsonObject:
        """Return what an approver is shown of it."""
        said: JsonObject = {}
        if self.certificate_sha256:
            said["certificate"] = {
                "sha256": self.certificate_sha256,
                "issuer": [file.path for file in self.files],
                "authority_key_sha256": [file.sha256 for file in self.files],
            }
        elif self.closure_hash:
            said["closure"] = {
                "bytes": self.size,
                "files": len(self.files) - len(self.twice),
                "sha256": self.closure_hash,
            }
        if self.compiled:
            said[COMPILED] = self.compiled
        if self.fetches:
            said["fetches_code_from"] = self.fetches
        if self.gaps:
            said["not_covered"] = [[gap.value, of] for gap, of in self.gaps]
        if self.marks:
            said["marks"] = [[mark.kind.value, mark.detail] for mark in self.marks]
        if self.script:
            said["script"] = self.script
        if self.packages:
            said["claimed"] = [claims.subject() for claims in self.packages]
        return said


NO_CLOSURE = Closure()
"""Of what loads nothing that is known: a program of its own, a server on this machine."""


def touched_between(before: Closure, after: Closure) -> bool:
    """Tell whether a file that is in both was written or replaced, be it as it was again."""
    if not (before.stamps and after.stamps):
        return False
    stamps = {file.path: stamp for file, stamp in zip(before.files, before.stamps, strict=True)}
    pairs = zip(after.files, after.stamps, strict=True)
    return any(stamps.get(file.path, stamp) != stamp for file, stamp in pairs)


def sorted_files(files: Iterable[ClosureFile]) -> tuple[ClosureFile, ...]:
    """Return files in the order that the hash is made in."""
    return tuple(sorted(files))
