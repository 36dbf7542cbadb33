"""Owns what is installed beside a Python interpreter: distributions, their files and claims.

Read from their own metadata on disk; nothing is imported.
"""

import base64
import csv
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.parser import HeaderParser
from itertools import islice
from pathlib import Path

from keyturn.desktop.closure_places import read_object, read_text
from keyturn.desktop.manifests import Manifest
from keyturn.domain.closure import Gap, PackageClaims
from keyturn.domain.command import normalized

_INFO = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)\.dist-info$")
_REQUIRED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST_CLAIM = 300
_LONGEST_PATH = 1024
_LONGEST_NAME = 255
_MOST_RECORDED = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One installed distribution."""

    name: str
    """Normalized."""
    version: str
    site: Path
    info: Path

    def requires(self) -> tuple[str, ...]:
        """Return the names of what it requires under any condition, normalized."""
        said = _headers(self.info).get_all("Requires-Dist") or []
        found = (_REQUIRED.match(line.strip()) for line in said)
        return tuple(dict.fromkeys(normalized(one.group()) for one in found if one))

    def recorded(self) -> Iterator[tuple[str, str]]:
        """Yield the files that its record names, with their hashes where it has them."""
        rows = csv.reader(read_text(self.info / "RECORD").splitlines())
        try:
            for row in islice(rows, _MOST_RECORDED):
                if row and _is_name(row[0]):
                    yield row[0], row[1] if len(row) > 1 else ""
        except csv.Error:
            return

    def has_command(self, name: str) -> bool:
        """Tell whether it installs a command of that name."""
        text = read_text(self.info / "entry_points.txt")
        return re.search(rf"(?m)^\s*{re.escape(name)}\s*=", text) is not None


def distributions_in(sites: Iterable[Path]) -> dict[str, Distribution]:
    """Return what is installed, by name; the first folder that has one wins."""
    found: dict[str, Distribution] = {}
    for site in sites:
        for name in _names_in(site):
            match = _INFO.match(name)
            if match is not None:
                one = Distribution(
                    name=normalized(match["name"]),
                    version=match["version"],
                    site=site,
                    info=site / name,
                )
                found.setdefault(one.name, one)
    return found


def with_requirements(
    names: Iterable[str], installed: dict[str, Distribution]
) -> list[Distribution]:
    """Return distributions and all that they require, sorted by name."""
    waiting, found = [*names], dict[str, Distribution]()
    while waiting:
        name = waiting.pop()
        one = installed.get(name)
        if one is not None and name not in found:
            found[name] = one
            waiting += one.requires()
    return [found[name] for name in sorted(found)]


def owner_of(module: str, installed: dict[str, Distribution]) -> Distribution | None:
    """Return the distribution that a module belongs to, by its records."""
    guess = installed.get(normalized(module))
    if guess is not None and _holds(guess, module):
        return guess
    return next((one for one in installed.values() if _holds(one, module)), None)


def cover(one: Distribution, label: str, manifest: Manifest) -> int | None:
    """Cover a distribution's files, and every other file in its folders.

    Return how many are not as its own record has them; None where it has no record.
    """
    recorded = [*one.recorded()]
    tops = {path.split("/")[0] for path, _ in recorded if not path.startswith(("..", "/"))}
    for top in sorted({*(top for top in tops if len(top) <= _LONGEST_NAME), one.info.name}):
        place = one.site / top
        if place.is_dir():
            manifest.tree(f"{label}/{top}", place)
        else:
            manifest.file(f"{label}/{top}", place)
    for path, _ in recorded:
        if path.startswith("..") and "/bin/" in path:
            manifest.file(f"{label}/{path}", one.site / path)
    if len(recorded) >= _MOST_RECORDED:
        manifest.gap(Gap.TOO_MUCH, f"{label}/{one.info.name}/RECORD")
    if not recorded:
        # Which files are its own nobody says.
        manifest.gap(Gap.UNREADABLE, f"{label}/{one.info.name}/RECORD")
        return None
    return sum(_differs(manifest, f"{label}/{path}", said) for path, said in recorded)


def claims_of(one: Distribution, differing: int | None) -> PackageClaims:
    """Return what a distribution says of itself."""
    said = _headers(one.info)
    direct = read_object(one.info / "direct_url.json")
    archive = direct.get("archive_info")
    integrity = archive.get("hash") if isinstance(archive, dict) else None
    url = direct.get("url")
    publisher = said.get("Author") or said.get("Author-email") or said.get("Maintainer-email")
    return PackageClaims(
        name=_short(said.get("Name") or one.name),
        version=_short(said.get("Version") or one.version),
        publisher=_short(publisher or ""),
        repository=_short(_repository(said.get_all("Project-URL") or [], said.get("Home-page"))),
        installed_from=_short(url) if isinstance(url, str) else "",
        integrity=_short(integrity) if isinstance(integrity, str) else "",
        differing=differing,
    )


def _is_name(path: str) -> bool:
    return 0 < len(path) <= _LONGEST_PATH and path.isprintable()


def _names_in(site: Path) -> list[str]:
    try:
        with os.scandir(site) as entries:
            return sorted(entry.name for entry in entries)
    except OSError:
        return []


def _headers(info: Path):
    return HeaderParser().parsestr(read_text(info / "METADATA"))


def _holds(one: Distribution, module: str) -> bool:
    files = {f"{module}.py", f"{module}/__init__.py"}
    return any(path in files or path.startswith(f"{module}/") for path, _ in one.recorded())


def _differs(manifest: Manifest, label: str, said: str) -> bool:
    """Tell whether a recorded file is not as recorded; what was not covered is not known."""
    kind, _, digest = said.partition("=")
    if kind != "sha256":
        return False
    found = manifest.sha256_of(label)
    if not found:
        return False
    try:
        return base64.urlsafe_b64encode(bytes.fromhex(found)).rstrip(b"=").decode() != digest
    except ValueError:
        return True


def _repository(urls: list[str], home: str | None) -> str:
    pairs = [line.partition(",")[::2] for line in urls]
    for wanted in ("repository", "source", "source code", "code", "homepage"):
        for label, url in pairs:
            if label.strip().lower() == wanted:
                return url.strip()
    return home or (pairs[0][1].strip() if pairs else "")


def _short(text: str) -> str:
    return str(text)[:_LONGEST_CLAIM]
