"""What a profile or a headless FILE says of servers, agents and limits, as values."""

import json
from dataclasses import dataclass, field
from enum import StrEnum

from keyturn.domain.environment import Reach
from keyturn.domain.lamps import Lamps
from keyturn.domain.pattern import is_glob, name_matches
from keyturn.domain.policy import Posture
from keyturn.domain.result_controls import ResultControls
from keyturn.domain.rule import Rule
from keyturn.domain.sight import Sight
from keyturn.domain.tier import Tier

KEYCHAIN_PREFIX = "keychain:"
"""An environment value `keychain:NAME` names a secret instead of holding one."""


class ReviewMode(StrEnum):
    """Who agrees to a server's command and to the first sight of its tools."""

    ASK = "ask"
    ACCEPT = "accept"
    """Agreed as seen; neither mode confirms a tier, and drift is refused either way."""


class CwdMode(StrEnum):
    """Where a server is started."""

    HOME = "home"
    """The person's home folder."""
    AGENT = "agent"
    """The agent's working directory; then it is part of the launch identity."""
    CONFIG = "config"
    """The folder of the headless FILE."""


class RemoteTransport(StrEnum):
    """How a remote server is asked."""

    HTTP = "http"
    """Streamable HTTP."""
    SSE = "sse"
    """HTTP+SSE, of protocol 2024-11-05."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSetting:
    """An operator's confirmation of the tools that a name or glob covers."""

    pattern: str
    tier: Tier | None
    labels: Lamps = Lamps.NONE
    controls: ResultControls | None = None
    """Of their results; None to leave all on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthConfig:
    """How a headless broker signs in to a remote server."""

    sign_in: tuple[str, ...] = ()
    """The operator's program, which is given the address where a person signs in as its last word.
    Empty: the server gives tokens for the client's own credentials."""
    client_id: str = ""
    """Of a client that the authorization server knows already; empty to register."""
    client_secret: str = ""
    """The name of its entry in the keychain."""
    client_metadata_url: str = ""
    """Where the authorization server can read who asks, instead of a registration."""
    issuer: str = ""
    """The one authorization server that may be asked; empty for the one that the server names."""
    scope: str = ""
    """What a client asks for by its own credentials."""

    def lines(self) -> tuple[str, ...]:
        """Return what an approver is shown of it."""
        said = {
            "sign_in": json.dumps(self.sign_in) if self.sign_in else "",
            "client_id": self.client_id,
            "client_secret": f"{KEYCHAIN_PREFIX}{self.client_secret}" if self.client_secret else "",
            "client_metadata_url": self.client_metadata_url,
            "issuer": self.issuer,
            "scope": self.scope,
        }
        return tuple(f"{name}={value}" for name, value in said.items() if value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """One MCP server behind Keyturn."""

    name: str
    command: tuple[str, ...]
    """Empty for a remote server."""
    url: str = ""
    """Of a remote server; empty for one that is started."""
    transport: RemoteTransport = RemoteTransport.HTTP
    """Of a remote server."""
    headers: dict[str, str] = field(default_factory=dict[str, str], hash=False)
    """What Keyturn adds to each request to a remote server: values, or `keychain:NAME`."""
    oauth: OAuthConfig | None = None
    """How to sign in to a remote server, where FILE says so."""
    env: dict[str, str] = field(default_factory=dict[str, str], hash=False)
    """Values, or `keychain:NAME`; secrets themselves are never here."""
    environment: str = ""
    """`production`, `qa` or a free name; `production` raises tiers."""
    credential_environments: dict[str, str] = field(default_factory=dict[str, str], hash=False)
    """The same of its credentials, by their names, where they have one."""
    receipt: bool = False
    review: ReviewMode = ReviewMode.ASK
    cwd: CwdMode = CwdMode.HOME
    cwd_path: str = ""
    """The folder for HOME and CONFIG; absolute. Empty: the home of who runs the broker."""
    tools: tuple[ToolSetting, ...] = ()
    confirmed: bool = True
    """False for a proposal from the command line that the window has not confirmed."""

    def credential_names(self) -> tuple[str, ...]:
        """Return the names of the secrets that the server is started or asked with."""
        signs = (self.oauth.client_secret,) if self.oauth and self.oauth.client_secret else ()
        return signs + tuple(
            value.removeprefix(KEYCHAIN_PREFIX)
            for value in (*self.env.values(), *self.headers.values())
            if _is_secret(value)
        )

    def literal_values(self) -> dict[str, str]:
        """Return the values that it is started or asked with and that are no secrets, by name."""
        values = self.headers if self.url else self.env
        return {name: value for name, value in values.items() if not _is_secret(value)}

    def env_names(self) -> tuple[str, ...]:
        """Return what an approver may see of the environment: names, and keychain references."""
        return _names(self.env)

    def header_names(self) -> tuple[str, ...]:
        """Return the same of the headers of a remote server."""
        return _names(self.headers)

    def tool_setting(self, tool: str) -> ToolSetting | None:
        """Find the setting for a tool: exact name beats glob, longer glob beats shorter."""
        covering = [s for s in self.tools if name_matches(s.pattern, tool)]
        return max(covering, key=lambda s: (not is_glob(s.pattern), len(s.pattern)), default=None)


def _is_secret(value: str) -> bool:
    return value.startswith(KEYCHAIN_PREFIX)


def _names(values: dict[str, str]) -> tuple[str, ...]:
    return tuple(
        f"{name}={value}" if _is_secret(value) else name for name, value in sorted(values.items())
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig:
    """One enrolled agent."""

    name: str
    token_sha256: str
    """Hash of its token, hexadecimal; the token itself is in a 0600 file of the agent's."""
    executable: str = ""
    """Executable of its host process at enrolment; empty when not known."""
    executable_sha256: str = ""
    """Of that file's bytes; empty when not known."""
    enrolled_at: str = ""
    confirmed: bool = True
    http: bool = False
    """It may connect over HTTP too; its token is then good there."""
    environment: str = ""
    """Where it works; then it reaches no other one."""

    def runs_in(self, executable: str, sha256: str) -> bool:
        """Tell whether a program is the one that it was enrolled in, as far as that is known."""
        if not self.executable:
            return True
        known = self.executable_sha256
        return executable == self.executable and (not known or sha256 == known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Numbers of architecture.md section 7."""

    hold_seconds: float = 50.0
    rounds: int = 8
    """How often a client is had to ask again while its call waits. The SDKs' clients give up after
    ten times, and the server may want some of them."""
    round_gap_seconds: float = 10.0
    """How long a client may take to ask again before it counts as gone."""
    review_seconds: float = 8.0
    """Longest wait of a handshake or list for a person."""
    queue: int = 500
    queue_per_agent: int = 200
    queue_bytes: int = 256 * 1024 * 1024
    """Of the texts of all calls that wait, detached ones with them."""
    queue_bytes_per_agent: int = 64 * 1024 * 1024
    detached: int = 500
    detached_per_agent: int = 100
    detached_seconds: float = 24 * 3600.0
    retry_grant_seconds: float = 600.0
    silent_denial_seconds: float = 600.0
    """How long identical repeats are denied unasked of a call that was denied after its agent had
    stopped waiting."""
    late_seconds: float = 600.0
    """How long the result of a call whose requester left is kept for one identical retry."""
    late_bytes: int = 64 * 1024 * 1024
    late_bytes_per_agent: int = 16 * 1024 * 1024
    listing_seconds: float = 30.0
    """Oldest list of tools on which a person is asked about a call of T2 or T3."""
    look_seconds: float = 3.0
    """Longest wait for a newer one."""
    connections: int = 200
    arguments_bytes: int = 8 * 1024 * 1024
    frame_bytes: int = 64 * 1024 * 1024
    result_bytes: int = 8 * 1024 * 1024
    result_tokens_per_session: int = 0
    """Of all results of one session, estimated; 0 for any number."""
    result_tokens_per_day: int = 0
    """Of all results of one agent since midnight (UTC)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyConfig:
    """Posture and rules as configured."""

    posture: Posture = Posture.ASK_ALL
    rules: tuple[Rule, ...] = ()
    reach: tuple[Reach, ...] = ()
    """Pairs of environments that may cross."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadlessConfig:
    """A headless FILE, read once and never again."""

    policy: PolicyConfig
    servers: tuple[ServerConfig, ...]
    agents: tuple[AgentConfig, ...]
    sights: tuple[Sight, ...]
    """What those of them see that carry a list."""
    limits: Limits
    approver_command: tuple[str, ...]
    folder: str
    """FILE's own folder: programs that it names start there."""
    file_sha256: str
