"""Milestones that are remembered, and acted upon where a test asks for it."""

from collections.abc import Callable

from keyturn.application.ports.milestones import Milestone


class FakeMilestones:
    """Keeps what was reached; `on` runs a callback at a milestone, on the reaching thread."""

    def __init__(self) -> None:
        self.seen: list[Milestone] = []
        self._callbacks: dict[Milestone, Callable[[], None]] = {}

    def on(self, milestone: Milestone, callback: Callable[[], None]) -> None:
        """Run `callback` each time the milestone is reached."""
        self._callbacks[milestone] = callback

    def reached(self, milestone: Milestone) -> None:
        """Remember, then act."""
        self.seen.append(milestone)
        callback = self._callbacks.get(milestone)
        if callback is not None:
            callback()
