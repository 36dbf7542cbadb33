"""The pins of a profile in memory, found by what is called and by name alone."""

from collections.abc import Iterable

from keyturn.domain.definition import Pin


class PinSet:
    """Pins by server, launch hash and tool."""

    def __init__(self, pins: Iterable[Pin] = ()) -> None:
        self._pins: dict[tuple[str, str, str], Pin] = {}
        self._named: dict[tuple[str, str], dict[str, Pin]] = {}
        self.put(pins)

    def put(self, pins: Iterable[Pin]) -> None:
        """Take pins over, each in the place of the former of its tool."""
        for pin in pins:
            name = pin.definition.name
            self._pins[(pin.server, pin.launch_hash, name)] = pin
            self._named.setdefault((pin.server, name), {})[pin.launch_hash] = pin

    def get(self, key: tuple[str, str, str]) -> Pin | None:
        """Return the pin of a tool of one launch identity."""
        return self._pins.get(key)

    def named(self, server: str, tool: str) -> tuple[Pin, ...]:
        """Return the pins of a tool of whatever launch identity."""
        return tuple(self._named.get((server, tool), {}).values())

    def all(self) -> tuple[Pin, ...]:
        """Return every pin."""
        return tuple(self._pins.values())
