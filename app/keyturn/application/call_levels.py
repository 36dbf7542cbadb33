"""Owns what it takes to allow a call: a click, the PIN, or the PINs of two persons.

Its tier and its tool's mark say so, and one step more while something around its agent changed that
nobody has looked at.
"""

from collections.abc import Callable

from keyturn.application.approval_request import Answer, ApprovalRequest
from keyturn.application.pins import Pins
from keyturn.application.second_person import SecondPerson
from keyturn.application.step_ups import StepUps
from keyturn.domain.step_up import Takes, Weighed, is_changing, takes
from keyturn.domain.tier import Tier


class CallLevels:
    """Asked at every answer, so that it holds as things are by then."""

    def __init__(self, *, pins: Pins, second: SecondPerson, step_ups: StepUps) -> None:
        self._pins = pins
        self._second = second
        self._step_ups = step_ups
        self.reviews: Callable[[ApprovalRequest, Answer], Takes] = _a_click
        """Says what answers to reviews take."""

    def of_call(self, weighed: Weighed) -> Takes:
        """Return what it takes to allow a call."""
        return takes(
            weighed.tier,
            self._pins.use,
            two_persons=weighed.two_persons,
            raised=self._is_raised(weighed),
            pin=self._pins.is_set,
            second=bool(self._second.name),
        )

    def of_review(self, request: ApprovalRequest, answer: Answer) -> Takes:
        """Return what it takes to allow what is no call, with just this answer."""
        return self.reviews(request, answer)

    def _is_raised(self, weighed: Weighed) -> bool:
        """Tell whether a call is of a raised agent; who proved no name may be any of them."""
        unproven = not weighed.enrolled and self._step_ups.anybody
        return unproven or self._step_ups.is_raised(weighed.agent)

    def covers(self, tier: Tier) -> bool:
        """Tell whether changes that would let calls of a tier through take the PIN.

        While any agent is raised they do wherever there is one: nothing may lower it on the side.
        """
        raised = self._step_ups.anybody and self._pins.is_set
        return self._pins.covers(tier) or (raised and is_changing(tier))


def _a_click(_request: ApprovalRequest, _answer: Answer) -> Takes:
    return Takes.CLICK
