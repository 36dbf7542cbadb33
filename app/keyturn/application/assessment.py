"""Steps 1 to 4 of a call's walk: what is decided before anybody is asked.

Nothing is waited for, but for what large calls have done elsewhere. The gate walks them, and asks
`judge` again for a waiting call when the rules change.
"""

from keyturn.application.agreements import Agreements, Standing
from keyturn.application.alerts import Alerts
from keyturn.application.asking import denied
from keyturn.application.call import Basis, IncomingCall, Judged, Refused, scope_of
from keyturn.application.connection import Connection
from keyturn.application.editing import continued
from keyturn.application.environments import Environments
from keyturn.application.fitness import Fitness
from keyturn.application.flow_ledger import FlowLedger
from keyturn.application.known_secrets import KnownSecrets
from keyturn.application.ports.commands import CommandReader
from keyturn.application.ports.inspection import InputCheck, SchemaValidator
from keyturn.application.ports.payloads import LargeArguments
from keyturn.application.rulebook import RuleBook
from keyturn.application.secret_search import SecretSearch
from keyturn.application.sights import Sights
from keyturn.application.slices import Slices
from keyturn.application.stop import StopSwitch
from keyturn.domain.call import ToolCall, without_own_meta
from keyturn.domain.canonical import Malformed
from keyturn.domain.client_request import (
    CHANGES_A_TASK,
    ONLY_TELLS,
    PROMPT,
    TASK_UPDATE,
    TOOLS_CALL,
    kind_of,
    name_in,
    resources_in,
)
from keyturn.domain.command_shapes import Shaped, is_parsed, shapes_of, unparsed
from keyturn.domain.command_texts import runs_commands
from keyturn.domain.commands import tier_with
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Outcome, Verdict
from keyturn.domain.definition import ReviewState, Said, said_key, said_of
from keyturn.domain.lamps import Lamps
from keyturn.domain.origin import untrusted_paths
from keyturn.domain.policy import UNASKED, Because, Judgement
from keyturn.domain.rule import Kind, RuleSubject
from keyturn.domain.tier import Tier, effective_tier


