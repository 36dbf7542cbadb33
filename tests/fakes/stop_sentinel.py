"""A stop sentinel in memory."""

from dataclasses import dataclass, field

from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.domain.errors import KeyturnError


@dataclass(slots=True)
class FakeStopSentinel:
    """Implements the port; `failing` makes every write and removal raise, as a full disk does."""

    facts: StopFacts | None = None
    failing: bool = False
    written: list[StopFacts] = field(default_factory=list[StopFacts])
    """Every successful write, oldest first."""

    def exists(self) -> bool:
        return self.facts is not None

    def write(self, facts: StopFacts) -> None:
        self._fail_if_told()
        self.facts = facts
        self.written.append(facts)

    def read(self) -> StopFacts | None:
        return self.facts

    def remove(self) -> None:
        self._fail_if_told()
        self.facts = None

    def _fail_if_told(self) -> None:
        if self.failing:
            raise KeyturnError("The stop cannot be written to disk.", cause="No space is left.")
