"""The stores of a profile in memory."""

from collections.abc import Callable, Mapping, Sequence

from keyturn.application.ports.stores import Consent, KeptShape, LastUse, Looks, Used
from keyturn.domain.access import AccessKey, Looked
from keyturn.domain.closure import NO_CLOSURE, Closure
from keyturn.domain.configuration import AgentConfig, ServerConfig
from keyturn.domain.definition import Pin
from keyturn.domain.errors import KeyturnError, LogUnavailable
from keyturn.domain.flow import Reading
from keyturn.domain.rule import Rule
from keyturn.domain.sight import Sight, SightProfile
from keyturn.domain.step_up import Change


class FakeRuleStore:
    """Rules by id."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = {rule.id: rule for rule in rules}
        self.used: dict[str, int] = {}

    async def all(self) -> tuple[Rule, ...]:
        return tuple(self.rules[key] for key in sorted(self.rules))

    async def one(self, rule_id: str) -> Rule | None:
        return self.rules.get(rule_id)

    async def put(self, *rules: Rule) -> None:
        self.rules |= {rule.id: rule for rule in rules}

    async def remove(self, *rule_ids: str) -> bool:
        known = [one for one in rule_ids if self.rules.pop(one, None) is not None]
        return bool(known)

    async def uses(self) -> dict[str, int]:
        return dict(self.used)

    async def count_use(self, rule_id: str) -> None:
        self.used[rule_id] = self.used.get(rule_id, 0) + 1

    async def forget_uses(self, rule_id: str) -> None:
        self.used.pop(rule_id, None)


class FakeServerStore:
    """Servers by name, consents by launch identity, pins by tool of a launch identity."""

    def __init__(self, *servers: ServerConfig) -> None:
        self.by_name = {server.name: server for server in servers}
        self.agreed: dict[tuple[str, str], Consent] = {}
        self.closures: dict[tuple[str, str], Closure] = {}
        self.pinned: dict[tuple[str, str, str], Pin] = {}

    async def servers(self) -> tuple[ServerConfig, ...]:
        return tuple(self.by_name[name] for name in sorted(self.by_name))

    async def put_server(self, server: ServerConfig) -> None:
        self.by_name[server.name] = server

    async def remove_server(self, name: str) -> bool:
        self.agreed = {key: consent for key, consent in self.agreed.items() if key[0] != name}
        return self.by_name.pop(name, None) is not None

    async def consents(self) -> tuple[Consent, ...]:
        return tuple(self.agreed[key] for key in sorted(self.agreed))

    async def put_consent(self, consent: Consent, closure: Closure = NO_CLOSURE) -> None:
        self.agreed[consent.server, consent.launch_hash] = consent
        self.closures[consent.server, consent.launch_hash] = closure

    async def agreed_closure(self, server: str, launch_hash: str) -> Closure | None:
        closure = self.closures.get((server, launch_hash))
        return Closure(files=closure.files) if closure is not None and closure.files else None

    async def pins(self) -> tuple[Pin, ...]:
        return tuple(self.pinned[key] for key in sorted(self.pinned))

    async def put_pins(self, pins: Sequence[Pin]) -> None:
        for pin in pins:
            self.pinned[pin.server, pin.launch_hash, pin.definition.name] = pin


class FakeAgentStore:
    """Agents by name."""

    def __init__(self, *agents: AgentConfig) -> None:
        self.by_name = {agent.name: agent for agent in agents}

    async def agents(self) -> tuple[AgentConfig, ...]:
        return tuple(self.by_name[name] for name in sorted(self.by_name))

    async def put_agent(self, agent: AgentConfig) -> None:
        self.by_name[agent.name] = agent

    async def remove_agent(self, name: str) -> bool:
        return self.by_name.pop(name, None) is not None


class FakeSettingStore:
    """Settings by name."""

    def __init__(self) -> None:
        self.by_name: dict[str, str] = {}

    async def settings(self) -> dict[str, str]:
        return dict(self.by_name)

    async def put_setting(self, name: str, value: str) -> None:
        self.by_name[name] = value


class FakeShapeStore:
    """Learnt shapes, and how often one was written down."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, str], KeptShape] = {}
        self.writes = 0

    async def shapes(self) -> tuple[KeptShape, ...]:
        return tuple(self.kept.values())

    async def put_shape(self, shape: KeptShape) -> None:
        self.writes += 1
        self.kept[(shape.server, shape.tool, shape.def_hash)] = shape


