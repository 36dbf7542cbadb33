"""A value as the tests of rules read it: each reading made once, however many tests ask for it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from keyturn.domain.address import (
    TwoReadings,
    folded_parts,
    host_of,
    path_parts,
    refuse_other_paths,
    refuse_other_urls,
)
from keyturn.domain.canonical import JsonValue

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Folder:
    """The absolute folder of a rule: its parts, and these as a file system may fold them."""

    parts: list[str]
    folded: list[str]


class Reading:
    """One value of a call; what cannot be told for sure is so for every test that asks."""

    def __init__(self, value: JsonValue) -> None:
        self.value = value

    @property
    def host(self) -> str:
        """The host that a text names, empty without one; raises TwoReadings."""
        return _sure(self._host)

    @property
    def folded(self) -> list[str] | None:
        """The folded parts of an absolute path; None without one; raises TwoReadings."""
        return None if _sure(self._parts) is None else self._folded_parts

    def is_under(self, folder: Folder) -> bool:
        """Tell whether a path, by its text, lies under a folder; a relative one does not.

        Raises TwoReadings for what `path_parts` refuses, and for a path that lies under the folder
        where the file system does not tell cases, widths or spaces apart.
        """
        parts = _sure(self._parts)
        if parts is None:
            return False
        size = len(folder.parts)
        if parts[:size] == folder.parts:
            return True
        if self._folded_parts[:size] == folder.folded:
            raise TwoReadings("the path differs from the folder in its letters only")
        return False

    def fits(self, form: str, test: Callable[[str, str], bool]) -> bool:
        """Compare a text as it is; raises TwoReadings where that says nothing of what it names."""
        if not isinstance(self.value, str):
            return False
        self.refuse_nul()
        if form.startswith("/"):
            _sure(self._plain_path)
        elif "://" in form:
            _sure(self._plain_url)
        else:
            return test(self.value, form)
        if test(self.value, form):
            return True
        if test(self._casefolded, form.casefold()):
            # Names of hosts, and of files in many places, are the same whatever their case.
            raise TwoReadings("the text differs in its letters only")
        return False

    def refuse_nul(self) -> None:
        """Raise TwoReadings for a NUL, at which many programs end a text."""
        if self._holds_nul:
            raise TwoReadings("the text holds a NUL")

    @cached_property
    def _text(self) -> str:
        return self.value if isinstance(self.value, str) else ""

    @cached_property
    def _holds_nul(self) -> bool:
        return "\0" in self._text

    @cached_property
    def _host(self) -> str | TwoReadings:
        return _tried(host_of, self._text) if isinstance(self.value, str) else ""

    @cached_property
    def _parts(self) -> list[str] | None | TwoReadings:
        return _tried(path_parts, self._text) if isinstance(self.value, str) else None

    @cached_property
    def _folded_parts(self) -> list[str]:
        return folded_parts(_sure(self._parts) or [])

    @cached_property
    def _plain_path(self) -> None | TwoReadings:
        return _tried(refuse_other_paths, self._text)

    @cached_property
    def _plain_url(self) -> None | TwoReadings:
        return _tried(refuse_other_urls, self._text)

    @cached_property
    def _casefolded(self) -> str:
        return self._text.casefold()


def _tried(read: Callable[[str], _T], text: str) -> _T | TwoReadings:
    try:
        return read(text)
    except TwoReadings as fault:
        return fault


def _sure(found: _T | TwoReadings) -> _T:
    if isinstance(found, TwoReadings):
        # A new one each time: one that is raised again and again grows with its trace.
        raise TwoReadings(str(found))
    return found
