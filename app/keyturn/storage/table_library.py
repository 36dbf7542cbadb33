"""Takes in sqlite-utils without the arrays that it would bring along.

Where numpy is installed, sqlite-utils imports it to name its number types, which no table here has.
That costs a tenth of a second and 20 MiB of every start; the trace loads it when it is needed.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager

_ARRAYS = "numpy"


@contextmanager
def _without_arrays() -> Generator[None]:
    """Let imports of the library fail, as if it were not there; one that is in use stays."""
    if _ARRAYS in sys.modules:
        yield
        return
    sys.modules[_ARRAYS] = None  # pyright: ignore[reportArgumentType]  # the import fails then
    try:
        yield
    finally:
        del sys.modules[_ARRAYS]


with _without_arrays():
    from sqlite_utils import Database, Migrations

__all__ = ["Database", "Migrations"]
