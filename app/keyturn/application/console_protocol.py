"""The console protocol: what crosses the private pipe pair between the broker and its window.

One JSON object a line, tagged by `type`. From the broker come requests and the state of things;
from the window come answers and intents, each with a number that its outcome is reported under.
The pipes are inherited and have no name, so nothing else can speak this (architecture.md law 4).
"""

import msgspec

from keyturn.application.access_messages import AccessIntent, AccessState
from keyturn.application.agent_messages import AgentIntent
from keyturn.application.console_state import (
    AgentState,
    CredentialState,
    HealthState,
    RuleState,
    SealState,
    ServerState,
    StopState,
)
from keyturn.application.edit_messages import EditCall
from keyturn.application.environment_messages import SetEnvironment, SetReach
from keyturn.application.pin_messages import PinIntent, PinState, WithPin
from keyturn.application.practice_messages import PracticeIntent
from keyturn.application.proposed_rules import ProposalIntent
from keyturn.application.request_messages import RequestDetached, RequestShown, RequestWithdrawn
from keyturn.application.result_messages import SetControls
from keyturn.application.rule_removals import RuleRemoval
from keyturn.application.sight_intents import ProfileState, SightIntent
from keyturn.application.window_messages import OfWindow
from keyturn.domain.environment import Reach
from keyturn.domain.tier import Tier

WINDOW_LINE_BYTES = 64 * 1024 * 1024
"""Longest line that a window reads; the broker sends none that is longer."""


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    pass


# ---------------------------------------------------------------- broker to window


class Welcome(_Message, frozen=True, kw_only=True, tag="welcome"):
    """The first message to a new window."""

    version: str
    profile: str
    """Name of the profile; empty for the default one."""
    database: str
    """Path of the database that history is read from."""
    settings: dict[str, str]
    first: bool = False
    """The profile was made when this broker started."""


class StateChanged(_Message, frozen=True, kw_only=True, tag="state"):
    """Parts of the state that changed; None for those that did not."""

    stop: StopState | None = None
    agents: tuple[AgentState, ...] | None = None
    profiles: tuple[ProfileState, ...] | None = None
    servers: tuple[ServerState, ...] | None = None
    rules: tuple[RuleState, ...] | None = None
    proposed_rules: tuple[str, ...] | None = None
    """As `rule_data` writes them; none of them is in force."""
    hits: dict[str, int] | None = None
    """How often each rule decided, by its id; of rules that ever did."""
    posture: str | None = None
    reach: tuple[Reach, ...] | None = None
    """Pairs of environments that may cross."""
    credentials: tuple[CredentialState, ...] | None = None
    settings: dict[str, str] | None = None
    health: HealthState | None = None
    seals: SealState | None = None
    pin: PinState | None = None
    access: tuple[AccessState, ...] | None = None
    history: int | None = None
    """Counts up when history has something new."""

    def followed_by(self, later: "StateChanged") -> "StateChanged":
        """Return both as one message: of each part what was said last."""
        parts = {name: getattr(later, name) for name in later.__struct_fields__}
        said = {name: part for name, part in parts.items() if part is not None}
        if later.rules is not None:
            # Rules bring their numbers along; those of before are older.
            said["hits"] = later.hits
        return msgspec.structs.replace(self, **said)


class AlertShown(_Message, frozen=True, kw_only=True, tag="alert"):
    """Something to know that needs no answer."""

    text: str


class RaiseWindow(_Message, frozen=True, kw_only=True, tag="raise"):
    """Come to the front: the person started Keyturn a second time."""


class Ping(_Message, frozen=True, kw_only=True, tag="ping"):
    """Asks whether the window's thread is alive."""

    n: int


class IntentDone(_Message, frozen=True, kw_only=True, tag="done"):
    """What became of an intent."""

    n: int
    ok: bool
    sentence: str = ""
    """For the person; empty when there is nothing to say."""
    pin: bool = False
    """It takes the PIN, which did not come with it or is not the right one."""
    asks: bool = False
    """The sentence says what the change is that takes the PIN."""
    second: str = ""
    """Name of the second person, whose PIN it takes too; of an answer: whose turn it is."""


ToWindow = (
    Welcome
    | RequestShown
    | RequestDetached
    | RequestWithdrawn
    | StateChanged
    | AlertShown
    | RaiseWindow
    | Ping
    | IntentDone
)


# ---------------------------------------------------------------- window to broker


class Pong(_Message, frozen=True, kw_only=True, tag="pong"):
    """The window's thread is alive."""

    n: int


class Decide(_Message, frozen=True, kw_only=True, tag="decide"):
    """An answer to exactly the request and digest that was on screen."""

    n: int
    id: str
    digest: str
    allow: bool
    message: str = ""
    prompt_hash: str = ""
    shown_ms: int = 0
    after_arming_ms: int | None = None
    """Since the arming time ran out; None where it had not."""
    accessibility: bool = False
    tier: Tier | None = None
    labels: str | None = None
    """Letters that a review gives the tool; None leaves its labels as they are."""
    hide: bool = False
    pin: str = ""
    said: str = ""
    """What stood over the field of a review's PIN: the words that it was typed for."""
    second: bool = False
    """The PIN is the second person's."""
    named: bool = False
    """The tool's name was typed, because the call takes it."""
    dialog: bool = False
    """Have the system's own dialog ask, in place of the PIN."""

    def __repr__(self) -> str:
        """Keep the PIN out of logs and tracebacks."""
        return f"Decide(id={self.id!r}, allow={self.allow})"


