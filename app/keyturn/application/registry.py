"""Servers, agents, credentials and settings of a profile: what is configured and who changed it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from keyturn.application.agent_names import LONGEST_NAME, is_own_name, is_plain_name
from keyturn.application.events import Observers, Topic
from keyturn.application.former_labels import FORMER_SETTING, FormerLabels
from keyturn.application.keychain_entries import KeychainEntries
from keyturn.application.live import LiveConnections
from keyturn.application.masking import masked_command
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.inspection import SecretMask
from keyturn.application.ports.secret_store import Secret, SecretStore
from keyturn.application.ports.stores import AgentStore, ServerStore, SettingStore
from keyturn.application.proposals import PROPOSALS, ProposedList, check_proposal
from keyturn.application.tokens import TokenFiles, token_hash
from keyturn.application.typed_settings import kept_value, recorded_details
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import AgentConfig, ServerConfig
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, Said, SecretStoreUnavailable, filled
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.remote import checked_launch

AgentChange = Callable[[AgentConfig], AgentConfig | None]
"""What becomes of an agent; None to leave it as it is."""

ServerChange = Callable[[ServerConfig | None], ServerConfig]
"""What becomes of the server of a name; None for one that there is not."""


def checked_agent_name(name: str) -> str:
    """Return the name if it can be an agent's; raises ConfigurationError otherwise."""
    if is_own_name(_checked_name(name, Said("an agent's", {}))):
        raise ConfigurationError(
            filled("{name!r} reads like Keyturn itself, so no agent can have it.", name=name)
        )
    return name


def checked_server_name(name: str) -> str:
    """Return the name if it can be a server's; raises ConfigurationError otherwise."""
    return _checked_name(name, Said("a server's", {}))


def _checked_name(name: str, whose: Said) -> str:
    if is_plain_name(name):
        return name
    raise ConfigurationError(
        filled("{name!a} cannot be {whose} name.", name=name[:80], whose=whose),
        mend=filled(
            "Use up to {longest} letters, digits, dots, dashes and underscores.",
            longest=LONGEST_NAME,
        ),
    )


def _known_agent(name: str) -> ConfigurationError:
    return ConfigurationError(filled("An agent named {name} is already enrolled.", name=name))