class Assessment:
    """Steps 1 to 4: everything that is decided before anybody is asked."""

    def __init__(
        self,
        *,
        stop: StopSwitch,
        agreements: Agreements,
        sights: Sights,
        rules: RuleBook,
        known: KnownSecrets,
        validator: SchemaValidator,
        alerts: Alerts,
        limits: Limits,
        environments: Environments,
        flows: FlowLedger,
        large: LargeArguments | None = None,
        commands: CommandReader | None = None,
        check: InputCheck | None = None,
        secrets: SecretSearch | None = None,
    ) -> None:
        """Without `large`, large arguments are validated like all others.

        Without `commands` nothing is understood of those; without `check` no typed text is read.
        """
        self._stop = stop
        self._agreements = agreements
        self._sights = sights
        self._rules = rules
        self._environments = environments
        self._commands, self.secrets = commands, secrets
        self._flows = flows
        self._fitness = Fitness(
            known=known, validator=validator, alerts=alerts, limits=limits, large=large, check=check
        )

    async def assess(self, incoming: IncomingCall) -> tuple[Judged | None, Refused | None]:
        """Walk steps 1 to 4; a refusal comes with what was found out until then.

        Waited for is only what is done elsewhere: for a large call, and for commands.
        """
        judged = self.identify(incoming)
        if isinstance(judged, Refused):
            return None, judged
        return judged, await self.look_into(incoming, judged)

    async def look_into(self, incoming: IncomingCall, judged: Judged) -> Refused | None:
        """Walk steps 2 to 4 of what is identified; a DENY is returned as its refusal."""
        turn = Slices()
        if judged.call.sealed is not None:
            refusal = await self._fitness.refusal_of_large(incoming, judged)
        else:
            refusal = self._fitness.refusal(incoming, judged)
        refusal = refusal or await self._fitness.refusal_of_typed(judged)
        if refusal is not None:
            return refusal
        await self._understand(incoming, judged)
        judged.digest = judged.digest or judged.call.digest(judged.canonical_arguments)
        return await self._judge(incoming, judged, turn if judged.apart else Slices())

    async def _understand(self, incoming: IncomingCall, judged: Judged) -> None:
        """Find out once what the commands among the arguments do.

        Later calls of the connection may go on meanwhile: MCP promises no order between requests
        that are under way together, and a client that needs one waits for the answer.
        """
        shapes = _shapes_in(judged)
        if self._commands is None or not any(map(is_parsed, shapes)):
            judged.commands = tuple(map(unparsed, shapes))
            return
        judged.apart = True
        agent = incoming.connection.shares_as
        judged.commands = await self._commands.read(shapes, agent)

    def overtaken(self, incoming: IncomingCall, judged: Judged) -> Refused | None:
        """Refuse a call that a stop, a pause, or a change of its tool came in between of."""
        if self._stop.engaged or self._stop.count != judged.stops_seen:
            # What was under way before a stop is not carried over it by a quick resume (K7).
            self._stop.refused_one()
            return Refused(outcome=Outcome.REFUSED_PAUSED)
        if self._stop.paused(incoming.connection):
            return Refused(outcome=Outcome.REFUSED_PAUSED)
        call = judged.call
        if not self._sights.shows(incoming.connection, call.method, call.tool, call.params):
            return Refused(outcome=Outcome.REFUSED_HIDDEN)
        key = _pinned_as(call.method, call.tool)
        if not key:
            return None
        return _refused_now(self._agreements.standing(incoming.connection, key), call)

    async def look_again(self, incoming: IncomingCall, judged: Judged) -> Refused | None:
        """After a wait: refuse what was overtaken, judge anew what the judgement rests on."""
        refusal = self.overtaken(incoming, judged)
        self._weigh(incoming, judged)
        if refusal is not None or judged.basis == self._basis(incoming, judged):
            return refusal
        # The trace of a large call may take several turns of the loop.
        return await self._judge(incoming, judged, Slices()) or self.overtaken(incoming, judged)

    def last_look(self, incoming: IncomingCall, judged: Judged) -> Refused | None:
        """Refuse a decided call that something came in between of, before it is written."""
        return self.overtaken(incoming, judged) or self._outgrown(incoming, judged)

    def _outgrown(self, incoming: IncomingCall, judged: Judged) -> Refused | None:
        """Refuse a decided call that reaches further by now: a higher tier, labels, a crossing.

        What was decided was a call that reached less far.
        """
        tier, standing, flows = judged.tier, judged.standing, judged.flows
        self._weigh(incoming, judged)
        if judged.tier > tier or judged.standing.reaches_beyond(standing):
            return Refused(outcome=Outcome.REFUSED_UNREVIEWED)
        if judged.sends_secret and not judged.flows.within(flows):
            return Refused(outcome=Outcome.REFUSED_UNREVIEWED)
        crosses = judged.found.crossing is not None
        return Refused(outcome=Outcome.DENIED_RULE) if crosses else None

    def _basis(self, incoming: IncomingCall, judged: Judged) -> Basis:
        """Return what a judgement rests on beside the call itself, once that was weighed."""
        session = incoming.connection.session
        return (
            self._rules.hash,
            self._rules.grants.changes,
            self._rules.posture,
            self._stop.careful,
            session.lamps,
            session.results_in_reach,
            judged.tier,
            judged.standing.labels,
            judged.standing.two_persons,
            judged.found,
            judged.ran,
            judged.flows,
        )

    def _weigh(self, incoming: IncomingCall, judged: Judged) -> None:
        """Look up what a person confirmed of the tool, and where the call goes, as it is now."""
        connection = incoming.connection
        judged.look(self._environments, connection)
        if judged.call.is_of_tool:
            judged.standing = self._agreements.standing(connection, judged.call.tool)
        tier = effective_tier(
            judged.standing.tier,
            environment_raises=judged.found.may_be_production,
            arguments_bytes=len(judged.canonical_arguments),
        )
        judged.ran = connection.session.written_before(judged.runs, judged.number)
        judged.tier = tier_with(tier, judged.commands, runs_written=bool(judged.ran))
        judged.look_for_secrets(self._flows)

    # 1 ---------------------------------------------------------------- identify

    def identify(self, incoming: IncomingCall) -> Judged | Refused:
        """Find out who asks for what, and whether a person's pin covers it."""
        connection = incoming.connection
        if self._stop.engaged or incoming.stops_seen not in (None, self._stop.count):
            # It may have waited since it came, for the list of the tools or for one like it.
            self._stop.refused_one()
            return Refused(outcome=Outcome.REFUSED_PAUSED)
        if self._stop.paused(connection):
            return Refused(outcome=Outcome.REFUSED_PAUSED)
        if isinstance(incoming.params, Malformed):
            fault = incoming.params
            outcome = Outcome.ERROR_BROKER if fault.unread else Outcome.REFUSED_MALFORMED
            return Refused(outcome=outcome, faults=(fault.reason,))
        if incoming.fault:
            return Refused(outcome=Outcome.REFUSED_MALFORMED, faults=(incoming.fault,))
        name = name_in(incoming.method, incoming.params)
        if isinstance(name, Malformed):
            return Refused(outcome=Outcome.REFUSED_MALFORMED, faults=(name.reason,))
        if not self._sights.shows(connection, incoming.method, name, incoming.params):
            # Before anything else is said of it: it may not be known that there is such a one.
            return Refused(outcome=Outcome.REFUSED_HIDDEN)
        kind = kind_of(incoming.method)
        pinned = standing = _standing_of(incoming.method)
        if key := _pinned_as(incoming.method, name):
            pinned = self._agreements.standing(connection, key)
            if pinned.refused is not None or pinned.definition is None:
                return Refused(outcome=pinned.refused or Outcome.REFUSED_UNREVIEWED)
        if kind is Kind.CALL:
            standing = pinned
        definition, session = standing.definition, connection.session
        call = ToolCall(
            agent=connection.agent,
            session=session.id,
            server=connection.server.name,
            launch_hash=connection.launch.launch_hash,
            tool=name,
            def_hash=pinned.definition.def_hash if pinned.definition is not None else "",
            params=without_own_meta(incoming.params),
            method=incoming.method,
        )
        judged = Judged(
            call=call,
            standing=standing,
            definition=definition,
            number=session.calls if kind in UNASKED else session.next_call(),
            task=session.task,
            stops_seen=self._stop.count,
        )
        # Of a large call a thread finds out whether it goes on with an edited one.
        return judged if call.sealed is not None else continued(judged, session.continuations)

    # 3, 4 -------------------------------------------------------------- trace, judge

    async def _judge(self, incoming: IncomingCall, judged: Judged, turn: Slices) -> Refused | None:
        """Find where the values came from, then judge."""
        said = "" if judged.definition is None else judged.definition.text
        session, apart = incoming.connection.session, judged.call.sealed is not None
        trace = await session.traced(judged.call.arguments, said, turn, apart=apart)
        judged.trace, judged.apart = judged.with_edit(trace), judged.apart | turn.paused
        judged.judgement = self.judge(incoming, judged, suspended=self._stop.careful)
        judged.basis = self._basis(incoming, judged)
        if judged.judgement.verdict is Verdict.DENY:
            if not judged.is_edit:
                self._rules.counted(judged.judgement)
            return denied(judged.judgement)
        return None

    def judge(self, incoming: IncomingCall, judged: Judged, *, suspended: bool) -> Judgement:
        """Judge a traced call by the rules, the tier, the labels and the lamps of now."""
        self._weigh(incoming, judged)
        connection, call = incoming.connection, judged.call
        lamps, labels = connection.session.lamps, judged.standing.labels
        if judged.trace.incomplete:
            lamps |= Lamps.U
        if judged.tier >= Tier.T2:
            labels |= Lamps.X
        if judged.found.crossing is not None:
            crossing = judged.found.crossing
            return Judgement(verdict=Verdict.DENY, because=Because.CROSSING, crossing=crossing)
        if call.method in ONLY_TELLS:
            return _judge_telling(connection, call, lamps, self._rules)
        read = Lamps.U in connection.session.lamps
        untrusted = untrusted_paths(judged.trace, untrusted_read=read)
        subject = _subject_of(connection, call, lamps, untrusted)
        scope = scope_of(incoming, judged)
        judgement = self._rules.judge(
            subject,
            tier=judged.tier,
            labels=labels,
            suspended=suspended,
            scope=scope,
            count=judged.touches,
        )
        continuations = connection.session.continuations
        if judgement.verdict is not Verdict.DENY and continuations.holds(call):
            return Judgement(verdict=Verdict.ALLOW, because=Because.CONTINUATION)
        held = _unless_held_back(judgement, incoming, judged)
        return held if judged.asked is None else _asked_instead(held, Because.EDITED)


