"""Where everything is."""

import hashlib
import os
import stat
from pathlib import Path

import pytest

from keyturn.desktop.paths import (
    LONGEST_SOCKET_PATH,
    locate_profile,
    make_socket_folder,
    profile_key,
    socket_path,
    stop_path,
)
from keyturn.domain.errors import ConfigurationError

HOME = {"HOME": "/people/ana"}


@pytest.mark.parametrize(
    ("env", "name", "home", "folder"),
    [
        ({}, "", "", "/people/ana/.local/share/keyturn"),
        ({"XDG_DATA_HOME": "/data"}, "", "", "/data/keyturn"),
        ({"XDG_DATA_HOME": ""}, "", "", "/people/ana/.local/share/keyturn"),
        ({"XDG_DATA_HOME": "relative"}, "", "", "/people/ana/.local/share/keyturn"),
        ({"XDG_DATA_HOME": "/data"}, "shop", "", "/data/keyturn/profiles/shop"),
        ({"KEYTURN_HOME": "/kt", "XDG_DATA_HOME": "/data"}, "", "", "/kt"),
        ({"KEYTURN_HOME": "/kt"}, "shop", "", "/kt/profiles/shop"),
        ({"KEYTURN_HOME": "/kt"}, "", "/given/../other", "/other"),
    ],
)
def test_the_profiles_folder(env: dict[str, str], name: str, home: str, folder: str) -> None:
    profile = locate_profile(HOME | env, name=name, home=home)
    assert profile.folder == Path(folder)
    assert profile.name == name


def test_a_relative_home_is_made_absolute_at_once() -> None:
    assert locate_profile({"KEYTURN_HOME": "here"}).folder == Path.cwd() / "here"


def test_without_a_home_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(ConfigurationError, match="no home folder"):
        locate_profile({})


def test_the_members(tmp_path: Path) -> None:
    profile = locate_profile({"KEYTURN_HOME": str(tmp_path)})
    assert profile.database == tmp_path / "keyturn.db"
    assert profile.lock == tmp_path / "lock"
    assert profile.log == tmp_path / "logs" / "keyturn.log"
    assert profile.token("analyst") == tmp_path / "agents" / "analyst.token"
    assert profile.server_log("shipments") == tmp_path / "logs" / "servers" / "shipments.log"
    assert profile.key == profile_key(tmp_path)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", ".hidden", "a\0b", "a\nb", "x" * 65]
)
def test_a_name_cannot_leave_its_folder(name: str) -> None:
    profile = locate_profile(HOME)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        profile.token(name)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        profile.server_log(name)
    if name:
        with pytest.raises(ConfigurationError, match="cannot be used"):
            locate_profile(HOME, name=name)


def test_creating_makes_every_folder_private(tmp_path: Path) -> None:
    profile = locate_profile({"KEYTURN_HOME": str(tmp_path / "kt")})
    profile.create()
    profile.create()
    folders = [profile.folder, *(path for path in profile.folder.rglob("*"))]
    assert len(folders) == 4
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_the_socket_is_in_the_runtime_folder_or_in_a_temporary_one_of_the_users() -> None:
    profile = Path("/people/ana/.local/share/keyturn")
    key = hashlib.sha256(os.fsencode(profile)).hexdigest()[:16]
    assert socket_path(profile, "/run/user/7", "/tmp", 7) == Path(f"/run/user/7/keyturn-{key}/s")
    for absent in (None, ""):
        assert socket_path(profile, absent, "/tmp", 7) == Path(f"/tmp/keyturn-7-{key}/s")


def test_the_same_folder_named_in_two_ways_has_one_socket() -> None:
    assert profile_key(Path("/a/b/../c")) == profile_key(Path("/a/c"))
    assert profile_key(Path("/a/c")) != profile_key(Path("/a/d"))


def test_the_sockets_folder_is_private(tmp_path: Path) -> None:
    path = socket_path(tmp_path, None, str(tmp_path), os.getuid())
    make_socket_folder(path)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_planted_link_for_the_sockets_folder_is_refused(tmp_path: Path) -> None:
    path = socket_path(tmp_path, None, str(tmp_path), os.getuid())
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    path.parent.symlink_to("elsewhere")
    with pytest.raises(ConfigurationError, match="is a link"):
        make_socket_folder(path)


def test_a_socket_that_the_system_could_not_bind_is_refused_with_its_length() -> None:
    with pytest.raises(ConfigurationError, match="too long") as caught:
        make_socket_folder(Path("/" + "x" * LONGEST_SOCKET_PATH))
    assert "XDG_RUNTIME_DIR" in caught.value.mend


def test_the_stop_is_the_users_whatever_the_profile() -> None:
    elsewhere = {"KEYTURN_HOME": "/kt", "XDG_DATA_HOME": "/data"}
    assert stop_path(HOME | elsewhere) == Path("/people/ana/.local/state/keyturn/stop")
    assert stop_path(HOME | {"XDG_STATE_HOME": "/state"}) == Path("/state/keyturn/stop")
    for unusable in ("", "relative"):
        assert stop_path(HOME | {"XDG_STATE_HOME": unusable}) == stop_path(HOME)
