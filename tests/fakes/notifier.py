"""A notifier that keeps what it would show."""

from dataclasses import dataclass, field

from keyturn.application.ports.notifier import Notice


@dataclass(slots=True)
class FakeNotifier:
    """Implements the port; `available` = False plays a machine without notifications."""

    available: bool = True
    on_screen: Notice | None = None
    shown: list[Notice] = field(default_factory=list[Notice])
    """All that was shown, oldest first."""

    async def show(self, notice: Notice) -> bool:
        if self.available:
            self.on_screen = notice
            self.shown.append(notice)
        return self.available

    async def ready(self) -> bool:
        return self.available

    async def withdraw(self) -> None:
        self.on_screen = None