def _shapes_in(judged: Judged) -> tuple[Shaped, ...]:
    """Return what of a tool's call looks like commands; what the tool says of itself adds to it."""
    call, definition = judged.call, judged.definition
    if not call.is_of_tool:
        return ()
    runs = runs_commands(call.tool, "" if definition is None else definition.text)
    return shapes_of(call.arguments, runs=runs, tool=call.tool)


def _subject_of(
    connection: Connection, call: ToolCall, lamps: Lamps, untrusted: tuple[str, ...]
) -> RuleSubject:
    """Return what rules may look at."""
    return RuleSubject(
        kind=kind_of(call.method) or Kind.CALL,
        agent=call.agent,
        server=call.server,
        tool=call.tool,
        arguments=call.arguments,
        lamps=lamps,
        proven=connection.agent_enrolled,
        untrusted=untrusted,
    )


def _refused_now(standing: Standing, call: ToolCall) -> Refused | None:
    """Refuse a call whose tool may not be called as it stands now."""
    refused, definition = standing.refused, standing.definition
    if refused is None and (definition is None or definition.def_hash != call.def_hash):
        # Pinned anew meanwhile: what was allowed was a call of another definition.
        refused = Outcome.BLOCKED_DEFINITION_CHANGED
    return Refused(outcome=refused) if refused is not None else None


