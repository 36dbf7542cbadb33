"""Which keychain entries a broker may see: the profile's own, or a headless FILE's."""

import os
from collections.abc import Mapping
from pathlib import Path

from keyturn.application.ports.secret_store import SecretStore
from keyturn.credentials.refusing import RefusingSecretStore
from keyturn.desktop.launchers import load_launchers
from keyturn.desktop.paths import Profile
from keyturn.desktop.processes import SystemProcesses
from keyturn.desktop.resources import find_resources
from keyturn.domain.configuration import CwdMode, ServerConfig


def profile_keychain(profile: Profile) -> SecretStore:
    """Return the secrets of a windowed profile."""
    from keyturn.credentials.keychain import KeychainSecretStore, profile_namespace

    return KeychainSecretStore(profile_namespace(profile.key))


def headless_keychain(profile: Profile, servers: tuple[ServerConfig, ...]) -> SecretStore:
    """Return the secrets of a headless broker, bound to (profile, server, launch identity).

    A FILE that names none needs no keychain, and its broker does not load one.
    """
    if not any(server.credential_names() for server in servers):
        return RefusingSecretStore()
    from keyturn.credentials.keychain import KeychainSecretStore, headless_namespace

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