class Registry:
    """What a person configured; every change is recorded before it takes effect."""

    def __init__(
        self,
        *,
        servers: ServerStore,
        agents: AgentStore,
        settings: SettingStore,
        secrets: SecretStore,
        tokens: TokenFiles,
        log: DecisionLog,
        mask: SecretMask,
        clock: Clock,
        observers: Observers,
    ) -> None:
        self._server_store = servers
        self._agent_store = agents
        self._setting_store = settings
        self._entries = KeychainEntries(secrets=secrets, settings=settings, log=log)
        self._tokens = tokens
        self._log = log
        self._mask, self._clock = mask, clock
        self._observers = observers
        self._live: LiveConnections | None = None
        self.on_agent: Callable[[str], None] = lambda _name: None
        self._servers: dict[str, ServerConfig] = {}
        self._agents: dict[str, AgentConfig] = {}
        self.former = FormerLabels(self.put_setting, observers)
        self._changing_servers, self._changing_agents = asyncio.Lock(), asyncio.Lock()
        """Held while one is looked at and written, so that what was asked for last holds."""
        self._settings: dict[str, str] = {}
        self._proposed_agents, self._proposed_removals = dict[str, ProposedList](), set[str]()

    async def load(self) -> None:
        """Read what the profile remembers."""
        self._settings = await self._setting_store.settings()
        self.former.load(self._settings.get(FORMER_SETTING, ""))
        await self._entries.load()
        self.use(await self._server_store.servers(), await self._agent_store.agents())

    def use(self, servers: tuple[ServerConfig, ...], agents: tuple[AgentConfig, ...]) -> None:
        """Take servers and agents: the profile's, or a headless FILE's instead."""
        self._servers = {server.name: server for server in servers}
        self._agents = {agent.name: agent for agent in agents}
        self._apply()

    def attach(self, live: LiveConnections) -> None:
        """Name who carries the connections; it is told of every change."""
        self._live = live
        self._apply()

    @property
    def servers(self) -> tuple[ServerConfig, ...]:
        """Return every configured server, proposals included."""
        return tuple(self._servers.values())

    @property
    def agents(self) -> tuple[AgentConfig, ...]:
        """Return every enrolled agent."""
        return tuple(self._agents.values())

    @property
    def proposed_agents(self) -> Mapping[str, ProposedList]:
        """Return agents that the command line proposed and the window has not enrolled."""
        return self._proposed_agents

    @property
    def proposed_removals(self) -> frozenset[str]:
        """Return servers whose removal the command line proposed."""
        return frozenset(self._proposed_removals)

    @property
    def proposed_credentials(self) -> frozenset[tuple[str, str]]:
        """Return (server, name) of values that the command line proposed; values stay here."""
        return self._entries.proposed

    @property
    def settings(self) -> dict[str, str]:
        """Return the window's settings."""
        return dict(self._settings)

    async def put_server(self, server: ServerConfig) -> None:
        """Add or replace a server.

        It finds nothing in the keychain that another one left, and keeps nothing there that it no
        longer names. Raises SecretStoreUnavailable before anything changed for the one, and once
        all is saved for the other.
        """
        await self.change_server(server.name, lambda _: server)

    async def change_server(self, name: str, change: ServerChange) -> None:
        """Make of a server what it shall be; raises as `put_server`."""
        async with self._changing_servers:
            await self._put_server(change(self._servers.get(name)), Actor.HUMAN)

    async def propose_server(self, server: ServerConfig) -> None:
        """Take a proposal from the command line; it never replaces what is confirmed."""
        checked_server_name(server.name)
        async with self._changing_servers:
            check_proposal(server, self._servers)
            await self._put_server(server, Actor.CLIENT)

    async def _put_server(self, server: ServerConfig, actor: Actor) -> None:
        details = _details_of(checked_launch(server), self._mask)
        before = self._servers.get(server.name)
        await self._entries.make_room_for(server, actor)
        kept = await self._entries.drop(before, server, actor) if before is not None else None
        what = "confirmed" if server.confirmed else "proposed"
        await _record(self._log, RecordType.SERVER, what, actor, details, server=server.name)
        await self._server_store.put_server(server)
        self._servers[server.name] = server
        self._apply()
        if kept is not None:
            raise _still_there(server, kept) from kept

    def propose_agent(self, name: str, rows: ProposedList = None) -> None:
        """Show in the window that somebody wants an agent enrolled."""
        if name in self._agents:
            raise _known_agent(name)
        checked_agent_name(name)
        if name in self._proposed_agents or len(self._proposed_agents) < PROPOSALS:
            self._proposed_agents[name] = rows
        self._observers.changed(Topic.AGENTS)

    def propose_removal(self, server: str) -> None:
        """Show in the window that somebody wants a server removed."""
        if server not in self._servers:
            raise ConfigurationError(filled("No server is configured as {name!r}.", name=server))
        self._proposed_removals.add(server)
        self._observers.changed(Topic.SERVERS)

    def drop_removal(self, server: str) -> None:
        """Forget that a server's removal was proposed; it stays."""
        self._proposed_removals.discard(server)
        self._observers.changed(Topic.SERVERS)

    async def remove_server(self, name: str) -> SecretStoreUnavailable | None:
        """Remove a server with its keychain entries; return why some were kept, if so.

        Its pins stay, so that the same tools need no second review.
        """
        async with self._changing_servers:
            server = self._servers.get(name)
            if server is None:
                return None
            # First, so that a broker which ends in between leaves none behind that nobody names.
            kept = await self._entries.drop(server, None, Actor.HUMAN)
            await _record(self._log, RecordType.SERVER, "removed", Actor.HUMAN, server=name)
            await self._server_store.remove_server(name)
            del self._servers[name]
            self._proposed_removals.discard(name)
            self._entries.forget_proposed(name)
            self._apply()
            return kept

    async def enrol(self, name: str, executable: str = "", sha256: str = "") -> None:
        """Enrol an agent: make its token, keep the hash, hand the token over as a file."""
        token = self._tokens.new_token()
        program, now = (executable, sha256), self._clock.now_utc()
        async with self._changing_agents:
            before = self._agents.get(checked_agent_name(name))
            label = self.former.of(name) if before is None else before.environment
            agent = _enrolled(name, token, program, now, label)
            await _record(self._log, RecordType.AGENT, "enrolled", Actor.HUMAN, agent=name)
            await self._agent_store.put_agent(agent)
            self._tokens.write(name, token)
            self._agents[name] = agent
            self.on_agent(name)
            self._proposed_agents.pop(name, None)
            self._apply()
            await self.former.label(name, "")

    async def change_agent(
        self, name: str, what: str, change: AgentChange, details: JsonObject | None = None
    ) -> bool:
        """Change what is known of an agent, recorded as `what`; False when nothing is changed."""
        async with self._changing_agents:
            agent = self._agents.get(name)
            changed = change(agent) if agent is not None else None
            if changed is not None:
                await _record(self._log, RecordType.AGENT, what, Actor.HUMAN, details, agent=name)
                await self._agent_store.put_agent(changed)
                if self._agents.get(name) is agent:
                    # Else it was revoked meanwhile, and is taken out of the store next.
                    self._agents[name] = changed
                    self._apply()
            return changed is not None

    async def revoke(self, name: str, actor: Actor = Actor.HUMAN) -> bool:
        """Take an agent's token away; this tightens, so the command line may do it too."""
        was_in = self._shut_out(name)
        async with self._changing_agents:
            # Again: its enrolment may have been under way, and what was asked for last holds.
            was_in = self._shut_out(name) or was_in
            if was_in:
                await _record(self._log, RecordType.AGENT, "revoked", actor, agent=name)
                # First, so that a broker which ends in between has its label in one place at least.
                await self.former.save(name, actor)
                await self._agent_store.remove_agent(name)
                self._tokens.remove(name)
            return was_in

    def _shut_out(self, name: str) -> bool:
        agent = self._agents.pop(name, None)
        if agent is None:
            return False
        self.former.keep(agent)
        self.on_agent(name)
        self._apply()
        return True

    async def put_credential(self, server: str, name: str, secret: Secret) -> None:
        """Store a secret in the OS keychain; only its name is recorded."""
        await self._entries.put(server, name, secret)
        self._observers.changed(Topic.CREDENTIALS)

    def propose_credential(self, server: str, name: str, secret: Secret) -> None:
        """Keep a value of the command line in memory until the window accepts or drops it.

        Whoever can reach the socket could otherwise swap a credential of a running server.
        """
        self._entries.propose(self._servers.get(server), server, name, secret)
        self._observers.changed(Topic.CREDENTIALS)

    async def settle_credential(self, server: str, name: str, *, accept: bool) -> None:
        """Store or drop a proposed value; one that the keychain refuses stays proposed."""
        await self._entries.settle(server, name, accept=accept)
        self._observers.changed(Topic.CREDENTIALS)

    async def remove_credential(self, server: str, name: str) -> None:
        """Remove a secret from the OS keychain."""
        await self._entries.remove(server, name)
        self._observers.changed(Topic.CREDENTIALS)

    async def put_setting(self, name: str, value: str, actor: Actor = Actor.HUMAN) -> None:
        """Change a setting of the profile."""
        value = kept_value(name, value, self._mask)
        details = recorded_details(name, value)
        await _record(self._log, RecordType.SETTING, "changed", actor, details)
        await self._setting_store.put_setting(name, value)
        self._settings[name] = value
        self._observers.changed(Topic.SETTINGS)

    def _apply(self) -> None:
        if self._live is not None:
            confirmed = tuple(s for s in self._servers.values() if s.confirmed)
            self._live.use(confirmed, tuple(self._agents.values()))
        for topic in (Topic.SERVERS, Topic.AGENTS, Topic.CREDENTIALS):
            self._observers.changed(topic)


