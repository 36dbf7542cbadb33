"""What waits for a person, and what a person answers: the values that cross the approver port."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from keyturn.domain.client_request import TOOLS_CALL
from keyturn.domain.commands import Command
from keyturn.domain.destinations import Destination
from keyturn.domain.environment import Named
from keyturn.domain.finding import Finding
from keyturn.domain.flow import NO_FLOWS, Flows
from keyturn.domain.origin import Trace
from keyturn.domain.secret_places import NO_SECRETS, Secrets
from keyturn.domain.step_up import Takes, Weighed
from keyturn.domain.tier import Tier
from keyturn.domain.touches import ONE, Touches
from keyturn.domain.written_files import RunsWritten

BECAUSE_SIGNS = "result_signs"
"""Why a person is asked about a result: it reads like an order to the model."""
BECAUSE_PRACTICE = "practice"
"""Why a person is asked: they wanted to try the window. Nothing of such a call is ever sent."""
PRACTICE_AGENT = "practice agent"
PRACTICE_SERVER = "practice server"
"""No agent and no server can have such a name: it holds a space."""


class RequestKind(StrEnum):
    """What is asked about (architecture.md section 2, "Approver protocol")."""

    COMMAND = "command"
    DEFINITION = "definition"
    CHANGE = "change"
    CALL = "call"
    INPUT = "input"
    RESULT = "result"
    AGENT = "agent"
    """Enrolment of an agent; only the window answers it."""


class AnswerVerdict(StrEnum):
    """What an approver can say; anything else is no."""

    ALLOW_ONCE = "allow_once"
    DENY = "deny"


class WithdrawCause(StrEnum):
    """Why an answer can no longer have any effect."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"
    STOPPED = "stopped"
    DRIFT = "drift"
    DECIDED_BY_RULE = "decided_by_rule"
    ASKED_ANEW = "asked_anew"
    """Shown again under another id, because what was shown of the tool no longer holds."""
    RETRIED = "retried"
    """Its agent had stopped waiting and made the identical call again, which is asked about now."""
    DECIDED = "decided"
    """Answered; sent to the window only, so that every view agrees."""


class Route(StrEnum):
    """By which approver an answer came."""

    WINDOW = "window"
    ACCESSIBILITY = "accessibility"
    TERMINAL = "terminal"
    EXEC = "exec"
    NOTIFICATION = "notification"


