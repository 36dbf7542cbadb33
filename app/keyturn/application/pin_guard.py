"""Owns which changes take a person's PIN, or two: those that let a call through without them.

The PIN is there for programs that press buttons. One that cannot answer a card must not get there
by way of a rule, of a lower tier or of a seal either.
"""

from typing import Final, get_args

from keyturn.application.access_messages import EndGrant, KeepAccess
from keyturn.application.agent_messages import (
    EnrolAgent,
    FloodChoice,
    NewTask,
    ReviewChanges,
    RevokeAgent,
    SetAgentHttp,
    SettleFlood,
)
from keyturn.application.agreements import Agreements
from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.approvals import Approvals
from keyturn.application.console_protocol import (
    Intent,
    KeepServer,
    PutCredential,
    PutServer,
    PutSetting,
    Quit,
    RemoveCredential,
    RemoveRule,
    RemoveServer,
    Resume,
    ReviewServer,
    SaveRule,
    SetPosture,
    SetTier,
    SettleCredential,
    SignIn,
    SignOut,
    StopAll,
    UseRules,
)
from keyturn.application.environment_messages import SetEnvironment, SetReach
from keyturn.application.pin_messages import (
    MarkTwoPersons,
    RemoveSecond,
    SetPin,
    SetSecond,
    SettleSeals,
    UnlockSeals,
)
from keyturn.application.ports.seals import DECIDING
from keyturn.application.practice_messages import PracticeIntent
from keyturn.application.proposed_rules import ProposalIntent
from keyturn.application.registry import Registry
from keyturn.application.result_controls import ControlsOfTools
from keyturn.application.result_messages import SetControls
from keyturn.application.review_guard import Covers, ReviewGuard, labels_in
from keyturn.application.rule_removals import RemoveRules, RestoreRules, RuleRemoval
from keyturn.application.rulebook import RuleBook
from keyturn.application.sight_intents import (
    EndProfile,
    PutProfile,
    RemoveProfile,
    SetProfilesOnly,
    SetSight,
    SwitchProfile,
)
from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.definition import Pin
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.pattern import name_matches
from keyturn.domain.result_controls import loosens
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_data import rule_from_data, says_the_same
from keyturn.domain.tier import Tier

_MISSED = DECIDING | {"sights", "agents"}
"""Tables of which a row that is left out may let calls through: what it hid, or its label."""
_TIGHTENS = {FloodChoice.PAUSE, FloodChoice.DENY_AND_PAUSE}
"""What is chosen of an agent that asks too much, and lets nothing of it through."""
_LetsNothingThrough = (
    StopAll
    | SetPosture
    | ProposalIntent
    | KeepServer
    | ReviewServer
    | SignIn
    | SignOut
    | RevokeAgent
    | PutCredential
    | SettleCredential
    | RemoveCredential
    | PutSetting
    | MarkTwoPersons
    | UnlockSeals
    | KeepAccess
    | EndGrant
    | PracticeIntent
    | Quit
)
_AsksItself = SetPin | SetSecond | RemoveSecond
TAKES_PIN: Final = frozenset(get_args(Intent)) - frozenset(get_args(_LetsNothingThrough))
"""Kinds of intents that take the PIN, or may: what the lists of them are held against."""