def _unless_held_back(judgement: Judgement, incoming: IncomingCall, judged: Judged) -> Judgement:
    """Ask about what would be allowed, where no rule may allow such a call."""
    connection, call = incoming.connection, judged.call
    if judged.task != connection.session.task:
        # A new task lets nothing through that was asked when lamps were lit.
        return _asked_instead(judgement, Because.EARLIER_TASK)
    if judged.standing.two_persons:
        return _asked_instead(judgement, Because.TWO_PERSONS)
    if judged.sends_secret:
        return _asked_instead(judgement, Because.SENDS_SECRET)
    if judged.found.differing:
        return _asked_instead(judgement, Because.ENVIRONMENT_DIFFERS)
    if judged.found.unclear:
        return _asked_instead(judgement, Because.ENVIRONMENT_UNCLEAR)
    if call.method == TASK_UPDATE and not connection.session.continuations.expects(call):
        return _asked_instead(judgement, Because.NOT_ASKED)
    known = connection.is_known
    if judgement.because is Because.BUILT_IN and (known or call.method not in CHANGES_A_TASK):
        return judgement
    if not known:
        return _asked_instead(judgement, _who_else(connection))
    return _asked_instead(judgement, Because.OTHER_PARAMS) if call.other_params() else judgement


def _asked_instead(judgement: Judgement, because: Because) -> Judgement:
    """Ask about what would be allowed."""
    allows = judgement.verdict is Verdict.ALLOW
    return Judgement(verdict=Verdict.ASK, because=because) if allows else judgement


def _judge_telling(
    connection: Connection, call: ToolCall, lamps: Lamps, rules: RuleBook
) -> Judgement:
    """Deny to be told of what may not be read; all else is judged when it is read."""
    for uri in resources_in(call.method, call.params):
        denied = rules.denies_reading(
            call.agent, call.server, uri, lamps, proven=connection.agent_enrolled
        )
        if denied is not None:
            return denied
    return Judgement(verdict=Verdict.ALLOW, because=Because.BUILT_IN)


def _pinned_as(method: str, name: str) -> str:
    """Return the name under which a person agreed to what is asked for; empty for what needs none.

    Of a prompt its text is the server's, and reaches the model like a tool's description.
    """
    if method == TOOLS_CALL:
        return name if said_of(name) is None else f"no tool: {name}"
    return said_key(Said.PROMPT, name) if method == PROMPT else ""


def _standing_of(method: str) -> Standing:
    """Return where a request stands that is of no tool: nothing is pinned, and it only reads.

    What a server says there is anybody's text.
    """
    tier = Tier.T1 if method in CHANGES_A_TASK else Tier.T0
    return Standing(state=ReviewState.PINNED, definition=None, pin=None, tier=tier, labels=Lamps.U)


def _who_else(connection: Connection) -> Because:
    return Because.PROGRAM_CHANGED if connection.agent_enrolled else Because.UNKNOWN_AGENT
