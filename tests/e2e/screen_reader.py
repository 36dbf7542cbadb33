"""A screen reader as a test holds it: all it knows came over AT-SPI, as Orca's knowledge does.

It starts the accessibility bus of a desktop on a session bus of the test's own and speaks AT-SPI2
over D-Bus. Nothing here knows of Qt, of pictures or of Keyturn.
"""

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

import jeepney  # pyright: ignore[reportMissingTypeStubs]  # it has no types and there are no stubs
import jeepney.io.threading  # pyright: ignore[reportMissingTypeStubs]  # as above

from tests.e2e.desk import SECONDS, Folders, wait_until
from tests.private_session import program, session_bus

_jeepney: Any = jeepney
_threading: Any = jeepney.io.threading
LAUNCHER: Final = (
    *("/usr/libexec/at-spi-bus-launcher", "--launch-immediately"),
    *("--a11y=1", "--screen-reader=1"),
)
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_ACCESSIBLE: Final = "org.a11y.atspi.Accessible"
_EVENTS: Final = ("object:announcement", "object:state-changed:focused", "window:activate")
_STATES: Final = {
    1: "active",
    4: "checked",
    7: "editable",
    8: "enabled",
    11: "focusable",
    12: "focused",
    23: "selected",
    24: "sensitive",
    25: "showing",
    30: "visible",
    41: "checkable",
}
"""By their number in AtspiStateType, those that a test asks for."""
_POLITENESS: Final = {1: "polite", 2: "assertive"}
_ROOT: Final = "/org/a11y/atspi/accessible/root"


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the reader was told unasked, and whether it may interrupt."""

    text: str
    politeness: str


@dataclass(frozen=True, slots=True)
class Place:
    """One accessible: a name on the bus and an object of it."""

    owner: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What a reader says where it stands."""

    place: Place
    role: str
    name: str
    description: str
    states: frozenset[str]

    def __str__(self) -> str:
        """Return it as it would be said."""
        return " ".join(filter(None, (self.role, repr(self.name), self.description)))


class ScreenReader:
    """Listens from its start on."""

    def __init__(self, router: Any, events: "SimpleQueue[Any]") -> None:
        """`router` is connected to the accessibility bus; its signals arrive in `events`."""
        self._router = router
        self._events = events
        self.heard: list[Announcement] = []
        self._focus: Place | None = None
        self.moves = 0
        """How often the focus was told to be somewhere."""

    def listen(self) -> None:
        """Take in what was told since the last time."""
        while True:
            try:
                message = self._events.get_nowait()
            except Empty:
                return
            fields = message.header.fields
            owner = fields[_jeepney.HeaderFields.sender]
            place = Place(owner, fields[_jeepney.HeaderFields.path])
            detail, number, _, (_, value), *_ = message.body
            match fields[_jeepney.HeaderFields.member]:
                case "Announcement":
                    self.heard.append(Announcement(value, _POLITENESS[number]))
                case "StateChanged" if detail == "focused" and number:
                    self._focus = place
                    self.moves += 1
                case _:
                    pass

    def focus(self) -> Spoken | None:
        """Return where the keyboard is, as it is now; None before anything was told."""
        self.listen()
        return None if self._focus is None else self.read(self._focus)

    def read(self, place: Place) -> Spoken | None:
        """Return what stands at a place; None when it is gone."""
        states = self._ask(place, _ACCESSIBLE, "GetState")
        role = self._ask(place, _ACCESSIBLE, "GetRoleName")
        name = self._property(place, "Name")
        if states is None or role is None or name is None:
            return None
        low, high = states
        bits = low | high << 32
        return Spoken(
            place=place,
            role=role,
            name=name,
            description=self._property(place, "Description") or "",
            states=frozenset(word for bit, word in _STATES.items() if bits >> bit & 1),
        )

    def applications(self) -> list[Place]:
        """Return the roots of the applications that speak AT-SPI."""
        root = Place("org.a11y.atspi.Registry", _ROOT)
        return self._children(root)

    def showing(self) -> Iterator[Spoken]:
        """Yield what shows on the screen, from the top of each window down."""
        yield from (one for root in self.applications() for one in self._walk(root))

    def _walk(self, place: Place) -> Iterator[Spoken]:
        found = self.read(place)
        if found is None or not {"showing"} & found.states and found.role != "application":
            return
        yield found
        for child in self._children(place):
            yield from self._walk(child)

    def _children(self, place: Place) -> list[Place]:
        return [Place(*one) for one in self._ask(place, _ACCESSIBLE, "GetChildren") or ()]

    def _property(self, place: Place, name: str) -> str | None:
        value = self._ask(place, _PROPERTIES, "Get", "ss", _ACCESSIBLE, name)
        return None if value is None else value[1]

    def _ask(
        self, place: Place, interface: str, member: str, signature: str = "", *body: object
    ) -> Any:
        return _call(self._router, place, interface, member, signature, *body)


