"""What is opened, what is refused, and that nothing is ever made anew in its place."""

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from keyturn.domain.errors import DamagedDatabase
from keyturn.storage.database import install_id, open_for_writing
from keyturn.storage.read_only import DATABASE_NAME


def make(folder: Path) -> Path:
    """Make a closed, empty database."""
    open_for_writing(folder).close()
    return folder / DATABASE_NAME


def test_a_new_one_is_private_and_has_the_promised_pragmas(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "profile"
    with closing(open_for_writing(folder)) as connection:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "auto_vacuum", "secure_delete")
        }
        assert found == {
            "journal_mode": "wal",
            "synchronous": 2,
            "auto_vacuum": 2,
            "secure_delete": 1,
        }
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for path in folder.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_a_new_one_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Making it waits for the disk twice, however many steps there are."""
    synced: list[tuple[str, list[str]]] = []

    def noted(handle: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        synced.append((kind, sorted(path.name for path in tmp_path.iterdir())))

    monkeypatch.setattr(os, "fsync", noted)
    open_for_writing(tmp_path).close()
    assert synced == [("file", [f"{DATABASE_NAME}.new"]), ("folder", [DATABASE_NAME])]


def test_it_keeps_its_name(tmp_path: Path) -> None:
    with closing(open_for_writing(tmp_path / "a")) as connection:
        name = install_id(connection)
    with closing(open_for_writing(tmp_path / "a")) as connection:
        assert install_id(connection) == name
    with closing(open_for_writing(tmp_path / "b")) as connection:
        assert install_id(connection) != name


def test_loose_permissions_are_tightened(tmp_path: Path) -> None:
    path = make(tmp_path / "profile")
    path.chmod(0o644)
    path.parent.chmod(0o755)
    open_for_writing(path.parent).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("content", [b"", b"not a database at all\n" * 400, b"SQLite format 3\0"])
def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / DATABASE_NAME
    path.write_bytes(content)
    refuse(tmp_path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE_NAME)) as connection:
        connection.execute("CREATE TABLE songs (title)")
    assert "not a database of Keyturn" in refuse(tmp_path).cause


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    elsewhere = make(tmp_path / "elsewhere")
    (tmp_path / DATABASE_NAME).symlink_to(elsewhere)
    refuse(tmp_path)


def test_a_journal_without_its_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / f"{DATABASE_NAME}-wal").write_bytes(b"x")
    refuse(tmp_path)
    assert not (tmp_path / DATABASE_NAME).exists()


def test_a_newer_schema_is_refused_unchanged(tmp_path: Path) -> None:
    path = make(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('keyturn', '9999_tomorrow', '2027')"
        )
        connection.commit()
    before = path.read_bytes()
    refusal = refuse(tmp_path)
    assert "9999_tomorrow" in refusal.cause
    assert path.read_bytes() == before


def test_damage_after_an_unclean_stop_is_refused(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    with closing(open_for_writing(alive)) as connection:
        fill(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("DELETE FROM settings WHERE name LIKE '1%'")
        left = tmp_path / "left"
        shutil.copytree(alive, left)
    path = left / DATABASE_NAME
    page = 4096
    content = bytearray(path.read_bytes())
    for at in range(8 * page, len(content), page):
        content[at : at + 64] = b"\xff" * 64
    path.write_bytes(content)
    refuse(left)


def test_an_unclean_stop_alone_is_not_damage(tmp_path: Path) -> None:
    with closing(open_for_writing(tmp_path / "alive")) as connection:
        fill(connection)
        shutil.copytree(tmp_path / "alive", tmp_path / "left")
    with closing(open_for_writing(tmp_path / "left")) as connection:
        assert connection.execute("SELECT count(*) FROM settings").fetchone() == (500,)


def fill(connection: sqlite3.Connection) -> None:
    """Write enough rows for many pages."""
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO settings VALUES (?, ?)", [(str(n), "x" * 500) for n in range(500)]
    )
    connection.execute("COMMIT")


def refuse(folder: Path) -> DamagedDatabase:
    """Expect a refusal that says what helps."""
    with pytest.raises(DamagedDatabase) as caught:
        open_for_writing(folder)
    assert caught.value.mend
    return caught.value