class PinGuard:
    """Looks at what an intent would change; it changes nothing."""

    def __init__(
        self,
        *,
        covers: Covers,
        approvals: Approvals,
        rules: RuleBook,
        agreements: Agreements,
        registry: Registry,
        controls: ControlsOfTools,
    ) -> None:
        self._covers = covers
        self._approvals = approvals
        self._rules = rules
        self._agreements = agreements
        self._registry = registry
        self._controls = controls
        self._reviews = ReviewGuard(covers=covers, agreements=agreements)

    def wants_pin(self, intent: Intent) -> bool:
        """Tell whether an intent is carried out with the PIN only."""
        match intent:
            case SaveRule():
                return self._saves(intent)
            case RemoveRule() | RemoveRules() | RestoreRules():
                return self._covers(Tier.T2) and any(self._loosening(intent))
            case SetTier():
                return self._lowers(intent)
            case PutServer():
                before = self._server(intent.name)
                calmer = before is not None and before.environment != intent.environment
                return self._covers(Tier.T2) and calmer
            case RemoveServer():
                # One of this name that is added anew has its pins and tiers, and no label.
                before = self._server(intent.name)
                return self._covers(Tier.T2) and before is not None and _is_labelled(before)
            case SettleSeals():
                looser = intent.accept or intent.table in _MISSED
                return self._covers(Tier.T3) and looser
            case SetControls():
                return self._covers(Tier.T2) and self._controls_less(intent)
            case SetReach() | SetAgentHttp() | SettleFlood():
                return self._covers(Tier.T2) and _opens(intent)
            case (
                SetEnvironment() | EnrolAgent() | ReviewChanges() | NewTask() | Resume()
                | UseRules()
                | SetSight() | SetProfilesOnly() | SwitchProfile()
                | EndProfile() | PutProfile() | RemoveProfile()
            ):  # fmt: skip
                return self._covers(Tier.T2)
            case _:
                return _asks_itself(intent)

    def wants_both(self, intent: Intent) -> bool:
        """Tell whether an intent is carried out with the PINs of two persons only.

        Marks are sealed with the pins: once another program changed these, nobody knows them.
        """
        match intent:
            case MarkTwoPersons(on=False):
                pins = self._agreements.named(intent.server, intent.tool)
                return any(pin.two_persons for pin in pins)
            case SetControls():
                pins = self._agreements.named(intent.server, intent.tool)
                return any(pin.two_persons for pin in pins) and self._controls_less(intent)
            case SetTier():
                pin = self._pin(intent)
                return pin is not None and pin.two_persons and self._loosens(pin, intent)
            case SaveRule() if intent.request:
                request = self._waiting(intent.request)
                return request is not None and request.two_persons
            case SaveRule():
                rule = rule_of(intent.data)
                before = self._rule(rule.id)
                touched = [rule] if before is None else [rule, before]
                return not self._tightens(rule) and any(map(self._is_of_two, touched))
            case RemoveRule() | RemoveRules() | RestoreRules():
                return any(self._is_of_two(rule) for rule in self._loosening(intent))
            case SettleSeals(table="pins"):
                return self._approvals.somebody_second()
            case _:
                return False

    def _saves(self, intent: SaveRule) -> bool:
        if intent.request:
            request = self._waiting(intent.request)
            return request is not None and self._covers(request.tier)
        return self._covers(Tier.T2) and not self._tightens(rule_of(intent.data))

    def _controls_less(self, intent: SetControls) -> bool:
        return loosens(self._controls.of(intent.server, intent.tool), intent.controls)

    def _waiting(self, request_id: str) -> ApprovalRequest | None:
        waiting = (one.request for one in self._approvals.waiting())
        return next((request for request in waiting if request.id == request_id), None)

    def _server(self, name: str) -> ServerConfig | None:
        return next((server for server in self._registry.servers if server.name == name), None)

    def _rule(self, rule_id: str) -> Rule | None:
        return next((rule for rule in self._rules.rules if rule.id == rule_id), None)

    def _loosening(self, intent: RemoveRule | RuleRemoval) -> tuple[Rule, ...]:
        """Return the rules by whose removal, or return, more is let through."""
        if isinstance(intent, RestoreRules):
            back = self._rules.removed.named(intent.ids)
            return tuple(rule for rule in back if not self._tightens(rule))
        ids = {intent.id} if isinstance(intent, RemoveRule) else set(intent.ids)
        gone = (rule for rule in self._rules.rules if rule.id in ids)
        return tuple(rule for rule in gone if rule.effect is not Effect.ALLOW)

    def _tightens(self, rule: Rule) -> bool:
        """Tell whether a rule lets nothing through that was not let through before it."""
        before = self._rule(rule.id)
        if before is not None and says_the_same(before, rule):
            return True
        if before is not None and before.effect is not Effect.ALLOW:
            return False
        return rule.effect is not Effect.ALLOW or not rule.enabled

    def _is_of_two(self, rule: Rule) -> bool:
        """Tell whether a rule is about calls of a tool that takes two persons."""
        marked = (pin for pin in self._agreements.pins() if pin.two_persons)
        return rule.kind is Kind.CALL and any(
            name_matches(rule.server, pin.server) and name_matches(rule.tool, pin.definition.name)
            for pin in marked
        )

    def _lowers(self, intent: SetTier) -> bool:
        pin = self._pin(intent)
        return pin is not None and self._reviews.covers(pin.tier) and self._loosens(pin, intent)

    def _loosens(self, pin: Pin, intent: SetTier) -> bool:
        lost = pin.labels & ~labels_in(intent.labels)
        shown_again = pin.hidden and intent.hidden is False
        return shown_again or self._reviews.lowers(pin.tier, intent.tier, lost)

    def _pin(self, intent: SetTier) -> Pin | None:
        asked = (intent.server, intent.launch_hash, intent.tool)
        pins = self._agreements.named(intent.server, intent.tool)
        return next(
            (p for p in pins if (p.server, p.launch_hash, p.definition.name) == asked), None
        )


def rule_of(data: str) -> Rule:
    """Read a rule as the window sends it; raises ConfigurationError for what is none."""
    parsed = parse_strict(data)
    if not isinstance(parsed, Parsed) or not isinstance(parsed.value, dict):
        raise ConfigurationError("The rule cannot be read.", mend="Write it again.")
    return rule_from_data(parsed.value)


def _is_labelled(server: ServerConfig) -> bool:
    return bool(server.environment or server.credential_environments)


def _opens(intent: SetReach | SetAgentHttp | SettleFlood) -> bool:
    """Tell which way a switch is turned."""
    if isinstance(intent, SettleFlood):
        return intent.choice not in _TIGHTENS
    # Over HTTP nobody sees in which program the agent runs.
    return intent.on


def _asks_itself(_intent: _LetsNothingThrough | _AsksItself) -> bool:
    """Take what lets no call through that the PIN covers, or what asks for it by itself.

    An intent that is sorted nowhere fails the type check here.
    """
    return False
