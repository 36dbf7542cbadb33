"""Owns which environment variables a server gets; the broker's and the agent's own stay out.

Base: the short list that MCP's own SDK inherits, plus language and XDG folders. Then the configured
values. Secrets are added at the spawn and are never in this mapping.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from keyturn.domain.configuration import KEYCHAIN_PREFIX, CwdMode, ServerConfig
from keyturn.domain.errors import ServerUnavailable, filled
from keyturn.domain.launch import LaunchIdentity
from keyturn.domain.system_text import readable

INHERITED = frozenset({"HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TZ", "USER"})
_INHERITED_PREFIXES = ("LC_", "XDG_")

AGENT_PREFIX = "agent:"
"""A configured value `agent:NAME` takes NAME from the agent's environment."""
_NO_WRITING = "PYTHONDONTWRITEBYTECODE"
COMPILED_ELSEWHERE = "PYTHONPYCACHEPREFIX"
"""Names a folder in which Python looks for compiled files instead of beside their sources."""
_NO_COMPILED = (
    {COMPILED_ELSEWHERE: f"{os.devnull}/keyturn", _NO_WRITING: "1"} if os.name == "posix" else {}
)
_NEVER_FROM_AGENT = frozenset({"PATH", "NODE_OPTIONS"})
_NEVER_FROM_AGENT_PREFIXES = ("LD_", "DYLD_", "PYTHON", "GIT_")


def server_environment(
    server: ServerConfig, own: Mapping[str, str], agent: Mapping[str, str]
) -> dict[str, str]:
    """Put a server's environment together, without its secrets.

    `own` is the broker's environment, `agent` what the agent's shim sent; of the latter only names
    in the confirmed configuration count, and never one that changes what code a process loads.
    """
    environment = {name: value for name, value in own.items() if _inherited(name)}
    for name, value in server.env.items():
        if value.startswith(KEYCHAIN_PREFIX):
            continue
        if not value.startswith(AGENT_PREFIX):
            environment[name] = value
            continue
        source = value.removeprefix(AGENT_PREFIX)
        if source in agent and _may_come_from_agent(name):
            environment[name] = agent[source]
    return environment


def without_compiling(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which Python writes no compiled files."""
    return {**environment, _NO_WRITING: "1"}


def without_compiled(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which Python neither reads nor writes compiled files.

    Nobody but root can put a file below the null device, so that this holds against programs of the
    user's too. It wins over what is configured, and goes to all that the server starts.
    """
    return {**environment, **_NO_COMPILED}


def secret_names(server: ServerConfig) -> dict[str, str]:
    """Map variable names to the names of the secrets that fill them."""
    return {
        name: value.removeprefix(KEYCHAIN_PREFIX)
        for name, value in {**server.env, **server.headers}.items()
        if value.startswith(KEYCHAIN_PREFIX)
    }


def server_folder(server: ServerConfig, agent_cwd: str) -> str:
    """Return the folder that a server is started in: the agent's only if so configured."""
    if server.cwd is CwdMode.AGENT and Path(agent_cwd).is_absolute():
        return agent_cwd
    return server.cwd_path or str(Path.home())


def program_of(launch: LaunchIdentity, environment: Mapping[str, str]) -> str:
    """Return the absolute path to start, links not followed, as execvpe would find it.

    Raises ServerUnavailable when there is none, or when it no longer leads to the executable that
    was agreed to.
    """
    name = launch.argv[0] if launch.argv else ""
    folders = [""] if os.sep in name else environment.get("PATH", os.defpath).split(os.pathsep)
    for folder in folders if name else ():
        candidate = Path(launch.cwd, folder, name)
        if candidate.is_file() and os.access(candidate, os.X_OK):
            if readable(os.path.realpath(candidate)) == launch.executable:
                return str(candidate)
            raise ServerUnavailable(
                filled(
                    "The command {name} now leads to another program than the one agreed to.",
                    name=name,
                ),
                mend="Reconnect, so that it is reviewed.",
            )
    raise ServerUnavailable(
        filled("The command {name} was not found.", name=name or "(empty)"),
        mend="Install it, or correct the server's command in Keyturn.",
    )


def _inherited(name: str) -> bool:
    return name in INHERITED or name.startswith(_INHERITED_PREFIXES)


def _may_come_from_agent(name: str) -> bool:
    return name not in _NEVER_FROM_AGENT and not name.startswith(_NEVER_FROM_AGENT_PREFIXES)
