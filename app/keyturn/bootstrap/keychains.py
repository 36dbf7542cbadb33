"""Which keychain entries a broker may see: the profile's own, or a headless FILE's."""

from collections.abc import Mapping

from keyturn.application.ports.secret_store import SecretStore
from keyturn.broker.server_environment import server_environment, server_folder
from keyturn.credentials.refusing import RefusingSecretStore
from keyturn.desktop.launchers import load_launchers
from keyturn.desktop.paths import Profile
from keyturn.desktop.processes import SystemProcesses
from keyturn.desktop.resources import find_resources
from keyturn.domain.configuration import CwdMode, ServerConfig
from keyturn.domain.errors import ConfigurationError, filled
from keyturn.domain.launch import remote_identity


def profile_keychain(profile: Profile) -> SecretStore:
    """Return the secrets of a windowed profile."""
    from keyturn.credentials.keychain import KeychainSecretStore, profile_namespace

    return KeychainSecretStore(profile_namespace(profile.key))


def seals_keychain(profile: Profile) -> SecretStore:
    """Return where the key of a profile's seals is, apart from the credentials of any server."""
    from keyturn.credentials.keychain import KeychainSecretStore, profile_namespace

    return KeychainSecretStore(profile_namespace(f"{profile.key}-seals"))


def headless_keychain(
    profile: Profile, servers: tuple[ServerConfig, ...], env: Mapping[str, str]
) -> SecretStore:
    """Return the secrets of a headless broker, bound to (profile, server, launch identity).

    `env` is the broker's own, as servers are started from it. A FILE that names no secret needs no
    keychain, and its broker does not load one. Raises ConfigurationError for a server that has a
    secret and no identity before an agent comes.
    """
    with_secrets = [server for server in servers if server.credential_names() or server.oauth]
    if not with_secrets:
        return RefusingSecretStore()
    for server in with_secrets:
        if server.cwd is CwdMode.AGENT:
            raise ConfigurationError(
                filled(
                    "The server {name} has a secret and starts in the agent's folder.",
                    name=server.name,
                ),
                cause="A secret is bound to one command in one folder.",
                mend="Give the server another `cwd`, or no secret.",
            )
    from keyturn.credentials.keychain import KeychainSecretStore, headless_namespace

    processes = SystemProcesses(load_launchers(find_resources() / "launchers.toml"))
    known: Mapping[str, ServerConfig] = {server.name: server for server in servers}

    def launch_hash(name: str) -> str:
        server = known[name]
        if server.url:
            return remote_identity(server).launch_hash
        return processes.launch_identity(
            server.command,
            server.env_names(),
            server_folder(server, ""),
            server_environment(server, env, {}),
        ).launch_hash

    return KeychainSecretStore(headless_namespace(profile.key, launch_hash))
