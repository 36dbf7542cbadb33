"""Step 2 of a call's walk: its arguments held against the size limits and the pinned schema."""

import asyncio
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from keyturn.application.alerts import Alert, AlertKind, Alerts
from keyturn.application.call import IncomingCall, Judged, Refused
from keyturn.application.continuations import RESPONSES
from keyturn.application.editing import hash_large
from keyturn.application.known_secrets import HOLDS_A_CREDENTIAL, KnownSecrets
from keyturn.application.ports.inspection import InputCheck, SchemaFault, SchemaValidator
from keyturn.application.ports.payloads import LargeArguments, NotInspected
from keyturn.application.typed_faults import fault_in
from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.client_request import LISTEN, LONGEST_NAME, PROMPT
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Outcome
from keyturn.domain.json_texts import texts_of
from keyturn.domain.sealed import SealedParams
from keyturn.domain.typed import InputFinding

BESIDE_BYTES = 1024 * 1024
"""Longest canonical params without the arguments: they wait in memory and are shown, too."""

_OVER = Refused(
    outcome=Outcome.REFUSED_INVALID_ARGUMENTS,
    faults=(f"what stands beside the arguments is over {BESIDE_BYTES} bytes",),
)


class Fitness:
    """Refuses what no person should be asked about; keeps nothing."""

    def __init__(
        self,
        *,
        known: KnownSecrets,
        validator: SchemaValidator,
        alerts: Alerts,
        limits: Limits,
        large: LargeArguments | None,
        check: InputCheck | None,
    ) -> None:
        """Without `large`, large arguments are validated like all others.

        Without `check` nobody looks at what a person typed.
        """
        self._check = check
        self._known = known
        self._validator = validator
        self._alerts = alerts
        self._limits = limits
        self._large = large

    def refusal(self, incoming: IncomingCall, judged: Judged) -> Refused | None:
        """Hold the arguments against the size limits and the pinned schema."""
        refused, definition = self._unfit_for_all(incoming, judged), judged.definition
        if refused is not None or definition is None:
            return refused
        arguments = judged.call.arguments
        return _unfit(
            self._validator.faults(definition.def_hash, definition.input_schema, arguments)
        )

    async def refusal_of_large(self, incoming: IncomingCall, judged: Judged) -> Refused | None:
        """Do the same off the loop; nothing of a large call is encoded or hashed on it."""
        sealed, continuations = judged.call.sealed, incoming.connection.session.continuations
        if sealed is not None and sealed.beside_bytes > BESIDE_BYTES:
            # Its agent may make many, so that what is over is not even hashed.
            await asyncio.to_thread(_leave_out_beside, judged, sealed)
            return _OVER
        judged.become(await asyncio.to_thread(hash_large, replace(judged), continuations))
        judged.apart = True
        refused, definition = self._unfit_for_all(incoming, judged), judged.definition
        if refused is not None or definition is None:
            return refused
        if self._large is None:
            return self.refusal(incoming, judged)
        arguments, agent = judged.canonical_arguments, incoming.connection.shares_as
        found = await self._large.faults(definition, arguments, agent)
        if isinstance(found, NotInspected):
            return Refused(outcome=Outcome.ERROR_BROKER, faults=(found.reason,))
        return _unfit(found)

    async def refusal_of_typed(self, judged: Judged) -> Refused | None:
        """Look at the arguments of a prompt and at answers in a call, which a person typed.

        Off the loop; what nothing was typed for waits for nothing.
        """
        call = judged.call
        in_prompt = call.method == PROMPT and (
            call.sealed is not None or "arguments" in call.params
        )
        if self._check is None or not (in_prompt or RESPONSES in call.params):
            return None
        judged.apart = True
        look = _prompt_text if in_prompt else _answered_text
        findings = await asyncio.to_thread(_findings_in, self._check, look, judged)
        # Which form an answer is to is not known here, and a person may have allowed one that asks.
        fault = fault_in(findings, secrets_wanted=not in_prompt)
        if not fault:
            return None
        return Refused(outcome=Outcome.REFUSED_INVALID_ARGUMENTS, faults=(fault,))

    def _unfit_for_all(self, incoming: IncomingCall, judged: Judged) -> Refused | None:
        """Refuse what no schema would make right."""
        call = judged.call
        judged.canonical_arguments = judged.call.canonical_arguments()
        if len(judged.canonical_arguments) > self._limits.arguments_bytes:
            return Refused(
                outcome=Outcome.REFUSED_INVALID_ARGUMENTS,
                faults=(f"the arguments are over {self._limits.arguments_bytes} bytes",),
            )
        names_one = not call.is_of_tool and call.method != LISTEN
        if names_one and len(call.tool) > LONGEST_NAME:
            return Refused(
                outcome=Outcome.REFUSED_INVALID_ARGUMENTS,
                faults=(f"what is named is over {LONGEST_NAME} characters",),
            )
        if _bytes_beside(call) > BESIDE_BYTES:
            return _OVER
        if _answers_with_a_secret(incoming, call, self._known):
            judged.call = _without_answers(call)
            self._alerts.happened(Alert(AlertKind.CREDENTIAL_KEPT_BACK, call.server))
            return Refused(outcome=Outcome.REFUSED_INVALID_ARGUMENTS, faults=(HOLDS_A_CREDENTIAL,))
        return None


