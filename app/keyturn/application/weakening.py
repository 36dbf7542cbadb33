"""Writes down each weakening of protection as one, before it holds: history shows these by a row.

What a change is has a record of its own beside it, with all that it changed. Rules that allow are
no weakening: they are what protection is made of, and the rules' page shows each one.
"""

from collections.abc import Awaitable, Callable, Collection

from keyturn.application.agent_messages import SetAgentHttp
from keyturn.application.agreements import Agreements
from keyturn.application.console_protocol import (
    Intent,
    PutServer,
    RemoveRule,
    RemoveServer,
    SaveRule,
    SetPosture,
    SetTier,
)
from keyturn.application.environment_messages import SetEnvironment, SetReach
from keyturn.application.intent_checks import labels_of
from keyturn.application.pin_guard import PinGuard, rule_of
from keyturn.application.pin_messages import MarkTwoPersons, RemoveSecond, SetPin, SettleSeals
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.registry import Registry
from keyturn.application.result_messages import SetControls
from keyturn.application.rule_removals import RemoveRules
from keyturn.application.rulebook import RuleBook
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Actor
from keyturn.domain.environment import Reach
from keyturn.domain.pin import PinUse
from keyturn.domain.policy import Posture
from keyturn.domain.record import NOT_WEAKENED, WEAKENED, Entry, RecordType
from keyturn.domain.rule import Effect, Rule

_USES = {use.value: place for place, use in enumerate((PinUse.NEVER, PinUse.T3, PinUse.T2_T3))}
_LONGEST = 200
"""Characters of a name that is noted."""


