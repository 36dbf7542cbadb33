"""What a person at the window can have done: each intent of the console protocol, carried out.

Only the console pipe and the terminal approver reach this (architecture.md law 4).
"""

from collections.abc import Awaitable, Callable
from typing import assert_never

from keyturn.application.access_messages import AccessIntent
from keyturn.application.access_review import AccessReview, carry_out_access
from keyturn.application.agent_intents import carry_out_agent
from keyturn.application.agent_messages import AgentIntent
from keyturn.application.agreements import Agreements, PinShown
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
from keyturn.application.events import Observers, Topic
from keyturn.application.floods import Floods
from keyturn.application.labelling import Labelling, with_credential_labels
from keyturn.application.live import LiveConnections
from keyturn.application.new_tasks import NewTasks
from keyturn.application.pin_guard import PinGuard, rule_of
from keyturn.application.pin_messages import (
    MarkTwoPersons,
    RemoveSecond,
    SetPin,
    SetSecond,
    SettleSeals,
    UnlockSeals,
)
from keyturn.application.ports.secret_store import Secret
from keyturn.application.ports.sign_in_desk import SignInDesk
from keyturn.application.practice import Practice
from keyturn.application.practice_messages import PracticeIntent
from keyturn.application.proposed_rules import DropProposedRule, ProposeRules
from keyturn.application.registry import Registry
from keyturn.application.rejudging import judge_waiting
from keyturn.application.remembering import remember_approval
from keyturn.application.removing import remove_server, sign_out_of
from keyturn.application.result_controls import ControlsOfTools, put_controls
from keyturn.application.result_messages import SetControls
from keyturn.application.reviews import Reviews
from keyturn.application.rule_removals import RemoveRules, RestoreRules, RuleRemoval
from keyturn.application.rulebook import RuleBook
from keyturn.application.seals import Seals
from keyturn.application.sight_intents import SightIntent, carry_out_sight
from keyturn.application.sights import Sights
from keyturn.application.step_ups import StepUps
from keyturn.application.stop import StopLevel, StopSwitch
from keyturn.application.window_setting_names import OF_THE_WINDOW, longest
from keyturn.domain.configuration import CwdMode, ServerConfig
from keyturn.domain.errors import (
    BothWanted,
    ConfigurationError,
    PinWanted,
    SecretStoreUnavailable,
)
from keyturn.domain.lamps import Lamps, lamps_from_letters
from keyturn.domain.policy import Posture
from keyturn.domain.remote import names_authorization, transport_of
from keyturn.domain.tier import CONFIRMABLE

POSTURE_SETTING = "posture"