class FakeKeptSettings:
    """Implements `KeptSettings` in memory."""

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}

    async def put_setting(self, name: str, value: str) -> None:
        self.settings[name] = value


class FakeSightStore:
    """What agents see, and profiles, by name."""

    def __init__(self, *sights: Sight) -> None:
        self.by_agent = {sight.agent: sight for sight in sights}
        self.by_name: dict[str, SightProfile] = {}

    async def sights(self) -> tuple[Sight, ...]:
        return tuple(self.by_agent[name] for name in sorted(self.by_agent))

    async def put_sight(self, sight: Sight) -> None:
        self.by_agent[sight.agent] = sight

    async def profiles(self) -> tuple[SightProfile, ...]:
        return tuple(self.by_name[name] for name in sorted(self.by_name))

    async def put_profile(self, profile: SightProfile) -> None:
        self.by_name[profile.name] = profile

    async def remove_profile(self, name: str) -> bool:
        return self.by_name.pop(name, None) is not None


class FakeLookStore:
    """What was noted of the access review; a test can have it forgotten, or fail."""

    def __init__(self) -> None:
        self.kept: dict[AccessKey, Looked] = {}
        self.forgotten = False
        self.failing: KeyturnError | None = None

    async def looks(self) -> Looks:
        return Looks(looks=tuple(self.kept.values()), forgotten=self.forgotten)

    async def put_looks(self, looks: Sequence[Looked], *, gone: Sequence[AccessKey]) -> None:
        if self.failing is not None:
            raise self.failing
        self.forgotten = False
        for key in gone:
            del self.kept[key]
        self.kept |= {(look.kind, look.name): look for look in looks}


class FakeStepUpStore:
    """What changed around agents; a test can have it refuse, or act while it is written."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, str], Change] = {}
        self.refusing = False
        self.on_put: Callable[[], None] = lambda: None

    async def all(self) -> tuple[Change, ...]:
        return tuple(self.kept[key] for key in sorted(self.kept))

    async def put(self, change: Change) -> None:
        self.on_put()
        if self.refusing:
            raise LogUnavailable("The disk is full.")
        self.kept[(change.agent, change.server, change.cause.value)] = change


class FakeUseStore:
    """What was used, and how often it was written down."""

    def __init__(self) -> None:
        self.kept: dict[tuple[Used, str], LastUse] = {}
        self.writes = 0

    async def all(self) -> Mapping[tuple[Used, str], LastUse]:
        return dict(self.kept)

    async def add(self, uses: Mapping[tuple[Used, str], LastUse]) -> None:
        self.writes += 1
        for key, use in uses.items():
            before = self.kept.get(key, LastUse(count=0, last=""))
            last = max(before.last, use.last)
            self.kept[key] = LastUse(count=before.count + use.count, last=last)


class FakeFlowStore:
    """Fingerprints in memory; `refusing` keeps nothing."""

    def __init__(self) -> None:
        self.kept: dict[bytes, tuple[int, Reading]] = {}
        self.refusing = False

    async def readings(self) -> Sequence[tuple[bytes, int, Reading]]:
        return [(known, length, reading) for known, (length, reading) in self.kept.items()]

    async def keep(self, rows: Sequence[tuple[bytes, int, Reading]], *, most: int) -> None:
        if self.refusing:
            raise LogUnavailable("The disk is full.")
        for known, length, reading in rows:
            self.kept.setdefault(known, (length, reading))
        for known in list(self.kept)[: max(0, len(self.kept) - most)]:
            del self.kept[known]
