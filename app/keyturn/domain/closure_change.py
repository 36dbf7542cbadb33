"""Owns how two closures differ: which files, each counted once, with what was agreed to of them.

One file may be listed under two names, where a command names it and where it lies beside others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.closure import Closure, ClosureFile, touched_between

MOST_NAMED = 20
"""Files of a change that are named of each kind; of the others the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureChange:
    """What differs between what was agreed to and what would run now."""

    changed: tuple[str, ...] = ()
    """Paths on disk where they are known, else as the closure lists them."""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    before: int = 0
    """Files that were agreed to."""
    known: bool = True
    """False when the list that was agreed to is not there any more, only its hash."""
    was: tuple[ClosureFile, ...] = ()
    """Of the files that are named, those that were agreed to, with their paths as above."""
    now: tuple[ClosureFile, ...] = ()
    """Of the files that are named, those that are there now."""

    @property
    def name(self) -> str:
        """Return what a person would call it: the first file, and how many more there are."""
        files = (*self.changed, *self.added, *self.removed)
        return f"{files[0]} (+{len(files) - 1})" if len(files) > 1 else "".join(files)

    def subject(self) -> JsonObject:
        """Return what an approver is shown of it."""
        said: JsonObject = {"files_before": self.before, "files_known": self.known}
        for name, paths in (
            ("changed", self.changed),
            ("added", self.added),
            ("removed", self.removed),
        ):
            shown: list[JsonValue] = list(islice(paths, MOST_NAMED))
            said[name] = {"files": len(paths), "named": shown}
        for name, files in (("was", self.was), ("now", self.now)):
            said[name] = [[file.path, file.size, file.sha256] for file in files]
        return said


def change_between(agreed: Closure | None, now: Closure) -> ClosureChange:
    """Return which files differ; `agreed` is None when its list was not kept."""
    if agreed is None:
        return ClosureChange(known=False)
    places = dict(now.places)
    before, after = _by_place(agreed.files, places), _by_place(now.files, places)
    changed = tuple(p for p, file in after.items() if p in before and before[p][1:] != file[1:])
    added = tuple(path for path in after if path not in before)
    removed = tuple(path for path in before if path not in after)
    named = [path for part in (changed, added, removed) for path in part[:MOST_NAMED]]
    return ClosureChange(
        changed=changed,
        added=added,
        removed=removed,
        before=len(before),
        was=tuple(before[path]._replace(path=path) for path in named if path in before),
        now=tuple(after[path]._replace(path=path) for path in named if path in after),
    )


def only_fetched(agreed: Closure, now: Closure) -> bool:
    """Tell whether a start has put there what it fetches, and nothing else differs."""
    before = {file.path: file for file in agreed.files}
    after = {file.path: file for file in now.files}
    if any(after.get(path) != file for path, file in before.items()):
        return False
    gaps = (of for gap, of in now.gaps if (gap, of) not in agreed.gaps)
    added = (*(path for path in after if path not in before), *(f"{of}/" for of in gaps))
    kept = bool(agreed.fetches) and not touched_between(agreed, now)
    return kept and all(path.startswith(agreed.fetched_into) for path in added)


def place_of(path: str, places: Mapping[str, str]) -> str:
    """Return where a listed file lies on disk; as it is listed where that is not known."""
    if path in places:
        return places[path]
    above, _, name = path.rpartition("/")
    while above:
        if above in places:
            return f"{places[above].rstrip('/')}/{name}"
        above, _, part = above.rpartition("/")
        name = f"{part}/{name}"
    return path


def _by_place(files: Iterable[ClosureFile], places: Mapping[str, str]) -> dict[str, ClosureFile]:
    found: dict[str, ClosureFile] = {}
    for file in files:
        found.setdefault(place_of(file.path, places), file)
    return found