class Intents:
    """Carries out intents; each raises KeyturnError with a sentence when it cannot."""

    def __init__(
        self,
        *,
        stop: StopSwitch,
        rules: RuleBook,
        agreements: Agreements,
        reviews: Reviews,
        registry: Registry,
        sights: Sights,
        approvals: Approvals,
        live: LiveConnections,
        sign_ins: SignInDesk,
        labelling: Labelling,
        controls: ControlsOfTools,
        seals: Seals | None = None,
        access: AccessReview | None = None,
        set_pins: Callable[[SetPin | SetSecond | RemoveSecond], Awaitable[None]] | None = None,
        guard: PinGuard | None = None,
        step_ups: StepUps | None = None,
        new_tasks: NewTasks,
        floods: Floods | None = None,
        practice: Practice | None = None,
        observers: Observers,
        home: str,
        quit_broker: Callable[[], None],
    ) -> None:
        self._stop = stop
        self._rules = rules
        self._agreements = agreements
        self._reviews = reviews
        self._registry, self._sights = registry, sights
        self._approvals = approvals
        self._live, self._sign_ins = live, sign_ins
        self._labelling = labelling
        self._seals, self._access = seals, access
        self._controls, self._observers = controls, observers
        self._home, self._quit = home, quit_broker
        self._set_pins, self._guard, self._step_ups = set_pins, guard, step_ups
        self._new_tasks, self._floods = new_tasks, floods
        self._practice = practice

    async def carry_out(self, intent: Intent, *, pin: bool = False, both: bool = False) -> None:
        """Do what the person asked for; `pin`: with their PIN, `both`: with those of two persons.

        Raises PinWanted or BothWanted for what takes them and came without.
        """
        if not both and self._guard is not None and self._guard.wants_both(intent):
            raise BothWanted("It takes two persons.", mend="Type both PINs.")
        if not pin and self._guard is not None and self._guard.wants_pin(intent):
            raise PinWanted("It lets calls through that take your PIN.", mend="Type your PIN.")
        await self._do(intent)

    async def _do(self, intent: Intent) -> None:  # noqa: C901 -- one row an intent
        if isinstance(intent, SightIntent | AccessIntent | AgentIntent | PracticeIntent):
            await self._do_of_others(intent)
            return
        match intent:
            case StopAll():
                await self._stop.engage(intent.trigger, level=_level_of(intent.level))
            case Resume():
                await self._stop.resume(looked_at=intent.looked_at, careful=intent.careful)
            case UseRules():
                await self._stop.use_rules()
                self._rejudge()
            case SaveRule():
                await self._save_rule(intent)
            case RemoveRule() | RemoveRules() | RestoreRules():
                await _take_or_put_back(self._rules, intent)
                self._rejudge()
            case ProposeRules(data=data):
                self._rules.proposed.propose_text(data)
            case DropProposedRule(id=rule_id):
                self._rules.proposed.drop(rule_id)
            case SetPosture():
                await self._set_posture(intent.posture)
            case PutServer():
                await self._put_server(intent)
            case RemoveServer():
                await remove_server(self._registry, self._reviews, self._sign_ins, intent.name)
            case KeepServer():
                self._registry.drop_removal(intent.name)
            case ReviewServer():
                self._reviews.ask_again(intent.name)
                await self._live.review(intent.name)
            case SignIn():
                await self._sign_in(intent.name)
            case SignOut():
                await self._sign_ins.sign_out(_remote(self._registry, intent.name))
            case SetTier():
                await self._set_tier(intent)
            case PutCredential():
                secret = Secret(intent.value)
                await self._registry.put_credential(intent.server, intent.name, secret)
            case SettleCredential(server=server, name=name, accept=accept):
                await self._registry.settle_credential(server, name, accept=accept)
            case RemoveCredential():
                await self._registry.remove_credential(intent.server, intent.name)
            case PutSetting():
                await self._registry.put_setting(_of_the_window(intent), intent.value)
            case SetPin() | SetSecond() | RemoveSecond():
                await self._change_pins(intent)
            case SettleSeals() | UnlockSeals():
                await self._settle_seals(intent)
            case SetEnvironment() | SetReach() | MarkTwoPersons() | SetControls():
                await self._label(intent)
            case Quit():
                self._quit()
            case _:
                assert_never(intent)

    async def _do_of_others(
        self, intent: SightIntent | AccessIntent | AgentIntent | PracticeIntent
    ) -> None:
        if isinstance(intent, PracticeIntent):
            await _practise(self._practice, intent)
        elif isinstance(intent, AgentIntent):
            await carry_out_agent(
                intent, self._registry, self._sights, self._step_ups, self._new_tasks, self._floods
            )
        elif isinstance(intent, AccessIntent):
            await carry_out_access(intent, self._access, self._rules)
        else:
            await carry_out_sight(intent, self._sights)

    async def _save_rule(self, intent: SaveRule) -> None:
        rule = rule_of(intent.data)
        if intent.request:
            await remember_approval(rule, intent, self._approvals, self._rules)
        else:
            await self._rules.add(rule)
        self._rejudge()

    async def _settle_seals(self, intent: SettleSeals | UnlockSeals) -> None:
        if self._seals is None:
            raise ConfigurationError("Nothing is sealed here.")
        if isinstance(intent, UnlockSeals):
            await self._seals.unlock()
        else:
            await self._seals.settle(intent.table, intent.shown, accept=intent.accept)
        self._rejudge()

    async def _change_pins(self, intent: SetPin | SetSecond | RemoveSecond) -> None:
        if self._set_pins is None:
            raise ConfigurationError("There is no keychain here that could keep a PIN.")
        await self._set_pins(intent)

    async def _sign_in(self, name: str) -> None:
        server = _remote(self._registry, name)
        if self._stop.engaged:
            raise ConfigurationError(
                "All agents are stopped, and nothing is sent to a server.", mend="Resume first."
            )
        await self._sign_ins.sign_in(server)

    async def _set_tier(self, intent: SetTier) -> None:
        labels = _labels_of(intent)
        shown = PinShown(
            server=intent.server,
            launch_hash=intent.launch_hash,
            tool=intent.tool,
            def_hash=intent.def_hash,
        )
        if not await self._agreements.set_tier(shown, intent.tier, labels, hidden=intent.hidden):
            raise ConfigurationError(
                f"{intent.tool} is not what was on screen any more, so nothing was saved.",
                mend="Look at it as it is now, then save again.",
            )
        self._rejudge()

    async def _label(
        self, intent: SetEnvironment | SetReach | MarkTwoPersons | SetControls
    ) -> None:
        match intent:
            case SetControls():
                await put_controls(intent, self._controls, self._registry)
            case MarkTwoPersons():
                await _mark_two(self._agreements, intent)
            case SetReach():
                await self._labelling.allow(intent.agent, intent.other, on=intent.on)
            case SetEnvironment(of="agent"):
                await self._labelling.agent(intent.name, intent.environment)
            case SetEnvironment(of="former"):
                await self._labelling.former(intent.name, intent.environment)
            case SetEnvironment(of="server"):
                await self._labelling.server(intent.name, intent.environment)
            case SetEnvironment(of="credential"):
                await self._labelling.credential(intent.server, intent.name, intent.environment)
            case _:
                raise ConfigurationError("There is nothing of this kind to label.")
        self._rejudge()

    async def _set_posture(self, name: str) -> None:
        if name not in {posture.value for posture in Posture}:
            raise ConfigurationError("There is no such built-in rule.")
        posture = Posture(name)
        await self._registry.put_setting(POSTURE_SETTING, posture.value)
        self._rules.posture = posture
        self._observers.changed(Topic.RULES)
        self._rejudge()

    async def _put_server(self, intent: PutServer) -> None:
        before = next((s for s in self._registry.servers if s.name == intent.name), None)
        server = ServerConfig(
            name=intent.name,
            command=intent.command,
            url=intent.url,
            transport=transport_of(intent.transport),
            headers=intent.headers,
            env=intent.env,
            environment=intent.environment,
            cwd=CwdMode.HOME,
            cwd_path=self._home,
        )
        kept: SecretStoreUnavailable | None = None
        try:
            await self._registry.change_server(
                intent.name, lambda present: with_credential_labels(server, present)
            )
        except SecretStoreUnavailable as error:
            saved = next((s for s in self._registry.servers if s.name == intent.name), None)
            if saved is None or saved != with_credential_labels(server, saved):
                raise
            # It is saved, and the keychain kept an entry that it names no more.
            kept = error
        finally:
            self._rejudge()
        if before is not None and before.confirmed and _signs_in_no_more(before, intent):
            await self._leave(before, kept)
        if kept is not None:
            raise kept

    async def _leave(self, before: ServerConfig, kept: SecretStoreUnavailable | None) -> None:
        """Sign out where a server was asked before; it is changed whatever comes of that."""
        try:
            await sign_out_of(self._sign_ins, before)
        except SecretStoreUnavailable as error:
            what, names = "the tokens of before", f"{before.name}/oauth"
            if kept is not None:
                what, names = f"{what} and what it names no more", f"{before.name}/"
            raise SecretStoreUnavailable(
                f"{before.name} is changed, but {what} are still in the keychain.",
                cause=error.cause,
                mend=f"Remove them in the system's own keychain; their names begin with {names}.",
            ) from error

    def _rejudge(self) -> None:
        judge_waiting(self._approvals, self._rules, suspended=self._stop.careful)


