"""The shim's rules in-process: where the broker is, which socket, token and words are good."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyturn import shim
from keyturn.desktop import paths
from keyturn.domain.errors import ConfigurationError
from tests.unit.shim_process import UID, Place, connected, temporary_place


@pytest.fixture
def place() -> Iterator[Place]:
    with temporary_place() as made:
        yield made


# --- finding the broker ---------------------------------------------------------------------------


class Clock:
    """A clock that only `pause` moves."""

    def __init__(self) -> None:
        """Start anywhere."""
        self.now = 1000.0

    def __call__(self) -> float:
        """The time in seconds."""
        return self.now

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


def test_eight_seconds_without_a_broker_are_the_end(place: Place) -> None:
    clock = Clock()
    with pytest.raises(shim.ShimError) as ended:
        shim.wait_for_broker([str(place.socket.parent)], UID, clock=clock, pause=clock.pause)
    assert 1008.0 <= clock.now < 1008.2
    assert ended.value.code == 1
    assert str(ended.value) == (
        f"Keyturn did not answer within 8 seconds: nothing is at {place.socket}. "
        "Start Keyturn, then reconnect this server in the agent."
    )


def test_a_broker_that_comes_late_is_found(place: Place) -> None:
    clock, opened = Clock(), list[socket.socket]()

    def pause(seconds: float) -> None:
        clock.pause(seconds)
        if clock.now > 1003 and not opened:
            opened.append(place.listen())

    folder = str(place.socket.parent)
    wire = shim.wait_for_broker(["/nowhere", folder], UID, clock=clock, pause=pause)
    assert wire.getpeername() == str(place.socket)
    wire.close()


def test_a_socket_that_nobody_serves_is_waited_for(place: Place) -> None:
    place.listen().close()
    assert "Connection refused" in str(shim.reach(str(place.socket.parent), UID))


def test_the_exit_without_a_broker_is_a_sentence(
    place: Place, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shim, "WAIT_SECONDS", 0.0)
    for name, value in place.env.items():
        monkeypatch.setenv(name, value)
    assert shim.main(["git", "--agent", "coder"]) == 1
    out, said = capfd.readouterr()
    assert out == ""
    assert said.startswith("keyturn: Keyturn did not answer within")
    assert said.count("\n") == 1


def test_a_folder_that_others_may_enter_is_refused(place: Place) -> None:
    place.listen()
    place.socket.parent.chmod(0o750)
    assert "not a folder of yours alone" in str(shim.reach(str(place.socket.parent), UID))


def test_a_link_to_the_folder_is_refused(place: Place) -> None:
    place.listen()
    link = place.folder / "link"
    link.symlink_to(place.socket.parent)
    assert "no link" in str(shim.reach(str(link), UID))


def test_a_link_in_place_of_the_socket_is_refused(place: Place) -> None:
    place.listen()
    other = place.folder / "other"
    other.mkdir(mode=0o700)
    (other / "s").symlink_to(place.socket)
    assert "not a socket of yours" in str(shim.reach(str(other), UID))


def test_what_belongs_to_another_user_is_refused(place: Place) -> None:
    place.listen()
    assert "not a folder of yours" in str(shim.reach(str(place.socket.parent), UID + 1))


def test_a_folder_that_another_user_planted_does_not_hide_the_true_one(place: Place) -> None:
    place.listen()
    planted = place.folder / "planted"
    planted.mkdir(mode=0o777)
    wire = shim.wait_for_broker([str(planted), str(place.socket.parent)], UID)
    assert wire.getpeername() == str(place.socket)
    wire.close()


@pytest.mark.parametrize(
    "profile", ["/srv/keyturn", "/srv//a/../keyturn/", "rel/ative", "/x/é\udcff"]
)
@pytest.mark.parametrize("runtime", ["/run/user/7", "/run/user/7/", ""])
def test_the_socket_is_where_the_broker_opens_it(profile: str, runtime: str) -> None:
    env = {"XDG_RUNTIME_DIR": runtime, "TMPDIR": "/var/tmp/"}
    expected = paths.socket_path(Path(profile), runtime or None, "/var/tmp/", 7)
    found = [Path(one) / "s" for one in shim.socket_folders(profile, env, 7)]
    assert expected in found
    assert found[0] == expected or not runtime


def test_relative_and_absent_places_are_no_places() -> None:
    env = {"XDG_RUNTIME_DIR": "run", "TMPDIR": "tmp"}
    found = shim.socket_folders("/srv/keyturn", env, 7)
    assert [one.rpartition("/")[0] for one in found] == ["/run/user/7", "/tmp"]


@pytest.mark.parametrize(
    ("home", "env"),
    [
        ("/given", {"KEYTURN_HOME": "/named", "HOME": "/home/ana"}),
        ("", {"KEYTURN_HOME": "/named/./here", "HOME": "/home/ana"}),
        ("", {"KEYTURN_HOME": "relative"}),
        ("", {"XDG_DATA_HOME": "/data", "HOME": "/home/ana"}),
        ("", {"XDG_DATA_HOME": "data", "HOME": "/home/ana"}),
        ("", {"HOME": "/home/ana"}),
    ],
)
def test_the_profile_is_where_the_broker_keeps_it(home: str, env: dict[str, str]) -> None:
    options = shim.Options(["git", *(["--home", home] if home else [])])
    assert Path(shim.home_of(options, env, UID)) == paths.locate_profile(env, home=home).folder


# --- tokens, names, words -------------------------------------------------------------------------


def read_token(place: Place, *words: str) -> str:
    return shim.read_token(shim.Options(["git", *words]), str(place.home), UID)


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o602])
def test_a_token_that_others_may_touch_is_refused(mode: int, place: Place) -> None:
    place.token("t", mode)
    with pytest.raises(shim.ShimError, match="chmod 600"):
        read_token(place, "--agent", "coder")


def test_a_token_that_is_a_link_is_refused(place: Place) -> None:
    path = place.token("t")
    path.rename(path.with_name("real"))
    path.symlink_to(path.with_name("real"))
    with pytest.raises(shim.ShimError, match="cannot be read"):
        read_token(place, "--agent", "coder")


def test_a_planted_pipe_does_not_hang(place: Place) -> None:
    place.token("t").unlink()
    os.mkfifo(place.home / "agents" / "coder.token", 0o600)
    with pytest.raises(shim.ShimError, match="chmod 600"):
        read_token(place, "--agent", "coder")


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb", b"caf\xc3\xa9", b"a\x00b"])
def test_a_damaged_token_is_refused(content: bytes, place: Place) -> None:
    place.token("t").write_bytes(content)
    with pytest.raises(shim.ShimError, match="damaged"):
        read_token(place, "--agent", "coder")


def test_a_named_token_file_must_be_there(place: Place) -> None:
    with pytest.raises(shim.ShimError, match="cannot be read: No such file"):
        read_token(place, "--token-file", str(place.folder / "none"))


@pytest.mark.parametrize(
    "name",
    ["a", "_", "A-b.c_9", "x" * 64, "x" * 65, ".a", "-a", "a/b", "..", "é", "a b", "٣", "a\n"],
)
def test_agents_are_named_as_the_broker_names_them(name: str, place: Place) -> None:
    try:
        paths.safe_name(name)
        sound = True
    except ConfigurationError:
        sound = False
    refused = False
    if not sound:
        refused = shim.main([f"--agent={name}", "git"]) == 2
    else:
        with connected(place, "git", f"--agent={name}") as (_, broker):
            assert broker.greeting["agent"] == name
    assert refused is not sound


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--agent", "a"],
        ["git", "more"],
        ["git", "--agent"],
        ["git", "--unknown", "x"],
        ["git", "-h"],
        ["\udcff"],
    ],
)
def test_a_wrong_command_line_is_one_sentence_and_code_two(
    words: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert shim.main(words) == 2
    out, said = capfd.readouterr()
    assert out == ""
    assert said.startswith("keyturn: ")
    assert said.count("\n") == 1
