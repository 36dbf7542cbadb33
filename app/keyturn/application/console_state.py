"""The state of things as the broker tells it to its window: values only, nothing that acts."""

import msgspec

from keyturn.application.agent_messages import FloodState, RaisedState
from keyturn.application.sight_intents import SightState
from keyturn.domain.environment import Named
from keyturn.domain.finding import Finding
from keyturn.domain.result_controls import STRICTEST, ResultControls
from keyturn.domain.tier import Tier


class StopState(msgspec.Struct, frozen=True, kw_only=True):
    """The stop as the window shows it."""

    engaged: bool
    level: int = 1
    """A `StopLevel`: 2 has ended the servers, 3 the connections too."""
    since_utc: str = ""
    found_utc: str = ""
    """When the broker found it; since when it holds may be a file's word."""
    trigger: str = ""
    reason: str = ""
    refused_since: int = 0
    cards_refused: int = 0
    careful: bool = False


class AgentState(msgspec.Struct, frozen=True, kw_only=True):
    """An agent that is enrolled or connected."""

    name: str
    enrolled: bool
    connections: int
    servers: tuple[str, ...] = ()
    calls: int = 0
    """Judged calls of its live sessions."""
    lamps: str = ""
    host_name: str = ""
    host_executable: str = ""
    client: str = ""
    """Claimed."""
    enrolled_at: str = ""
    hold_ms: int = 0
    """How long its calls are held for a person; 0 where that is not known."""
    program_changed: bool = False
    """It is connected from another program than the one that it was enrolled in."""
    hold_learned: bool = False
    """Its client gave up earlier than configured, more than once."""
    http: bool = False
    """It may connect over HTTP too."""
    http_port: int = 0
    """Where, as the hosts' configurations have to say; 0 while that is not known."""
    http_listens: bool = False
    """Whether Keyturn has that port."""
    environment: str = ""
    raised: RaisedState | None = None
    """Its changing calls take more than they would."""
    proposed_list: tuple[str, ...] | None = None
    """All that it is to see, of one that the command line proposed; None where it did not say."""
    sight: SightState = SightState()
    """What it sees of what was reviewed."""
    given: ResultControls = STRICTEST
    """Its budgets of all results."""
    given_today: int = 0
    """Tokens of results."""
    flood: FloodState | None = None
    """It is held because it asks too much, or paused."""


class ToolState(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as pinned and as listed now; definitions are canonical JSON."""

    name: str
    state: str
    """A ReviewState."""
    tier: Tier | None
    labels: str
    pinned: str = ""
    launch_hash: str = ""
    """Of the launch identity that is pinned; empty with no pin."""
    def_hash: str = ""
    """Of what is pinned."""
    seen: str = ""
    """Empty when it is as pinned, or not listed by a live connection."""
    pinned_at: str = ""
    two_persons: bool = False
    """Its calls are allowed by two persons together only."""
    controls: ResultControls = STRICTEST
    """Of its results."""
    used: tuple[tuple[str, int], ...] = ()
    """Where it has a budget: agents, and how many tokens of its results each had today."""


class ServerState(msgspec.Struct, frozen=True, kw_only=True):
    """A server and its tools."""

    name: str
    command: tuple[str, ...]
    env: tuple[str, ...]
    environment: str
    proposed_environments: tuple[Named, ...] = ()
    """What its own configuration names; each says its variable or header, none for the address."""
    credentials: tuple[str, ...] = ()
    """Names of those that it is given."""
    credential_environments: dict[str, str] = {}
    env_values: dict[str, str] = {}
    """As configured: a value, or `keychain:NAME`; what a proposal would set must be seen."""
    url: str = ""
    """Of a remote server, whose `command` is empty."""
    transport: str = ""
    headers: dict[str, str] = {}
    """Of a remote server, as `env_values`."""
    noticed: tuple[Finding, ...] = ()
    """What its command's package is to the list of well-known servers."""
    confirmed: bool
    """False for a proposal that waits for the window."""
    consented: bool
    running: int
    """Live connections with a running server process."""
    tools: tuple[ToolState, ...] = ()
    removal_proposed: bool = False
    """The command line asked for its removal; the window decides."""
    launch: str = ""
    """Canonical JSON of the launch subject that was agreed to last; empty before that."""
    agreed_at: str = ""
    sign_in_at: str = ""
    """Host where a person has to sign in before the server answers; empty while nobody has to."""
    signing_in: bool = False
    sign_in_failed: bool = False
    signed_in: bool = False
    signed_in_at: str = ""
    """Host of the authorization server."""
    signed_in_as: str = ""
    """The client that Keyturn is there, in its words."""
    signed_in_since: str = ""
    """A moment, or empty where that is not known."""


class RuleState(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as `rule_data` writes it, and how often it decided, over restarts."""

    data: str
    hits: int
    last_hit: str = ""
    """When it decided last; empty for never."""
    life: str = "acts"
    """The name of its `Life`, in small letters."""
    uses: int = 0
    """How often it allowed in all, of one whose uses are limited."""


class CredentialState(msgspec.Struct, frozen=True, kw_only=True):
    """A secret by name; values are never here."""

    server: str
    name: str
    stored: bool
    used_by: tuple[str, ...] = ()
    """Environment variables, or headers, that carry it."""
    proposed: bool = False
    """The command line brought a value that waits for the person."""


class HealthState(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps Keyturn from protecting, if anything."""

    keychain: str
    """ready, locked or missing."""
    recording: bool
    fault: str = ""
    """Why decisions cannot be recorded, a `LogFault`; empty while they are."""
    fault_since: str = ""
    """Since when, as the clock's `now_utc`."""
    problem: str = ""
    """What else is wrong, in a sentence; it stays until Keyturn is started again."""
    notifies: bool = True
    """This desktop shows notifications, as far as that can be told."""


class ChangedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a sealed table that another program wrote or took away."""

    difference: str
    """A `Difference`."""
    key: str
    text: str
    """All that it says now beside its key; empty for one that was taken away."""
    cut: bool = False
    """Not all of it is here."""


class ChangedTable(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed table that is not as it was sealed."""

    table: str
    whole: bool
    """False: an old copy, or one whose seal is not ours; none of its rows counts."""
    shown: str
    """To be sent back with the answer."""
    rows: tuple[ChangedRow, ...] = ()
    more: int = 0
    """Rows that are not listed."""
    whole_shown: bool = True
    """All of it is here, so that it can be sealed as it is."""


class SealState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the seals of what a person agreed to are there, and what does not hold."""

    state: str
    """A `Sealing`."""
    changed: tuple[ChangedTable, ...] = ()
    unmarked: bool = False
    """The keychain does not know of the last change, so that an old copy would not be seen."""
