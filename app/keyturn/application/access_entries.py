"""Gathers what gives access, or bounds it: agents, credentials, rules, lists, grants; reads only.

Each has a digest of what it lets, so that what a person keeps is what they looked at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import msgspec

from keyturn.application.ports.stores import Used
from keyturn.application.registry import Registry
from keyturn.application.rulebook import RuleBook
from keyturn.application.sights import Sights
from keyturn.domain.access import AccessKey, AccessKind
from keyturn.domain.canonical import JsonObject, canonical, digest_of
from keyturn.domain.configuration import KEYCHAIN_PREFIX, AgentConfig, ServerConfig
from keyturn.domain.rule import Rule
from keyturn.domain.rule_data import rule_to_data
from keyturn.domain.sight import Sight, profile_to_data, rows_to_data


class AccessEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that stands, by what it is."""

    kind: AccessKind
    name: str
    text: str
    """Canonical JSON of what it lets."""
    digest: str
    agent: str = ""
    server: str = ""
    environment: str = ""
    created: str = ""
    used: tuple[Used, str] | None = None
    """By what its last use is kept."""
    http: bool = False
    rows: tuple[str, ...] | None = None
    seconds_left: int = 0

    @property
    def key(self) -> AccessKey:
        """What it is listed under."""
        return self.kind, self.name


@dataclass(frozen=True, slots=True)
class _Written:
    """What was written of a thing last: writing a thousand rules anew each time takes too long."""

    of: object
    text: str
    digest: str


@dataclass(slots=True)
class AccessEntries:
    """Reads them from those that keep them."""

    registry: Registry
    rules: RuleBook
    sights: Sights
    _written: dict[AccessKey, _Written] = field(default_factory=dict[AccessKey, _Written])

    def all(self) -> tuple[AccessEntry, ...]:
        """Return everything that stands now."""
        found = (
            *self._agents(),
            *self._credentials(),
            *(self._rule(AccessKind.RULE, rule) for rule in self.rules.rules),
            *self._profiles(),
            *self._grants(),
        )
        if len(self._written) > 2 * len(found):
            listed = {entry.key for entry in found}
            self._written = {k: w for k, w in self._written.items() if k in listed}
        return found

    def _agents(self) -> Iterator[AccessEntry]:
        for agent in self.registry.agents:
            written = self._write(AccessKind.AGENT, agent.name, agent, partial(_of_agent, agent))
            yield AccessEntry(
                kind=AccessKind.AGENT,
                name=agent.name,
                text=written.text,
                digest=written.digest,
                agent=agent.name,
                environment=agent.environment,
                created=agent.enrolled_at,
                used=(Used.AGENT, agent.name),
                http=agent.http,
            )
            yield self._sight(agent.name)

    def _sight(self, agent: str) -> AccessEntry:
        sight = self.sights.of(agent)
        written = self._write(AccessKind.SIGHT, agent, sight, partial(_of_sight, sight))
        return AccessEntry(
            kind=AccessKind.SIGHT,
            name=agent,
            text=written.text,
            digest=written.digest,
            agent=agent,
            used=(Used.AGENT, agent),
            rows=None if sight.rows is None else tuple(row.text for row in sight.rows),
        )

    def _credentials(self) -> Iterator[AccessEntry]:
        for server in self.registry.servers:
            for name in dict.fromkeys(server.credential_names()) if server.confirmed else ():
                key = credential_key(server.name, name)
                data = partial(_of_credential, server, name)
                written = self._write(AccessKind.CREDENTIAL, key, server, data)
                yield AccessEntry(
                    kind=AccessKind.CREDENTIAL,
                    name=key,
                    text=written.text,
                    digest=written.digest,
                    server=server.name,
                    environment=server.credential_environments.get(name) or server.environment,
                    used=(Used.CREDENTIAL, key),
                )

    def _rule(self, kind: AccessKind, rule: Rule, seconds_left: int = 0) -> AccessEntry:
        written = self._write(kind, rule.id, rule, partial(rule_to_data, rule))
        return AccessEntry(
            kind=kind,
            name=rule.id,
            text=written.text,
            digest=written.digest,
            agent=rule.agent,
            server=rule.server,
            used=(Used.RULE, rule.id),
            seconds_left=seconds_left,
        )

    def _profiles(self) -> Iterator[AccessEntry]:
        for profile in self.sights.profiles():
            data = partial(profile_to_data, profile)
            written = self._write(AccessKind.PROFILE, profile.name, profile, data)
            yield AccessEntry(
                kind=AccessKind.PROFILE,
                name=profile.name,
                text=written.text,
                digest=written.digest,
                rows=tuple(row.text for row in profile.rows),
            )

    def _grants(self) -> Iterator[AccessEntry]:
        for rule, seconds in self.rules.grants.living():
            yield self._rule(AccessKind.GRANT, rule, max(1, round(seconds)))

    def _write(
        self, kind: AccessKind, name: str, of: object, data: Callable[[], JsonObject]
    ) -> _Written:
        """Write a thing; of the very object that was written before nothing is written anew."""
        written = self._written.get((kind, name))
        if written is None or written.of is not of:
            text = canonical(data())
            written = self._written[kind, name] = _Written(of, text.decode(), digest_of(text))
        return written


def credential_key(server: str, name: str) -> str:
    """Name a credential; no server has a stroke in its name."""
    return f"{server}/{name}"


def _of_agent(agent: AgentConfig) -> JsonObject:
    return {
        "name": agent.name,
        "token_sha256": agent.token_sha256,
        "executable": agent.executable,
        "executable_sha256": agent.executable_sha256,
        "http": agent.http,
        "environment": agent.environment,
    }


def _of_sight(sight: Sight) -> JsonObject:
    """Say the list of an agent; a profile that is on for a while is none of it."""
    return {
        "rows": None if sight.rows is None else rows_to_data(sight.rows),
        "profiles_only": sight.profiles_only,
    }


def _of_credential(server: ServerConfig, name: str) -> JsonObject:
    """Say where a credential goes: the command or address that it is given to, and in what."""
    secret = KEYCHAIN_PREFIX + name
    return {
        "server": server.name,
        "name": name,
        "command": list(server.command),
        "url": server.url,
        "env": [key for key, value in sorted(server.env.items()) if value == secret],
        "headers": [key for key, value in sorted(server.headers.items()) if value == secret],
        "environment": server.credential_environments.get(name, ""),
    }