async def _record(
    log: DecisionLog,
    kind: RecordType,
    what: str,
    actor: Actor,
    details: JsonObject | None = None,
    *,
    server: str = "",
    agent: str = "",
) -> None:
    said = details or {}
    await log.commit(
        Entry(type=kind, outcome=what, actor=actor, details=said, server=server, agent=agent)
    )


def _still_there(server: ServerConfig, kept: SecretStoreUnavailable) -> SecretStoreUnavailable:
    return SecretStoreUnavailable(
        filled(
            "{name} is saved, but an entry that it names no more is in the keychain.",
            name=server.name,
        ),
        cause=kept.parts[1],
        mend="No server can be given it; it may be removed in the system's own keychain.",
    )


def _enrolled(
    name: str, token: str, program: tuple[str, str], now: str, environment: str
) -> AgentConfig:
    """Return an agent with its new token."""
    executable, sha256 = program
    return AgentConfig(
        name=name,
        token_sha256=token_hash(token),
        executable=executable,
        executable_sha256=sha256,
        enrolled_at=now,
        environment=environment,
    )


async def set_http(registry: Registry, name: str, *, on: bool) -> bool:
    """Let an agent connect over HTTP too, or no longer; False when there is none."""
    what = "http_on" if on else "http_off"
    return await registry.change_agent(name, what, lambda agent: replace(agent, http=on))


def _details_of(server: ServerConfig, mask: SecretMask) -> JsonObject:
    """Say what a server is started with, for the record: names of values, and no secret."""
    if server.url:
        what: JsonObject = {
            "url": mask.mask(server.url),
            "transport": server.transport.value,
            "headers": list(server.header_names()),
        }
    else:
        what = {
            "command": masked_command(server.command, mask),
            "env": list(server.env_names()),
        }
    labels: JsonObject = dict(server.credential_environments)
    of_credentials: JsonObject = {"credential_environments": labels} if labels else {}
    return {**what, "environment": server.environment, **of_credentials}
