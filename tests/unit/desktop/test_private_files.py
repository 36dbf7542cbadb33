"""Folders and files that are the person's alone, and the sentences for those that are not."""

import os
import stat
from pathlib import Path

import pytest

from keyturn.desktop import private_files
from keyturn.desktop.private_files import make_private_folder, owned_and_private, read_owned
from keyturn.domain.errors import ConfigurationError

SOMEBODY_ELSE = 54_321


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    path = tmp_path / "analyst.token"
    path.write_bytes(b"made up")
    path.chmod(0o600)
    return path


def as_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the same file as another user would."""
    monkeypatch.setattr(os, "geteuid", lambda: SOMEBODY_ELSE)


class TestFolder:
    """`make_private_folder`."""

    def test_makes_it_and_its_parents_for_the_user_alone(self, tmp_path: Path) -> None:
        folder = tmp_path / "share" / "keyturn"
        make_private_folder(folder)
        assert mode(folder) == mode(folder.parent) == 0o700
        make_private_folder(folder)

    def test_closes_one_that_others_may_read(self, tmp_path: Path) -> None:
        folder = tmp_path / "home"
        folder.mkdir()
        folder.chmod(0o755)
        make_private_folder(folder)
        assert mode(folder) == 0o700

    def test_refuses_one_that_others_may_write_to(self, tmp_path: Path) -> None:
        folder = tmp_path / "home"
        folder.mkdir()
        folder.chmod(0o770)
        with pytest.raises(ConfigurationError, match="written to by others") as caught:
            make_private_folder(folder)
        assert caught.value.mend.endswith(f"chmod 700 {folder}")
        assert mode(folder) == 0o770

    def test_refuses_a_link_even_to_a_sound_folder(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir(mode=0o700)
        (tmp_path / "link").symlink_to("real")
        with pytest.raises(ConfigurationError, match="is a link"):
            make_private_folder(tmp_path / "link")

    def test_refuses_a_dangling_link(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("nowhere")
        with pytest.raises(ConfigurationError):
            make_private_folder(tmp_path / "link")
        assert not (tmp_path / "nowhere").exists()

    def test_refuses_somebody_elses(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = tmp_path / "home"
        folder.mkdir(mode=0o700)
        as_somebody_else(monkeypatch)
        with pytest.raises(ConfigurationError, match="belongs to somebody else"):
            make_private_folder(folder)

    def test_refuses_a_place_where_everybody_can_rename(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o777)
        with pytest.raises(ConfigurationError, match="Everybody can replace"):
            make_private_folder(tmp_path / "home")
        tmp_path.chmod(0o1777)
        make_private_folder(tmp_path / "home")

    def test_says_why_it_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(ConfigurationError, match="cannot be used") as caught:
            make_private_folder(tmp_path / "file" / "home")
        assert caught.value.cause
        assert "KEYTURN_HOME" in caught.value.mend

    def test_says_when_it_cannot_be_written_to(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def never(*_: object) -> bool:
            return False

        monkeypatch.setattr(os, "access", never)
        with pytest.raises(ConfigurationError, match="Permission denied"):
            make_private_folder(tmp_path / "home")


class TestFile:
    """`owned_and_private` and `read_owned`."""

    def test_one_of_the_users_own_is_read(self, own_file: Path) -> None:
        owned_and_private(own_file, secret=True)
        assert read_owned(own_file, secret=True) == b"made up"

    def test_one_that_others_may_read_is_no_secret(self, own_file: Path) -> None:
        own_file.chmod(0o644)
        owned_and_private(own_file)
        with pytest.raises(ConfigurationError, match="can be read by others") as caught:
            owned_and_private(own_file, secret=True)
        assert "0644" in caught.value.cause

    @pytest.mark.parametrize("loose", [0o620, 0o602])
    def test_one_that_others_may_write_is_refused(self, own_file: Path, loose: int) -> None:
        own_file.chmod(loose)
        with pytest.raises(ConfigurationError, match="written to by others") as caught:
            read_owned(own_file)
        assert caught.value.mend.endswith(f"chmod go-w {own_file}")

    def test_somebody_elses_is_refused(
        self, own_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if os.geteuid() == 0:
            os.chown(own_file, SOMEBODY_ELSE, -1)
        else:
            as_somebody_else(monkeypatch)
        with pytest.raises(ConfigurationError, match="belongs to somebody else"):
            owned_and_private(own_file)

    def test_roots_is_good_for_everybody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        as_somebody_else(monkeypatch)
        owned_and_private(Path("/etc/passwd"))

    def test_a_link_is_judged_by_the_file_it_leads_to(self, own_file: Path, tmp_path: Path) -> None:
        link = tmp_path / "link"
        link.symlink_to(own_file)
        assert read_owned(link) == b"made up"
        own_file.chmod(0o666)
        with pytest.raises(ConfigurationError):
            read_owned(link)

    def test_one_that_everybody_can_replace_is_refused(
        self, own_file: Path, tmp_path: Path
    ) -> None:
        tmp_path.chmod(0o777)
        with pytest.raises(ConfigurationError, match="Everybody can replace"):
            owned_and_private(own_file)

    def test_a_missing_one_a_folder_and_a_fifo_are_refused_at_once(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo")
        with pytest.raises(ConfigurationError, match="cannot be read"):
            read_owned(tmp_path / "missing")
        for name in (".", "fifo"):
            with pytest.raises(ConfigurationError, match="is not a file"):
                read_owned(tmp_path / name)

    def test_an_endless_one_is_not_read_to_its_end(
        self, own_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(private_files, "LARGEST_FILE", 3)
        with pytest.raises(ConfigurationError, match="too large"):
            read_owned(own_file)
