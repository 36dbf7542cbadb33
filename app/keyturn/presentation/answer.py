"""What the window hands on when a person has decided: for which request, how, after how long."""

from dataclasses import dataclass
from enum import Enum

from keyturn.domain.tier import Tier


class Route(Enum):
    """By what way a press came in; the decision's record names it."""

    POINTER = "pointer"
    KEYBOARD = "keyboard"
    ACCESSIBILITY = "accessibility"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A press on Allow or Deny, bound to exactly what was on screen."""

    request_id: str
    revision: int
    digest: str
    shown_for_ms: int
    route: Route
    after_arming_ms: int | None = None
    """Since the arming time ran out; None where it had not."""
    message: str = ""
    """For a denial: words to the agent."""
    tier: Tier | None = None
    """For a review: what was chosen; None leaves the tool unconfirmed."""
    labels: str | None = None
    """For a review: letters of U, P, X; None leaves the tool's labels as they are."""
