"""Which variables a server gets, and which program is started."""

import os
import sys
from pathlib import Path

import pytest

from keyturn.broker.server_environment import (
    program_of,
    secret_names,
    server_environment,
    server_folder,
)
from keyturn.domain.configuration import CwdMode, ServerConfig
from keyturn.domain.errors import ServerUnavailable
from keyturn.domain.launch import LaunchIdentity
from keyturn.domain.system_text import readable

OWN = {
    "HOME": "/home/ana",
    "PATH": "/usr/bin",
    "LANG": "C",
    "LC_TIME": "C",
    "XDG_RUNTIME_DIR": "/run/user/1",
    "AWS_SECRET_ACCESS_KEY": "x",
    "PYTHONPATH": "/tmp/evil",
    "LD_PRELOAD": "x.so",
    "NODE_OPTIONS": "--require x",
    "KEYTURN_HOME": "/home/ana/kt",
}


def server(**env: str) -> ServerConfig:
    return ServerConfig(name="s", command=("s",), env=env)


def test_the_brokers_environment_is_a_short_list() -> None:
    assert set(server_environment(server(), OWN, {})) == {
        "HOME", "PATH", "LANG", "LC_TIME", "XDG_RUNTIME_DIR",
    }  # fmt: skip


def test_configured_values_win_and_secrets_stay_out() -> None:
    config = server(PATH="/opt/bin", MODE="demo", TOKEN="keychain:ship")
    found = server_environment(config, OWN, {"MODE": "agent's", "TOKEN": "agent's"})
    assert found["PATH"] == "/opt/bin"
    assert found["MODE"] == "demo"
    assert "TOKEN" not in found
    assert secret_names(config) == {"TOKEN": "ship"}


@pytest.mark.parametrize(
    "name",
    ["PATH", "LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "NODE_OPTIONS", "PYTHONPATH", "GIT_SSH"],
)
def test_an_agent_never_chooses_what_code_a_server_loads(name: str) -> None:
    own = {"PATH": "/usr/bin"}
    for source in (name, "INNOCENT"):
        found = server_environment(server(**{name: f"agent:{source}"}), own, {source: "evil"})
        assert "evil" not in found.values()
    assert "evil" not in server_environment(server(OTHER=f"agent:{name}"), own, {name: "evil"})


def test_an_agents_variable_is_taken_where_configured() -> None:
    config = server(REGION="agent:AGENT_REGION", ABSENT="agent:NOT_SET")
    found = server_environment(config, {}, {"AGENT_REGION": "north", "REGION": "south"})
    assert found == {"REGION": "north"}


def test_the_agents_folder_counts_only_where_configured(tmp_path: Path) -> None:
    fixed = ServerConfig(name="s", command=("s",), cwd_path=str(tmp_path))
    agents = ServerConfig(name="s", command=("s",), cwd=CwdMode.AGENT, cwd_path=str(tmp_path))
    assert server_folder(fixed, "/home/ana") == str(tmp_path)
    assert server_folder(agents, "/home/ana") == "/home/ana"
    assert server_folder(agents, "relative") == str(tmp_path)


def launch(name: str, executable: str, cwd: Path) -> LaunchIdentity:
    return LaunchIdentity(argv=(name,), executable=executable, sha256="", cwd=str(cwd), env=())


def test_a_program_is_started_by_the_path_that_leads_to_it(tmp_path: Path) -> None:
    real = os.path.realpath(sys.executable)
    (tmp_path / "python").symlink_to(real)
    expected = str(tmp_path / "python")
    assert program_of(launch("python", real, tmp_path), {"PATH": str(tmp_path)}) == expected
    assert program_of(launch("./python", real, tmp_path), {}) == str(tmp_path / "./python")


def test_a_program_whose_path_is_no_text_is_started_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"ag\xffent")
    folder.mkdir()
    (folder / "python").write_text("#!/bin/sh\n")
    (folder / "python").chmod(0o755)
    known = readable(str(folder / "python"))
    found = program_of(launch("python", known, tmp_path), {"PATH": str(folder)})
    assert found == str(folder / "python")


def test_a_program_that_was_swapped_is_not_started(tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to(os.path.realpath(sys.executable))
    with pytest.raises(ServerUnavailable, match="another program"):
        program_of(launch("python", "/usr/bin/other", tmp_path), {"PATH": str(tmp_path)})


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    for name in ("absent", ""):
        with pytest.raises(ServerUnavailable, match="not found"):
            program_of(launch(name, "", tmp_path), {"PATH": str(tmp_path)})
