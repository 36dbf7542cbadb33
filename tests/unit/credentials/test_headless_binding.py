"""A headless broker's secret is bound to the command that is started, as it is started."""

from collections.abc import Callable
from pathlib import Path

import pytest

from keyturn.bootstrap.keychains import headless_keychain
from keyturn.broker.server_environment import server_environment, server_folder
from keyturn.credentials import keychain
from keyturn.credentials.refusing import RefusingSecretStore
from keyturn.desktop.launchers import load_launchers
from keyturn.desktop.paths import Profile
from keyturn.desktop.processes import SystemProcesses
from keyturn.desktop.resources import find_resources
from keyturn.domain.configuration import CwdMode, ServerConfig
from keyturn.domain.errors import ConfigurationError

LaunchHash = Callable[[str], str]


def make_program(folder: Path, text: str) -> Path:
    """Make a program named `serve` in a folder of its own."""
    folder.mkdir()
    program = folder / "serve"
    program.write_text(f"#!/bin/sh\n# {text}\n")
    program.chmod(0o700)
    return folder


def started_hash(server: ServerConfig, env: dict[str, str]) -> str:
    """Return the hash of the identity that the hub starts."""
    processes = SystemProcesses(load_launchers(find_resources() / "launchers.toml"))
    identity = processes.launch_identity(
        server.command,
        server.env_names(),
        server_folder(server, "/srv/agent"),
        server_environment(server, env, {}),
    )
    assert identity.executable
    return identity.launch_hash


@pytest.mark.parametrize("own_path", [True, False])
def test_it_is_the_identity_that_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_path: bool
) -> None:
    bound: list[LaunchHash] = []

    def namespace(_key: str, launch_hash: LaunchHash) -> keychain.Namespace:
        bound.append(launch_hash)
        return lambda _server: "n"

    monkeypatch.setattr(keychain, "headless_namespace", namespace)
    brokers, servers = (make_program(tmp_path / name, name) for name in ("brokers", "servers"))
    # What this process has in its environment is not what the broker was started with.
    monkeypatch.setenv("PATH", "/nowhere")
    env = {"PATH": str(brokers)}
    own = {"PATH": str(servers)} if own_path else {}
    server = ServerConfig(
        name="s",
        command=("serve",),
        env={"TOKEN": "keychain:t", **own},
        cwd=CwdMode.CONFIG,
        cwd_path=str(tmp_path),
    )
    headless_keychain(Profile(folder=tmp_path), (server,), env)
    assert bound[0]("s") == started_hash(server, env)


def test_a_server_without_an_identity_before_its_agent_has_no_secret(tmp_path: Path) -> None:
    server = ServerConfig(
        name="s", command=("./serve",), env={"TOKEN": "keychain:t"}, cwd=CwdMode.AGENT
    )
    with pytest.raises(ConfigurationError, match="agent's folder") as caught:
        headless_keychain(Profile(folder=tmp_path), (server,), {})
    assert caught.value.cause.endswith(".")
    assert caught.value.mend.endswith(".")


def test_no_secret_needs_no_keychain(tmp_path: Path) -> None:
    server = ServerConfig(name="s", command=("serve",), cwd=CwdMode.AGENT)
    store = headless_keychain(Profile(folder=tmp_path), (server,), {})
    assert isinstance(store, RefusingSecretStore)
