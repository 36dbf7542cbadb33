"""Reading a profile's database without being able to change it, broker or no broker."""

import shutil
import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from keyturn.storage.schema import refuse_detours

DATABASE_NAME = "keyturn.db"
APPLICATION_ID = 0x4B545231
"""Marks the file as ours ("KTR1"; https://www.sqlite.org/pragma.html#pragma_application_id)."""
BUSY_SECONDS = 1.0
"""Longest wait for another process's lock."""


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open a database that a broker may be writing to; may be used from one thread at a time.

    Raises sqlite3.Error when there is none or it cannot be read. Even `mode=ro` makes the side
    files of a WAL that has none, so a database that was closed is opened as immutable. Nothing is
    read through a view: a query that would is an error.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    if not _beside(path, "-wal").exists():
        uri += "&immutable=1"
    connection = sqlite3.connect(
        uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        refuse_detours(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def is_open_elsewhere(path: Path) -> bool:
    """Tell whether a WAL is there: a broker has the database open, or left without closing it."""
    return _beside(path, "-wal").exists()


@contextmanager
def evidence(path: Path) -> Generator[sqlite3.Connection]:
    """Open a database as evidence: it and its WAL stay as they are, and no file is made there.

    A WAL whose shared memory is missing (a copied profile) can only be read through a new one, so
    both files are copied to a private folder first.
    """
    wal = _beside(path, "-wal")
    if not wal.exists() or _beside(path, "-shm").exists():
        with closing(connect_read_only(path)) as connection:
            yield connection
        return
    with tempfile.TemporaryDirectory(prefix="keyturn-verify-") as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        shutil.copyfile(wal, _beside(copy, "-wal"))
        with closing(connect_read_only(copy)) as connection:
            yield connection


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
