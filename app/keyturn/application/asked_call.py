"""A call that a person is asked about: judged again, and shown again, as what it rests on changes.

A card says what tier a tool has, what labels and where its server runs. When a person changes one
of these while the call waits, the card is no longer true: it is withdrawn, and the call is shown
under another id, so that an answer to the old card is an answer to nothing.
"""

from collections.abc import Callable

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.asking import call_request, denied, secrets_of, with_secrets
from keyturn.application.assessment import Assessment
from keyturn.application.call import IncomingCall, Judged, Refused, scope_of
from keyturn.application.editing import edited_from
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Outcome, Verdict
from keyturn.domain.errors import StaleApproval
from keyturn.domain.grant import GrantScope
from keyturn.domain.policy import Judgement


class AskedCall:
    """Implements `WaitingCall` for one call on its way through the gate."""

    def __init__(
        self,
        assessment: Assessment,
        incoming: IncomingCall,
        judged: Judged,
        *,
        careful: Callable[[], bool],
        now_utc: Callable[[], str],
        ticket: str,
    ) -> None:
        """`careful` tells whether the rules that allow are suspended."""
        if judged.repeats_edit:
            # To be asked about is what was judged, and what its agent asked is not.
            raise StaleApproval("The call goes on with an edit that is used up.")
        self._assessment = assessment
        self._incoming = incoming
        self._judged = judged
        self._careful = careful
        self._now_utc = now_utc
        self._ticket = ticket
        incoming.shown += 1
        self._secrets = secrets_of(judged, assessment.secrets)
        self.shown = self._request()

    @property
    def masked(self) -> bytes:
        """Its arguments without secrets, as a worker found them."""
        sealed = self._judged.call.sealed
        return sealed.masked if sealed is not None else b""

    def scope(self) -> GrantScope | None:
        """Return what an approval of it would be remembered for; None for what is no tool's."""
        return scope_of(self._incoming, self._judged)

    def judge_again(self, *, suspended: bool) -> Judgement:
        """Judge it by the rules, the tier, the labels and the lamps of now."""
        return self._assessment.judge(self._incoming, self._judged, suspended=suspended)

    def anew(self) -> ApprovalRequest | None:
        """Return the request to show instead, once the tier, labels or environment differ."""
        fresh = self._request()
        if _says(fresh) == _says(self.shown):
            return None
        return self._show_anew()

    async def edit(
        self, arguments: JsonObject, waits: Callable[[], bool]
    ) -> ApprovalRequest | Refused | None:
        """Judge it with these arguments as if it had come with them, and be that from now on."""
        edited = edited_from(self._judged, arguments)
        if edited is None:
            return Refused(outcome=Outcome.REFUSED_INVALID_ARGUMENTS)
        refusal = await self._assessment.look_into(self._incoming, edited)
        if not waits():
            return None
        # From here on there is no await, so that nothing comes between.
        refusal = refusal or self._assessment.overtaken(self._incoming, edited)
        return refusal or self._become(edited)

    def drop_edit(self) -> ApprovalRequest | None:
        """Be again what was asked: its agent stopped waiting, and repeats that and nothing else."""
        if self._judged.asked is None:
            return None
        self._judged.become(self._judged.asked)
        self._secrets = secrets_of(self._judged, self._assessment.secrets)
        self._judged.judgement = self.judge_again(suspended=self._careful())
        return self._show_anew()

    def _become(self, edited: Judged) -> ApprovalRequest | Refused:
        as_asked = edited.asked is not None and edited.digest == edited.asked.digest
        if as_asked and edited.asked is not None:
            edited = edited.asked
        careful = self._careful()
        edited.judgement = self._assessment.judge(self._incoming, edited, suspended=careful)
        if edited.judgement.verdict is Verdict.DENY:
            return denied(edited.judgement)
        self._judged.become(edited)
        self._secrets = secrets_of(edited, self._assessment.secrets)
        return self._show_anew()

    def _show_anew(self) -> ApprovalRequest:
        self._incoming.shown += 1
        self.shown = self._request()
        self._incoming.approval_id = self.shown.id
        return self.shown

    def _request(self) -> ApprovalRequest:
        request = call_request(
            self._incoming,
            self._judged,
            times=self._incoming.shown,
            created_utc=self._now_utc(),
            ticket=self._ticket,
        )
        server = self._incoming.connection.server
        return with_secrets(request, self._secrets, server.url)


def _says(request: ApprovalRequest) -> tuple[object, ...]:
    return (
        *(request.tier, request.labels, request.environment),
        *(request.named_environments, request.production, request.ran, request.two_persons),
        request.flows,
    )
