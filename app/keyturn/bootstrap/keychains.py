"""Which keychain entries a broker may see: the profile's own, or a headless FILE's."""

import os
from collections.abc import Mapping
from pathlib import Path

from keyturn.application.ports.secret_store import SecretStore
from keyturn.credentials.keychain import (
    KeychainSecretStore,
    headless_namespace,
    profile_namespace,
)
from keyturn.desktop.launchers import load_launchers
from keyturn.desktop.paths import Profile
from keyturn.desktop.processes import SystemProcesses
from keyturn.desktop.resources import find_resources
from keyturn.domain.configuration import CwdMode, ServerConfig


def profile_keychain(profile: Profile) -> SecretStore:
    """Return the secrets of a windowed profile."""
    return KeychainSecretStore(profile_namespace(profile.key))


def headless_keychain(profile: Profile, servers: tuple[ServerConfig, ...]) -> SecretStore:
    """Return the secrets of a headless broker, bound to (profile, server, launch identity)."""
    processes = SystemProcesses(load_launchers(find_resources() / "launchers.toml"))
    known: Mapping[str, ServerConfig] = {server.name: server for server in servers}

    def launch_hash(name: str) -> str:
        server = known[name]
        cwd = server.cwd_path or str(Path.home())
        if server.cwd is CwdMode.AGENT:
            cwd = "/"
        return processes.launch_identity(
            server.command, server.env_names(), cwd, dict(os.environ)
        ).launch_hash

    return KeychainSecretStore(headless_namespace(profile.key, launch_hash))
