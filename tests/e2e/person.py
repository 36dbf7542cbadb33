"""The person at the desk: looks at the window, and decides with real keys and clicks."""

import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tests.e2e.desk import SECONDS, STEP_SECONDS, Keyturn, Screen, wait_until

PRESS_AGAIN_SECONDS = 0.6
"""A press that comes too early restarts the quiet time, so the next one has to be later."""

HEADLINE = (536, 66, 900, 92)
"""Where the card's sentence stands in a window of the usual size."""


class Person:
    """Uses one Keyturn on one screen."""

    def __init__(self, screen: Screen, keyturn: Keyturn) -> None:
        """Sit down; the window may come later."""
        self.screen = screen
        self._keyturn = keyturn

    def sit_down(self) -> str:
        """Wait for the window, give it the keyboard and return its id."""
        try:
            window = self.screen.window()
        except AssertionError as error:
            error.add_note(self._keyturn.output())
            raise
        self.screen.focus(window)
        return window

    def press_until(self, keys: str, done: Callable[[], object], seconds: float = SECONDS) -> None:
        """Press keys, and again while nothing came of it: the window decides when it is ready."""
        assert self.presses(keys, done, seconds), f"{keys} had no effect within {seconds:.0f} s"

    def presses(self, keys: str, done: Callable[[], object], seconds: float) -> bool:
        """Do so for at most so long, and tell whether something came of it."""
        last = time.monotonic() + seconds
        while not done():
            if time.monotonic() >= last:
                return False
            self.screen.key(keys)
            _look_for(done, PRESS_AGAIN_SECONDS)
        return True

    def press_in_vain(self, keys: str, happened: Callable[[], object], seconds: float) -> None:
        """Press keys over and over for so long; fails if anything came of it."""
        last = time.monotonic() + seconds
        while time.monotonic() < last:
            self.screen.key(keys)
            _look_for(happened, PRESS_AGAIN_SECONDS)
            assert not happened(), f"{keys} had an effect"

    def allow(self) -> None:
        """Allow what is open, by its shortcut, as soon as the window takes it."""
        self._decide("ctrl+Return")

    def deny(self) -> None:
        """Deny what is open."""
        self._decide("ctrl+BackSpace")

    def _decide(self, keys: str) -> None:
        # The next request may come at once, so what counts is what is decided, not what waits.
        before = self._keyturn.decisions()
        self.press_until(keys, lambda: self._keyturn.decisions() > before)

    def sees_card(self) -> None:
        """Wait until a card is open: there is something where its headline stands."""

        def look() -> bool:
            return len(set(self.sees(HEADLINE, "headline"))) > 3

        wait_until(look, "a card")

    def confirm_value(self) -> None:
        """Confirm the value that the card asks for: Tab from the headline, then Space."""
        self.sees_card()
        self.screen.key("Tab", "space")

    def sees(self, part: tuple[int, int, int, int], name: str) -> bytes:
        """Return the pixels of a part (left, top, right, bottom) of the window, as they are now."""
        file = self.screen.picture(name, self.screen.window())
        with Image.open(file) as picture:
            return picture.convert("RGB").crop(part).tobytes()

    def comes_to_see(self, part: tuple[int, int, int, int], name: str) -> bytes:
        """Return what a part of the window shows once it shows the same three times running."""
        seen = [self.sees(part, name)]

        def look() -> bool:
            seen.append(self.sees(part, name))
            return len(seen) > 2 and seen[-1] == seen[-2] == seen[-3]

        wait_until(look, f"a steady picture of {name}")
        return seen[-1]

    def sees_change(
        self, act: Callable[[], object], part: tuple[int, int, int, int], name: str
    ) -> None:
        """Do something, and wait until a part of the window shows something else for good."""
        before = self.comes_to_see(part, name)
        act()
        wait_until(lambda: self.sees(part, name) != before, f"something else at {name}")
        self.comes_to_see(part, name)

    def picture(self, name: str) -> Path:
        """Keep a picture of the whole screen."""
        return self.screen.picture(name)


def _look_for(seen: Callable[[], object], seconds: float) -> None:
    last = time.monotonic() + seconds
    while not seen() and time.monotonic() < last:
        time.sleep(STEP_SECONDS)
