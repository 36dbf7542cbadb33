"""Takes in sqlite-utils without what it would bring along and no table here has.

Where numpy is installed, sqlite-utils imports it to name its number types. That costs a tenth of a
second and 20 MiB of every start; the trace loads it when it is needed. Its own command line and the
conversion of dates take another 25 ms, for names that are never called.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import ModuleType

_ARRAYS = "numpy"
_UNCALLED = ("click", "dateutil")
"""Modules of which sqlite-utils takes names as it is loaded, for what is never called here."""


class _Names(ModuleType):
    """A module that has every name; each stands for nothing."""

    def __getattr__(self, name: str) -> type[object]:
        """Return what an annotation can name."""
        if name.startswith("__"):
            raise AttributeError(name)
        return object


@contextmanager
def _without_the_rest() -> Generator[None]:
    """Let imports of them fail or be empty, as if they were not there; what is in use stays."""
    absent = {_ARRAYS: None, **{name: _Names(name) for name in _UNCALLED}}
    left_out = {name: stand_in for name, stand_in in absent.items() if name not in sys.modules}
    sys.modules.update(left_out)  # pyright: ignore[reportArgumentType, reportCallIssue]  # None: the import fails
    try:
        yield
    finally:
        for name in left_out:
            del sys.modules[name]


with _without_the_rest():
    from sqlite_utils import Database, Migrations

__all__ = ["Database", "Migrations"]
