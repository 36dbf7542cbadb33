"""The store ports: what a profile remembers besides its log, changed on the writer's thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from keyturn.domain.access import AccessKey, Looked
from keyturn.domain.closure import NO_CLOSURE, Closure
from keyturn.domain.configuration import AgentConfig, ServerConfig
from keyturn.domain.definition import Pin
from keyturn.domain.flow import Reading
from keyturn.domain.rule import Rule
from keyturn.domain.sight import Sight, SightProfile
from keyturn.domain.step_up import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A person's agreement to start one launch identity of one server."""

    server: str
    launch_hash: str
    subject: str
    """Canonical JSON of what was agreed to, with fingerprints of its literal values."""
    agreed_at: str
    closure_hash: str = ""
    """Of the files that the command loads, as they were agreed to; empty where it loads none."""


class RuleStore(Protocol):
    """The rules of a profile."""

    async def all(self) -> tuple[Rule, ...]: ...
    async def one(self, rule_id: str) -> Rule | None: ...
    async def put(self, *rules: Rule) -> None: ...
    async def remove(self, *rule_ids: str) -> bool: ...
    async def uses(self) -> dict[str, int]:
        """Return how often each rule allowed, of those of which it is counted."""
        ...

    async def count_use(self, rule_id: str) -> None: ...
    async def forget_uses(self, rule_id: str) -> None: ...


class ServerStore(Protocol):
    """Servers, consents and pins; only pins outlive the removal of a server."""

    async def servers(self) -> tuple[ServerConfig, ...]: ...
    async def put_server(self, server: ServerConfig) -> None: ...
    async def remove_server(self, name: str) -> bool: ...
    async def consents(self) -> tuple[Consent, ...]: ...
    async def put_consent(self, consent: Consent, closure: Closure = NO_CLOSURE) -> None: ...
    async def agreed_closure(self, server: str, launch_hash: str) -> Closure | None: ...
    async def pins(self) -> tuple[Pin, ...]: ...
    async def put_pins(self, pins: Sequence[Pin]) -> None: ...


class AgentStore(Protocol):
    """Enrolled agents; tokens are kept as hashes only."""

    async def agents(self) -> tuple[AgentConfig, ...]: ...
    async def put_agent(self, agent: AgentConfig) -> None: ...
    async def remove_agent(self, name: str) -> bool: ...


class SightStore(Protocol):
    """What agents see, and the profiles of tasks; an agent's outlives its enrolment."""

    async def sights(self) -> tuple[Sight, ...]: ...
    async def put_sight(self, sight: Sight) -> None: ...
    async def profiles(self) -> tuple[SightProfile, ...]: ...
    async def put_profile(self, profile: SightProfile) -> None: ...
    async def remove_profile(self, name: str) -> bool: ...


class StepUpStore(Protocol):
    """What changed around agents, and what of it a person has looked at."""

    async def all(self) -> tuple[Change, ...]: ...
    async def put(self, change: Change) -> None: ...


class Used(StrEnum):
    """Of what it is kept how often and when last it was used."""

    RULE = "rule"
    AGENT = "agent"
    """Its requests, whatever became of them."""
    TOKEN = "token"
    """An agent's, by the name of the agent."""
    CREDENTIAL = "credential"
    """As the access review names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastUse:
    """How often something was used, and when last."""

    count: int
    last: str
    """As the clock writes it; empty for never."""


class UseStore(Protocol):
    """What was used how often: no agreement, and nothing rests on it."""

    async def all(self) -> Mapping[tuple[Used, str], LastUse]: ...
    async def add(self, uses: Mapping[tuple[Used, str], LastUse]) -> None: ...


class FlowStore(Protocol):
    """Fingerprints of sensitive values, and where each was read first; nothing is allowed by it."""

    async def readings(self) -> Sequence[tuple[bytes, int, Reading]]:
        """Return what is kept, the first read first: fingerprint, characters, reading."""
        ...

    async def keep(self, rows: Sequence[tuple[bytes, int, Reading]], *, most: int) -> None:
        """Keep more, the first reading of each, and of all the `most` that were kept last."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptShape:
    """The shape that the results of one tool had so far."""

    server: str
    tool: str
    def_hash: str
    lines: tuple[str, ...]


class ShapeStore(Protocol):
    """The shapes of results that were learnt: nothing rests on them."""

    async def shapes(self) -> tuple[KeptShape, ...]: ...
    async def put_shape(self, shape: KeptShape) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What was noted of the access review."""

    looks: tuple[Looked, ...] = ()
    forgotten: bool = False
    """What was noted before was left out, because another program had changed it."""


class LookStore(Protocol):
    """Since when things stand, and when a person last kept them."""

    async def looks(self) -> Looks: ...
    async def put_looks(self, looks: Sequence[Looked], *, gone: Sequence[AccessKey]) -> None:
        """Keep some, and forget some and that any were forgotten, all in one transaction."""
        ...


class SettingStore(Protocol):
    """Small settings of the profile, as JSON texts by name."""

    async def settings(self) -> dict[str, str]: ...
    async def put_setting(self, name: str, value: str) -> None: ...