def _unfit(faults: list[SchemaFault]) -> Refused | None:
    if not faults:
        return None
    return Refused(
        outcome=Outcome.REFUSED_INVALID_ARGUMENTS,
        faults=tuple(f"{fault.path or 'arguments'}: {fault.message}" for fault in faults),
    )


def _findings_in(
    check: InputCheck, look: Callable[[Judged], str], judged: Judged
) -> tuple[InputFinding, ...]:
    return check.findings(look(judged))


def _prompt_text(judged: Judged) -> str:
    """Return what stands in a prompt's arguments, of a large one with the prompt's name."""
    call = judged.call
    if call.sealed is not None:
        return "\n".join(texts_of(msgspec.json.decode(judged.canonical_arguments)))
    return "\n".join(texts_of(call.params["arguments"]))


def _answered_text(judged: Judged) -> str:
    """Return what stands in answers to forms, which are told by their `action` (MCP, elicitation).

    A model's answer and a list of folders are answers too, and nobody typed them.
    """
    answers = judged.call.params[RESPONSES]
    forms = answers.values() if isinstance(answers, dict) else ()
    return "\n".join(
        text
        for answer in forms
        if isinstance(answer, dict) and "action" in answer
        for text in texts_of(answer)
    )


def _bytes_beside(call: ToolCall) -> int:
    if call.sealed is not None:
        return call.sealed.beside_bytes
    shown = {"arguments"} if call.is_of_tool else call.arguments.keys()
    beside: JsonObject = {k: v for k, v in call.params.items() if k not in shown}
    return len(canonical(beside))


def _leave_out_beside(judged: Judged, sealed: SealedParams) -> None:
    """Make a large call what is recorded of it: the tool and its arguments."""
    judged.canonical_arguments = sealed.arguments
    judged.call = judged.call.with_params(sealed.only("name", "arguments"))
    judged.digest = judged.call.digest()


def _without_answers(call: ToolCall) -> ToolCall:
    """Return what is recorded of a call that is refused for one of its answers."""
    rest: JsonObject = {k: v for k, v in call.params.items() if k != RESPONSES}
    return call.with_params(rest if call.sealed is None else call.sealed.without(RESPONSES))


def _answers_with_a_secret(incoming: IncomingCall, call: ToolCall, known: KnownSecrets) -> bool:
    """Tell whether an answer to what the server asked for is a stored credential."""
    answers = call.params.get(RESPONSES)
    # A state is used up by the call that goes on with it.
    freely = not incoming.connection.session.continuations.holds(call)
    return answers is not None and known.held_in(answers, freely=freely)