class Weakening:
    """Looks at an intent before it is carried out; it changes nothing but the log."""

    def __init__(
        self,
        *,
        guard: PinGuard,
        rules: RuleBook,
        registry: Registry,
        agreements: Agreements,
        reach: Callable[[], Collection[Reach]],
        pin_use: Callable[[], str],
        by_dialog: Callable[[], bool] = lambda: False,
        log: DecisionLog,
    ) -> None:
        """`guard` is one that covers every tier; `reach` says which environments may cross."""
        self._guard, self._rules, self._registry = guard, rules, registry
        self._agreements = agreements
        self._reach, self._pin_use, self._log = reach, pin_use, log
        self._by_dialog = by_dialog

    async def around(self, intent: Intent, do: Callable[[Intent], Awaitable[None]]) -> None:
        """Carry out an intent; a weakening that cannot be recorded is not made."""
        entry = self.of(intent)
        if entry is None:
            await do(intent)
            return
        await self._log.commit(entry)
        done = False
        try:
            await do(intent)
            done = True
        finally:
            # What failed at its end was done all the same where nothing is left to weaken.
            if not done and self.of(intent) is not None:
                self._log.note(_entry(NOT_WEAKENED, entry.details, entry.server, entry.tool))

    def of(self, intent: Intent) -> Entry | None:
        """Return the record of what an intent would weaken; None where it weakens nothing.

        Raises ConfigurationError for one that says nothing that could be carried out.
        """
        match intent:
            case SetPosture(posture=posture):
                lower = posture == Posture.ASK_WRITES.value != self._rules.posture.value
                return _entry(WEAKENED, {"what": "posture"}) if lower else None
            case SetReach(on=True):
                pair = Reach(agent=intent.agent, other=intent.other)
                details: JsonObject = {"what": "reach", "agent": pair.agent, "other": pair.other}
                return None if pair in self._reach() else _entry(WEAKENED, details)
            case SetControls() if self._guard.wants_pin(intent):
                return _of_tool("results", intent.server, intent.tool)
            case SetTier() if self._is_pinned(intent) and self._guard.wants_pin(intent):
                labels_of(intent)
                return _of_tool("tier", intent.server, intent.tool)
            case MarkTwoPersons() if self._guard.wants_both(intent):
                return _of_tool("two_persons", intent.server, intent.tool)
            case PutServer() | RemoveServer() | SetEnvironment():
                return self._of_labels(intent)
            case _:
                return self._of_persons(intent) or self._of_rules(intent)

    def _is_pinned(self, intent: SetTier) -> bool:
        """Tell whether what was on screen is what is pinned; else nothing is changed."""
        pins = self._agreements.named(intent.server, intent.tool)
        shown = (intent.launch_hash, intent.def_hash)
        return any((pin.launch_hash, pin.definition.def_hash) == shown for pin in pins)

    def _of_labels(self, intent: PutServer | RemoveServer | SetEnvironment) -> Entry | None:
        """Look at what is no longer of the environment that a person said."""
        now = "" if isinstance(intent, RemoveServer) else intent.environment
        before = self._label(intent)
        if before in ("", now):
            return None
        of_server = not (isinstance(intent, SetEnvironment) and intent.of != "server")
        details: JsonObject = {"what": "environment", "label": before, "name": intent.name}
        return _entry(WEAKENED, details, intent.name if of_server else "")

    def _of_persons(self, intent: Intent) -> Entry | None:
        """Look at PINs, at who may connect, and at what another program changed."""
        match intent:
            case SetAgentHttp(on=True):
                known = (one for one in self._registry.agents if one.name == intent.name)
                opens = any(not one.http for one in known)
                http: JsonObject = {"what": "http", "agent": intent.name}
                return _entry(WEAKENED, http) if opens else None
            case SettleSeals() if self._guard.wants_pin(intent):
                return _entry(WEAKENED, {"what": "seals", "table": intent.table})
            case RemoveSecond():
                return _entry(WEAKENED, {"what": "second"})
            case SetPin():
                lower = _USES.get(intent.use, 0) < _USES.get(self._pin_use(), 0)
                turns = intent.dialog and not self._by_dialog()
                if not lower:
                    return _entry(WEAKENED, {"what": "dialog"}) if turns else None
                what = "pin_dialog" if turns else "pin"
                return _entry(WEAKENED, {"what": what, "use": intent.use})
            case _:
                return None

    def _of_rules(self, intent: Intent) -> Entry | None:
        """Look at rules that deny or ask, where one is changed, switched off or removed."""
        match intent:
            case SaveRule() if not intent.request:
                before = self._rule(rule_of(intent.data).id)
                kept = before is None or before.effect is Effect.ALLOW
                if before is None or kept or not self._guard.wants_pin(intent):
                    return None
                return _entry(WEAKENED, {"what": "rule", "rule": before.name or before.id})
            case RemoveRule() | RemoveRules() if self._guard.wants_pin(intent):
                ids = {intent.id} if isinstance(intent, RemoveRule) else set(intent.ids)
                gone = [rule for rule in self._rules.rules if rule.id in ids]
                held = [rule for rule in gone if rule.effect is not Effect.ALLOW]
                names = ", ".join(rule.name or rule.id for rule in held)
                return _entry(WEAKENED, {"what": "rules", "n": len(held), "rule": names})
            case _:
                return None

    def _label(self, intent: PutServer | RemoveServer | SetEnvironment) -> str:
        """Return the label before, of a server, a credential, or an agent that is or was one."""
        of = intent.of if isinstance(intent, SetEnvironment) else "server"
        servers = {server.name: server for server in self._registry.servers}
        if of == "agent":
            agents = (one for one in self._registry.agents if one.name == intent.name)
            return next((one.environment for one in agents), "")
        if of == "former":
            return self._registry.former.of(intent.name)
        if isinstance(intent, SetEnvironment) and of == "credential":
            held = servers.get(intent.server)
            return held.credential_environments.get(intent.name, "") if held is not None else ""
        server = servers.get(intent.name) if of == "server" else None
        if server is None:
            return ""
        # With a server go the labels of its credentials: one added anew has none.
        gone = server.credential_environments if isinstance(intent, RemoveServer) else {}
        return ", ".join(dict.fromkeys(filter(None, (server.environment, *gone.values()))))

    def _rule(self, rule_id: str) -> Rule | None:
        return next((rule for rule in self._rules.rules if rule.id == rule_id), None)


def _of_tool(what: str, server: str, tool: str) -> Entry:
    return _entry(WEAKENED, {"what": what}, server, tool)


def _entry(outcome: str, details: JsonObject, server: str = "", tool: str = "") -> Entry:
    kept: JsonObject = {
        name: value[:_LONGEST] if isinstance(value, str) else value
        for name, value in details.items()
    }
    return Entry(
        type=RecordType.SETTING,
        server=server[:_LONGEST],
        tool=tool[:_LONGEST],
        outcome=outcome,
        actor=Actor.HUMAN,
        details=kept,
    )