class EarlierCall(msgspec.Struct, frozen=True, kw_only=True):
    """One of the calls before this one."""

    server: str
    tool: str
    outcome: str
    number: int
    method: str = TOOLS_CALL


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBy:
    """Who asks: what is claimed and what was observed, kept apart."""

    client_name: str = ""
    """Claimed."""
    client_version: str = ""
    """Claimed."""
    agent_enrolled: bool = True
    program_changed: bool = False
    host_pid: int = 0
    host_name: str = ""
    host_executable: str = ""
    parents: tuple[str, ...] = ()
    """Names of the processes above the host, nearest first."""
    workspace: str = ""
    transport: str = "stdio"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFor:
    """What an agent asked for, of a call whose arguments a person changed."""

    arguments: str
    """Canonical JSON."""
    digest: str
    secrets: Secrets = NO_SECRETS


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequest:
    """One thing that waits for a person; immutable, so what was shown cannot change underneath."""

    id: str
    """What an answer names; another one whenever the same thing is shown as something else."""
    kind: RequestKind
    agent: str
    session: str
    server: str
    tool: str | None
    """Of a call that is of no tool: the URI, the prompt, what is completed, or the method."""
    arguments: str
    """Canonical JSON of the subject: for a call, exactly what will be sent."""
    digest: str
    """Law 2's digest for a call; SHA-256 of `arguments` otherwise."""
    tier: Tier
    because: str
    """A `Because` word of the judge, or the review's own."""
    call: str = ""
    """Id of the call, which links its records; empty for a review."""
    rule: str = ""
    """Name or id of the rule that is named in the reason."""
    trace: Trace = Trace()
    lamps: str = ""
    """Letters of the lamps lit before this call."""
    lit_by: tuple[tuple[str, int], ...] = ()
    labels: str = ""
    """Letters of this tool's labels."""
    definition: str = ""
    """Canonical JSON of the tool's pinned definition; of a command what it would load."""
    bound_meta: str = ""
    """Canonical JSON of the bound `_meta`; empty when there is none."""
    asked_by: AskedBy = AskedBy()
    call_number: int = 0
    earlier: tuple[EarlierCall, ...] = ()
    first_use: bool = False
    first_seen: tuple[Destination, ...] = ()
    """Where it may send and no allowed call of the session has sent."""
    credentials: tuple[str, ...] = ()
    environment: str = ""
    named_environments: tuple[Named, ...] = ()
    """What among the arguments names another environment than the server's."""
    production: bool = False
    """It reaches production, by its server, a credential or an argument."""
    two_persons: bool = False
    """It is allowed by two persons together only."""
    confirmed_tier: Tier | None = None
    """What was confirmed of the tool; None where nothing was, and of what is no tool."""
    raised_by: tuple[str, ...] = ()
    """Why the call's tier is higher (`tier.CAUSES`)."""
    goes_on: bool = False
    """It goes on with what its server asked for, so that its arguments cannot be changed."""
    touches: Touches = ONE
    """How many things a call touches."""
    commands: tuple[Command, ...] = ()
    """What the commands among its arguments do."""
    ran: tuple[RunsWritten, ...] = ()
    """Which files it runs that earlier calls wrote."""
    flows: Flows = NO_FLOWS
    """What of its arguments was read as a secret before."""
    secrets: Secrets = NO_SECRETS
    """Where secrets stand in `arguments`, so that a screen can hide them."""
    meta_secrets: Secrets = NO_SECRETS
    """The same of `bound_meta`."""
    excerpt_secrets: Secrets = NO_SECRETS
    """The same of `excerpts_of` its trace: what stands beside what was found."""
    server_url: str = ""
    """Where its server is, of one at an address: what is sent goes there first."""
    pinned_at: str = ""
    created_utc: str = ""
    ticket: str = ""
    method: str = TOOLS_CALL
    """What a call asks of the server."""
    proposed_tier: Tier | None = None
    """For a definition: preselected in the review; None is "leave unconfirmed"."""
    findings: tuple[Finding, ...] = ()
    """What was noticed about a definition or a held result, the gravest first."""
    signs: tuple[int, ...] = ()
    """Numbers of the session's results before it that read like an order to the model."""
    edited: AskedFor | None = None
    """Set where a person changed the arguments: all else here is of what they made of them."""

    @property
    def asked_digest(self) -> str:
        """Of the call as its agent asked for it, which it repeats whatever a person made of it."""
        return self.digest if self.edited is None else self.edited.digest

    @property
    def weighed(self) -> Weighed:
        """What says what it takes to allow it, where it is a call."""
        enrolled = self.asked_by.agent_enrolled
        return Weighed(self.agent, enrolled, self.tier, self.two_persons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back from an approver."""

    id: str
    digest: str
    verdict: AnswerVerdict
    route: Route
    message: str = ""
    prompt_hash: str = ""
    """SHA-256 of the text that was shown."""
    shown_ms: int = 0
    after_arming_ms: int | None = None
    """Of the window: since the arming time ran out; None where it had not."""
    tier: Tier | None = None
    """Confirmed in a review; only the window and the terminal can."""
    labels: str | None = None
    """Letters that a review gives the tool; None leaves its labels as they are."""
    hide: bool = False
    """A review's "remove tool from agents"."""
    pin: bool = False
    """The person's PIN came with it, and was right; or what stands for it."""
    dialog: bool = False
    """That was the system's own dialog."""
    persons: tuple[str, ...] = ()
    """The names of both, where the PINs of two persons came with it."""
    named: bool = False
    """The tool's name was typed; only the window can see to that."""
    level: Takes = Takes.CLICK
    """What it met, as the queue found when it was applied; no approver says so."""


class AnswerEffect(StrEnum):
    """What an answer did; the approver shows it, an agent never learns it."""

    APPLIED = "applied"
    RETRY_GRANTED = "retry_granted"
    STALE = "stale"
    """The digest is not the request's."""
    OVER = "over"
    """The request has ended, or was never there."""
    PIN_WANTED = "pin_wanted"
    """It is allowed with the person's PIN only, and none came."""
    BOTH_WANTED = "both_wanted"
    """It is allowed by two persons together only."""
    NAME_WANTED = "name_wanted"
    """It is allowed with the tool's name typed only."""
    NO_WINDOW = "no_window"
    """It takes more than a click, which this approver cannot give: it is refused."""
    NOT_ALLOWED = "not_allowed"
    """This approver may not answer this request."""
