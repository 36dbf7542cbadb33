"""Reads the whole text of a result that was cut, by its call."""

import sqlite3
from contextlib import closing
from pathlib import Path

from keyturn.storage.read_only import connect_read_only

_KEPT = "SELECT a.value FROM calls c JOIN arguments a ON a.seq = c.delivery_seq WHERE c.id = ?"


def read_kept_text(path: Path, call: str) -> str | None:
    """Return the text; None when none is kept, it is gone, or the database cannot be read."""
    try:
        with closing(connect_read_only(path)) as connection:
            row = connection.execute(_KEPT, (call,)).fetchone()
    except sqlite3.Error:
        return None
    kept = None if row is None else row[0]
    return kept.decode("utf-8", "replace") if isinstance(kept, bytes) else None
