"""Owns what exactly a server is started with: its command as agreed to, and its secrets."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keyturn.application.alerts import Alert
from keyturn.application.ports.milestones import Milestone, Milestones
from keyturn.application.ports.processes import Processes
from keyturn.application.ports.secret_store import SecretStore
from keyturn.broker.child_process import Command, ProcessTree
from keyturn.broker.file_looks import FileLooks
from keyturn.broker.frames import LineBudget
from keyturn.broker.large_frames import LargeFrames
from keyturn.broker.server_environment import (
    COMPILED_ELSEWHERE,
    program_of,
    secret_names,
    without_compiled,
    without_compiling,
)
from keyturn.domain.closure import NO_CLOSURE, Closure
from keyturn.domain.configuration import Limits, ServerConfig
from keyturn.domain.errors import SecretStoreUnavailable, ServerUnavailable, filled
from keyturn.domain.launch import LaunchIdentity

if TYPE_CHECKING:
    # It imports an HTTP client, which only remote servers need.
    from keyturn.broker.oauth_sign_in import SignIns


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStart:
    """What exactly to start, and with what."""

    server: ServerConfig
    launch: LaunchIdentity
    """What a person agreed to."""
    closure: Closure = NO_CLOSURE
    """The files that it loads, as that person agreed to them."""
    environment: Mapping[str, str]
    """Without the secrets, which are fetched at the start."""
    reads_compiled: Callable[[str], bool] = lambda _compiled: False
    """Tells whether compiled files that are on disk now are those that were agreed to."""
    agent: str = ""
    """Whose part of the room for large payloads it uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMeans:
    """What servers are started and watched with."""

    tree: ProcessTree
    processes: Processes
    secrets: SecretStore
    milestones: Milestones
    limits: Limits
    large: LargeFrames | None = None
    """Reads frames over 64 KiB; None to have them read where they come in."""
    sign_ins: "Callable[[], SignIns] | None" = None
    """Returns those of the servers that are asked over HTTP; None where nobody can sign in."""
    credential_used: Callable[[str, str], None] = lambda _server, _name: None
    """Called with a server and the name of a secret that it is given."""
    alert: Callable[[Alert], None] = lambda _alert: None
    """Tells a person of a server's end."""
    budget: LineBudget = field(default_factory=LineBudget)
    """Of what all servers have begun to say."""
    looks: FileLooks = field(init=False)
    """At what they load."""

    def __post_init__(self) -> None:
        """Have one place for the looks of all servers."""
        object.__setattr__(self, "looks", FileLooks(self.processes))


async def server_headers(start: ServerStart, means: ServerMeans) -> dict[str, str]:
    """Return the headers that go with every request to a remote server, secrets included.

    Raises SecretStoreUnavailable.
    """
    return {**start.server.headers, **await _secrets(start, means)}


async def server_command(start: ServerStart, means: ServerMeans) -> Command:
    """Gather the secrets, then look once more at what gets them: it starts in the next step.

    The files were hashed when the agent connected, and whoever can write to them had since then.
    Raises SecretStoreUnavailable and ServerUnavailable, with sentences for a person.
    """
    environment = {**start.environment, **await _secrets(start, means)}
    launch, search = start.launch, start.environment
    same = await asyncio.to_thread(means.processes.still_leads_to, launch, search)
    program = program_of(launch, search)
    if not same:
        raise ServerUnavailable(
            filled(
                "The program of {name} is not the one agreed to: "
                "it was changed since the agent connected.",
                name=start.server.name,
            ),
            mend="Reconnect, so that it is reviewed.",
        )
    now = await means.looks.closure(launch, search, anew=True)
    if now.closure_hash != start.closure.closure_hash:
        raise ServerUnavailable(
            filled(
                "What {name} loads is not what was agreed to: "
                "files were changed since the agent connected.",
                name=start.server.name,
            ),
            mend="Reconnect, so that it is reviewed.",
        )
    if start.closure.python:
        # Where they are looked for elsewhere nobody looks at them, and so nobody agreed to them.
        beside = COMPILED_ELSEWHERE not in environment
        reads = start.reads_compiled(now.compiled) and beside
        environment = (without_compiling if reads else without_compiled)(environment)
    return Command(argv=(program, *launch.argv[1:]), cwd=launch.cwd, environment=environment)


async def _secrets(start: ServerStart, means: ServerMeans) -> dict[str, str]:
    """Fetch what is named `keychain:NAME`, by the variable or header that it fills."""
    found: dict[str, str] = {}
    for place, name in secret_names(start.server).items():
        secret = await means.secrets.get(start.server.name, name)
        if secret is None:
            raise SecretStoreUnavailable(
                filled(
                    "The keychain holds no value named {name} for {server}.",
                    name=name,
                    server=start.server.name,
                ),
                mend=filled(
                    "Store it: keyturn credential set {server} {name}",
                    server=start.server.name,
                    name=name,
                ),
            )
        found[place] = secret.value
        means.credential_used(start.server.name, name)
    if found:
        means.milestones.reached(Milestone.CREDENTIAL)
    return found
