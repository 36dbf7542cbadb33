"""Owns what it takes to allow a call: a click, the PIN, or the PINs of two persons.

Its tier and its tool's mark say so, and one step more while something around its agent changed that
nobody has looked at.
"""

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.pins import Pins
from keyturn.application.second_person import SecondPerson
from keyturn.application.step_ups import StepUps
from keyturn.domain.step_up import Takes, is_changing, takes
from keyturn.domain.tier import Tier


class CallLevels:
    """Asked at every answer, so that it holds as things are by then."""

    def __init__(self, *, pins: Pins, second: SecondPerson, step_ups: StepUps) -> None:
        self._pins = pins
        self._second = second
        self._step_ups = step_ups

    def takes(self, request: ApprovalRequest) -> Takes:
        """Return what it takes to allow a request."""
        if request.kind is not RequestKind.CALL:
            return Takes.CLICK
        return takes(
            request.tier,
            self._pins.use,
            two_persons=request.two_persons,
            raised=self._is_raised(request),
            pin=self._pins.is_set,
            second=bool(self._second.name),
        )

    def _is_raised(self, request: ApprovalRequest) -> bool:
        """Tell whether a request is of a raised agent; who proved no name may be any of them."""
        unproven = not request.asked_by.agent_enrolled and self._step_ups.anybody
        return unproven or self._step_ups.is_raised(request.agent)

    def wants_pin(self, request: ApprovalRequest) -> bool:
        """Tell whether a request is allowed with the PIN only."""
        return self.takes(request) >= Takes.PIN

    def wants_two(self, request: ApprovalRequest) -> bool:
        """Tell whether a request is allowed by two persons together only."""
        return self.takes(request) is Takes.BOTH

    def covers(self, tier: Tier) -> bool:
        """Tell whether changes that would let calls of a tier through take the PIN.

        While any agent is raised they do wherever there is one: nothing may lower it on the side.
        """
        raised = self._step_ups.anybody and self._pins.is_set
        return self._pins.covers(tier) or (raised and is_changing(tier))
