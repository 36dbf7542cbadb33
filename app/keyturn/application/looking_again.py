"""Owns the look before a person is asked: at the server's list, at the judgement, and at an edit.

What was judged may have waited since, so that nobody is to be asked on what has changed.
"""

from keyturn.application.assessment import Assessment
from keyturn.application.call import IncomingCall, Judged, Refused
from keyturn.application.editing import as_its_own, still_goes_on
from keyturn.application.ports.upstream import Upstream
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Verdict
from keyturn.domain.tier import Tier


class LookAgain:
    """Looks at calls that go on after a wait; keeps nothing."""

    def __init__(self, assessment: Assessment, limits: Limits) -> None:
        self._assessment = assessment
        self._limits = limits

    async def look(
        self, incoming: IncomingCall, judged: Judged, upstream: Upstream
    ) -> Refused | None:
        """Refuse what was overtaken, and judge anew what a judgement rests on.

        What repeats an edit that stands no longer is judged as what its agent asked.
        """
        await self.look_at_the_tools(judged, upstream)
        refusal = await self._assessment.look_again(incoming, judged)
        if refusal is not None or still_goes_on(judged, incoming.connection.session.continuations):
            return refusal
        own = as_its_own(judged)
        refusal = await self._assessment.look_into(incoming, own)
        judged.become(own)
        return refusal or await self.look(incoming, judged, upstream)

    async def look_at_the_tools(self, judged: Judged, upstream: Upstream) -> None:
        """Have a list that is not fresh made anew before a person is asked on it (T2 and T3)."""
        judgement, limits = judged.judgement, self._limits
        if judged.tier < Tier.T2 or judgement is None or judgement.verdict is Verdict.ALLOW:
            return
        if judged.call.is_of_tool:
            await upstream.look_again(
                older_than=limits.listing_seconds, at_most=limits.look_seconds
            )
