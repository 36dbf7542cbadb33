"""A person who sees nothing: has a keyboard, and knows only what the screen reader says."""

from typing import Final

from tests.e2e.desk import SECONDS, Screen, wait_until
from tests.e2e.screen_reader import Announcement, ScreenReader, Spoken

MOST_KEYS: Final = 60
"""Who has pressed Tab so often has gone around the window."""
MOST_PRESSES: Final = 12
_MOVE_SECONDS: Final = 15.0
_PRESS_AGAIN_SECONDS: Final = 2.5
"""A key that came too early to count: armed is told in a description, and it takes its time."""


class BlindPerson:
    """Uses one window by keyboard and ear."""

    def __init__(self, screen: Screen, reader: ScreenReader) -> None:
        """Sit down; the window may come later."""
        self._screen = screen
        self.reader = reader
        self._listened = 0

    def sit_down(self) -> Spoken:
        """Wait for the window, as one that has the keyboard, and return what it is."""
        self._screen.focus(self._screen.window())

        def look() -> Spoken | None:
            shown = self.reader.showing()
            return next((one for one in shown if "active" in one.states), None)

        return wait_until(look, "an active window")

    def key(self, *keys: str) -> None:
        """Press keys."""
        self._screen.key(*keys)

    def type(self, text: str) -> None:
        """Type text."""
        self._screen.type(text)

    def hears(self, *parts: str, seconds: float = SECONDS) -> Announcement:
        """Wait to be told, unasked, something with all these parts; it counts as listened to."""

        def look() -> Announcement | None:
            at = self._next_with(parts)
            if at is None:
                return None
            self._listened = at + 1
            return self.reader.heard[at]

        try:
            return wait_until(look, f"an announcement of {parts}", seconds)
        except AssertionError as error:
            error.add_note(f"heard: {self.reader.heard[self._listened :]}")
            raise

    def stands_at(self, role: str, *parts: str, state: str = "focused") -> Spoken:
        """Wait until the keyboard is at something of this role, name and state."""

        def look() -> Spoken | None:
            at = self.reader.focus()
            if at is None or state not in at.states:
                return None
            return at if _is(at, role, parts) else None

        try:
            return wait_until(look, f"the keyboard at {role} {parts}, {state}")
        except AssertionError as error:
            error.add_note(f"it is at: {self.reader.focus()}")
            raise

    def goes_to(self, role: str, *parts: str, by: str = "Tab", most: int = MOST_KEYS) -> Spoken:
        """Press a key, so often at most, until the reader says this; fails with what it said."""
        said: list[str] = []
        while len(said) < most:
            at = self.moves(by)
            said.append(str(at))
            if at is not None and _is(at, role, parts):
                return at
        raise AssertionError(f"{by} does not come to {role} {parts}, only to {said}")

    def moves(self, by: str) -> Spoken | None:
        """Press a key that moves the keyboard, wait for that, and return what is said there."""
        self.reader.listen()
        moves = self.reader.moves
        self.key(by)
        wait_until(lambda: self._has_moved(moves), f"a move by {by}", _MOVE_SECONDS)
        return self.reader.focus()

    def finds(self, *parts: str, seconds: float = SECONDS) -> Spoken:
        """Read through the window until something on it has all these parts, and return it."""

        def look() -> Spoken | None:
            for one in self.reader.showing():
                if all(part in f"{one.name} {one.description}" for part in parts):
                    return one
            return None

        try:
            return wait_until(look, f"{parts} in the window", seconds)
        except AssertionError as error:
            error.add_note("read: " + "; ".join(str(one) for one in self.reader.showing()))
            raise

    def press_until(self, keys: str, *parts: str) -> Announcement:
        """Press keys, and again while that is not told which should come of it."""
        for _ in range(MOST_PRESSES):
            if self.presses(keys, *parts):
                break
        return self.hears(*parts, seconds=0)

    def presses(self, keys: str, *parts: str) -> bool:
        """Press keys once, and say whether that is told; it is not listened to yet."""
        self.key(keys)
        try:
            wait_until(lambda: self._next_with(parts) is not None, keys, _PRESS_AGAIN_SECONDS)
        except AssertionError:
            return False
        return True

    def _next_with(self, parts: tuple[str, ...]) -> int | None:
        self.reader.listen()
        heard = self.reader.heard
        places = range(self._listened, len(heard))
        return next((at for at in places if all(part in heard[at].text for part in parts)), None)

    def _has_moved(self, moves: int) -> bool:
        self.reader.listen()
        return self.reader.moves > moves


def _is(spoken: Spoken, role: str, parts: tuple[str, ...]) -> bool:
    return spoken.role == role and all(part in spoken.name for part in parts)