def _call(
    router: Any, place: Place, interface: str, member: str, signature: str = "", *body: object
) -> Any:
    """Return the first value of the answer, True for an empty one, None for an error."""
    address = _jeepney.DBusAddress(place.path, place.owner, interface)
    message = _jeepney.new_method_call(address, member, signature or None, body)
    answer = router.send_and_get_reply(message, timeout=SECONDS)
    if answer.header.message_type is not _jeepney.MessageType.method_return:
        return None
    return answer.body[0] if answer.body else True


@contextmanager
def _router(address: str) -> Generator[Any]:
    with _threading.open_dbus_router(bus=address) as router:
        yield router


@dataclass(frozen=True, slots=True)
class HeardDesk:
    """What a program's environment needs to be on that desktop, and who listens there."""

    env: dict[str, str]
    reader: ScreenReader


@contextmanager
def heard_desk(folders: Folders, display: str) -> Generator[HeardDesk]:
    """Start a session bus with AT-SPI and notifications, as a desktop with a screen reader has."""
    bus_folder = folders.root / "bus"
    bus_folder.mkdir(mode=0o700)
    with ExitStack() as stack:
        session = stack.enter_context(session_bus(bus_folder))
        address = session["DBUS_SESSION_BUS_ADDRESS"]
        env = {"DBUS_SESSION_BUS_ADDRESS": address, "DISPLAY": display}
        # Not on the display: its address is left there, and would outlive this desktop.
        alone = folders.env(DBUS_SESSION_BUS_ADDRESS=address)
        for argv, its_env in ((LAUNCHER, alone), (("dunst",), folders.env(**env))):
            log = folders.root / f"{Path(argv[0]).name}.log"
            stack.enter_context(program(argv, its_env, log=log))
        desktop = stack.enter_context(_router(address))
        bus = Place("org.a11y.Bus", "/org/a11y/bus")
        accessible = wait_until(
            lambda: _call(desktop, bus, "org.a11y.Bus", "GetAddress"), "the accessibility bus"
        )
        router = stack.enter_context(_router(accessible))
        yield HeardDesk(env, stack.enter_context(_listening(router)))


@contextmanager
def _listening(router: Any) -> Generator[ScreenReader]:
    registry = Place("org.a11y.atspi.Registry", "/org/a11y/atspi/registry")
    for event in _EVENTS:
        arguments = ("sass", event, list[str](), "")
        done = _call(router, registry, "org.a11y.atspi.Registry", "RegisterEvent", *arguments)
        assert done, f"nobody registers {event}"
    queue: SimpleQueue[Any] = SimpleQueue()
    with _threading.DBusRouter.filter(
        router,
        _jeepney.MatchRule(type="signal", interface="org.a11y.atspi.Event.Object"),
        queue=queue,
    ):
        daemon = Place("org.freedesktop.DBus", "/org/freedesktop/DBus")
        rule = "type='signal',interface='org.a11y.atspi.Event.Object'"
        assert _call(router, daemon, "org.freedesktop.DBus", "AddMatch", "s", rule)
        yield ScreenReader(router, queue)
