"""The file `keyturn.db` of a profile: making it, refusing a damaged one, opening it to write.

It never recreates a database that is there: what cannot be read is refused (security.md I-11).
"""

import os
import secrets
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

from keyturn.domain.errors import DamagedDatabase, Said, filled
from keyturn.storage.migrations import MIGRATIONS
from keyturn.storage.read_only import APPLICATION_ID, BUSY_SECONDS, DATABASE_NAME
from keyturn.storage.schema import STEPS, refuse_detours, what_is_missing, what_was_added
from keyturn.storage.table_library import Database

_FULL = 2
_PRAGMAS: Mapping[str, int | str] = MappingProxyType(
    {
        "journal_mode": "wal",
        "synchronous": _FULL,
        "auto_vacuum": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "trusted_schema": 0,
        # Plain fsync does not flush the drive on macOS; elsewhere these change nothing.
        "fullfsync": 1,
        "checkpoint_fullfsync": 1,
        # The writer checkpoints when nobody waits, never inside a commit.
        "wal_autocheckpoint": 0,
        "temp_store": 2,
    }
)
_RESTORE = "Put a backup of the profile in its place, or move the file away to start a new log."


def open_for_writing(folder: Path) -> sqlite3.Connection:
    """Open the profile's database for its one writer, creating it where none is.

    The connection is in manual transaction mode and may be handed to one other thread. Raises
    DamagedDatabase when the file is no sound database of this version.
    """
    path = folder / DATABASE_NAME
    _tighten(folder)
    if not path.exists() and not path.is_symlink():
        _create(path)
    unclean = _refuse_unusable(path)
    try:
        if unclean:
            _quick_check(path)
        _migrate(path)
        return _connect(path)
    except sqlite3.DatabaseError as error:
        raise damaged(path, filled("SQLite says: {error}.", error=error)) from error


def install_id(connection: sqlite3.Connection) -> str:
    """Return the name that this log was born with; raises DamagedDatabase when it has none."""
    row = connection.execute("SELECT value FROM profile WHERE name = 'install_id'").fetchone()
    if row is None:
        raise DamagedDatabase("The log has lost its own name.", mend=_RESTORE)
    return str(row[0])


def damaged(path: Path, cause: str | Said) -> DamagedDatabase:
    """Make the refusal of a database file."""
    return DamagedDatabase(
        filled("The database {name} is damaged, so every call is refused.", name=path.name),
        cause=cause,
        mend=_RESTORE,
    )


def _tighten(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def _create(path: Path) -> None:
    """Make the database under another name and move it into place whole.

    So a file under the real name that is empty or has no tables was damaged, never half made.
    Until then nobody looks at it: it is written to the disk once, before it is moved.
    """
    stray = [suffix for suffix in ("-wal", "-shm") if _beside(path, suffix).exists()]
    if stray:
        raise damaged(
            path,
            filled(
                "Its journal {journal} is there, but the file is gone.",
                journal=f"{path.name}{stray[0]}",
            ),
        )
    new = _beside(path, ".new")
    new.unlink(missing_ok=True)
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(new, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = MEMORY")
        # Both are fixed once the first table is there.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        MIGRATIONS.apply(Database(connection, execute_plugins=False))
        connection.execute(
            "INSERT INTO profile VALUES ('install_id', ?)", ("kt-" + secrets.token_hex(16),)
        )
    _sync(new, os.O_RDWR)
    new.rename(path)
    _sync_folder(path.parent)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut; Windows has no such call and needs none."""
    if os.name == "posix":
        _sync(folder, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_unusable(path: Path) -> bool:
    """Check the file itself; return whether the last writer left without closing."""
    if path.is_symlink() or not path.is_file():
        raise damaged(path, "It is not a regular file.")
    status = path.stat()
    if status.st_size == 0:
        raise damaged(path, "It is empty, and Keyturn never leaves it empty.")
    if status.st_mode & 0o077:
        path.chmod(0o600)
    wal = _beside(path, "-wal")
    return wal.exists() and wal.stat().st_size > 0


def _quick_check(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
        findings = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
    if findings != ["ok"]:
        raise damaged(
            path,
            filled("After an unclean stop SQLite's check says: {finding}.", finding=findings[0]),
        )


def _migrate(path: Path) -> None:
    """Bring an older schema forward; refuse one that this version does not know."""
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise damaged(path, "It is not a database of Keyturn.")
        refuse_detours(connection)
        connection.execute("PRAGMA secure_delete = ON")
        database = Database(connection, execute_plugins=False)
        unknown = sorted({step.name for step in MIGRATIONS.applied(database)} - set(STEPS))
        if unknown:
            raise DamagedDatabase(
                "The database was written by a newer Keyturn, so every call is refused.",
                cause=filled(
                    "It has the step {unknown}, which this version does not know.",
                    unknown=unknown[-1],
                ),
                mend="Install that version again, or use another profile.",
            )
        MIGRATIONS.apply(database)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        for name, value in _PRAGMAS.items():
            if name != "auto_vacuum":
                connection.execute(f"PRAGMA {name} = {value}")
        for name, value in _PRAGMAS.items():
            found = connection.execute(f"PRAGMA {name}").fetchone()[0]
            if found != value:
                raise damaged(
                    path,
                    filled(
                        "SQLite keeps {name} at {found}, not at {value}.",
                        name=name,
                        found=found,
                        value=value,
                    ),
                )
        refuse_detours(connection)
        if other := what_was_added(connection) or what_is_missing(connection):
            raise damaged(path, filled("It {other}.", other=other))
    except BaseException:
        connection.close()
        raise
    return connection