class StopAll(_Message, frozen=True, kw_only=True, tag="stop"):
    """Engage the stop, or have it go further."""

    n: int
    trigger: str
    level: int = 1
    """A `StopLevel`."""


class Resume(_Message, frozen=True, kw_only=True, tag="resume"):
    """End the stop, after the review list was gone through."""

    n: int
    looked_at: tuple[str, ...]
    careful: bool


class SaveRule(_Message, frozen=True, kw_only=True, tag="save_rule"):
    """Add or replace a rule."""

    n: int
    data: str
    request: str = ""
    """The card that it is saved from, where the approval is only to be remembered for a while."""
    digest: str = ""
    """Of that card."""
    seconds: float | None = None
    """How long it is remembered; None for as long as the session may."""


class RemoveRule(_Message, frozen=True, kw_only=True, tag="remove_rule"):
    """Remove a rule."""

    n: int
    id: str


class UseRules(_Message, frozen=True, kw_only=True, tag="use_rules"):
    """Turn the rules on again after a careful resume."""

    n: int


class SetPosture(_Message, frozen=True, kw_only=True, tag="posture"):
    """Choose the built-in rule."""

    n: int
    posture: str


class PutServer(_Message, frozen=True, kw_only=True, tag="put_server"):
    """Add a server, or confirm one that the command line proposed."""

    n: int
    name: str
    command: tuple[str, ...] = ()
    env: dict[str, str] = {}
    url: str = ""
    """Of a remote server, which has no command and no `env`."""
    transport: str = "http"
    headers: dict[str, str] = {}
    environment: str = ""


class RemoveServer(_Message, frozen=True, kw_only=True, tag="remove_server"):
    """Remove a server; its pins stay."""

    n: int
    name: str


class KeepServer(_Message, frozen=True, kw_only=True, tag="keep_server"):
    """Drop a removal that the command line proposed."""

    n: int
    name: str


class ReviewServer(_Message, frozen=True, kw_only=True, tag="review_server"):
    """Start a server without an agent, to see and review its tools."""

    n: int
    name: str


class SignIn(_Message, frozen=True, kw_only=True, tag="sign_in"):
    """Show the page on which to sign in to a server."""

    n: int
    name: str


class SignOut(_Message, frozen=True, kw_only=True, tag="sign_out"):
    """Forget the tokens for a server."""

    n: int
    name: str


class SetTier(_Message, frozen=True, kw_only=True, tag="set_tier"):
    """Confirm or take back what a tool's tier and labels are."""

    n: int
    server: str
    tool: str
    launch_hash: str
    """With `def_hash`: of the pin that was on screen. No other one of that name is changed."""
    def_hash: str
    tier: Tier | None
    labels: str
    hidden: bool | None = None
    """Remove the pinned tool from agents, or show it to them again; None leaves it as it is."""


class PutCredential(_Message, frozen=True, kw_only=True, tag="put_credential"):
    """Store a secret in the OS keychain."""

    n: int
    server: str
    name: str
    value: str

    def __repr__(self) -> str:
        """Keep the value out of logs and tracebacks."""
        return f"PutCredential(server={self.server!r}, name={self.name!r})"


class SettleCredential(_Message, frozen=True, kw_only=True, tag="settle_credential"):
    """Accept or drop a value that the command line proposed."""

    n: int
    server: str
    name: str
    accept: bool


class RemoveCredential(_Message, frozen=True, kw_only=True, tag="remove_credential"):
    """Remove a secret from the OS keychain."""

    n: int
    server: str
    name: str


class PutSetting(_Message, frozen=True, kw_only=True, tag="put_setting"):
    """Change a setting of the window."""

    n: int
    name: str
    value: str


class Quit(_Message, frozen=True, kw_only=True, tag="quit"):
    """End the broker; agents are refused until it runs again."""

    n: int


Intent = (
    StopAll
    | Resume
    | SaveRule
    | RemoveRule
    | RuleRemoval
    | ProposalIntent
    | UseRules
    | SetPosture
    | PutServer
    | RemoveServer
    | KeepServer
    | ReviewServer
    | SignIn
    | SignOut
    | SetTier
    | AgentIntent
    | PutCredential
    | SettleCredential
    | RemoveCredential
    | PutSetting
    | PinIntent
    | SetEnvironment
    | SetReach
    | SetControls
    | SightIntent
    | AccessIntent
    | PracticeIntent
    | Quit
)
FromWindow = Pong | Decide | WithPin | EditCall | OfWindow | Intent

_encode = msgspec.json.Encoder().encode
_to_window = msgspec.json.Decoder[ToWindow](ToWindow)
_from_window = msgspec.json.Decoder[FromWindow](FromWindow)


def encode_line(message: ToWindow | FromWindow) -> bytes:
    """Encode one message as a line, newline included."""
    return _encode(message) + b"\n"


def decode_to_window(line: bytes) -> ToWindow | None:
    """Decode a line from the broker; None for anything that is no such message."""
    try:
        return _to_window.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def decode_from_window(line: bytes) -> FromWindow | None:
    """Decode a line from the window; None for anything that is no such message, which is no."""
    try:
        return _from_window.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