async def _take_or_put_back(rules: RuleBook, intent: RemoveRule | RuleRemoval) -> None:
    match intent:
        case RemoveRule(id=rule_id):
            await rules.remove(rule_id)
        case RemoveRules(ids=ids):
            await rules.remove(*ids)
        case RestoreRules(ids=ids):
            await rules.restore(*ids)


def _remote(registry: Registry, name: str) -> ServerConfig:
    found = (server for server in registry.servers if server.name == name)
    server = next((server for server in found if server.url and server.confirmed), None)
    if server is None:
        raise ConfigurationError(f"No server named {name} is asked at an address.")
    return server


def _of_the_window(intent: PutSetting) -> str:
    """Return the name of a setting of the window; raises ConfigurationError for any other one.

    A program that presses buttons could else let calls through by the name of what decides them.
    """
    if intent.name not in OF_THE_WINDOW or len(intent.value) > longest(intent.name):
        raise ConfigurationError("That is no setting of the window, so nothing was saved.")
    return intent.name


async def _mark_two(agreements: Agreements, intent: MarkTwoPersons) -> None:
    if not await agreements.mark_two(intent.server, intent.tool, on=intent.on):
        raise ConfigurationError(f"{intent.tool} is not pinned, so nothing was saved.")


def _signs_in_no_more(before: ServerConfig, now: PutServer) -> bool:
    """Tell whether what was signed in to is not asked with tokens any more."""
    return before.url != now.url or names_authorization(now.headers)


def _level_of(number: int) -> StopLevel:
    """Return the level; a number that is none is the furthest, because a stop must not fail."""
    try:
        return StopLevel(number)
    except ValueError:
        return StopLevel.CONNECTIONS


async def _practise(practice: Practice | None, intent: PracticeIntent) -> None:
    if practice is None:
        raise ConfigurationError("There is nothing to practise here.")
    await practice.carry_out(intent)


def _labels_of(intent: SetTier) -> Lamps:
    """Return the labels that were chosen beside a tier that may be; else ConfigurationError."""
    try:
        labels = lamps_from_letters(intent.labels)
    except KeyError:
        raise ConfigurationError("A tool's labels are letters of U, P and X.") from None
    if intent.tier is not None and intent.tier not in CONFIRMABLE:
        raise ConfigurationError("T3 cannot be chosen, only left.")
    return labels
