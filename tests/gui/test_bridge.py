"""The crossing from the broker's pipe: nothing is lost between the first look and the loop."""

import asyncio
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from keyturn.application import slices
from keyturn.application.console_protocol import AlertShown, Ping, ToWindow, encode_line
from keyturn.gui.bridge import Bridge
from tests.gui import pages_data as data

pytestmark = pytest.mark.gui
MANY = 500


@dataclass(frozen=True, slots=True)
class Ends:
    """The broker's ends of the pipes, and what stands at the window's."""

    bridge: Bridge
    writing: int
    heard: list[object]

    def say(self, *messages: ToWindow) -> None:
        """Write messages as the broker does."""
        os.write(self.writing, b"".join(encode_line(message) for message in messages))

    def listen(self) -> list[object]:
        """Close the broker's end and read to the end; returns all that was published."""
        os.close(self.writing)
        asyncio.run(self.bridge.listen())
        return self.heard


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Return a bridge on two pipes."""
    to_window, writing = os.pipe()
    reading, from_window = os.pipe()
    bridge = Bridge(to_window, from_window)
    heard: list[object] = []
    bridge.welcomed.connect(heard.append)
    bridge.alerted.connect(heard.append)
    yield Ends(bridge, writing, heard)
    os.close(reading)
    os.close(from_window)


def test_the_first_message_is_looked_at_and_still_published(ends: Ends) -> None:
    ends.say(data.WELCOME, AlertShown(text="one"), AlertShown(text="two"))
    assert ends.bridge.settings_of_welcome(5.0) == data.WELCOME.settings
    assert ends.heard == []
    assert ends.listen() == [data.WELCOME, "one", "two"]


def test_a_first_message_in_pieces_is_put_together(ends: Ends) -> None:
    line = encode_line(data.WELCOME)
    os.write(ends.writing, line[:20])
    assert ends.bridge.settings_of_welcome(0.05) == {}
    os.write(ends.writing, line[20:])
    assert ends.listen() == [data.WELCOME]


def test_a_silent_or_closed_pipe_has_no_settings_and_holds_nothing_up(ends: Ends) -> None:
    assert ends.bridge.settings_of_welcome(0.0) == {}
    assert ends.listen() == []


def test_another_first_message_is_no_welcome(ends: Ends) -> None:
    ends.say(AlertShown(text="one"), Ping(n=1))
    assert ends.bridge.settings_of_welcome(5.0) == {}
    assert ends.listen() == ["one"]


@pytest.mark.requirement("Q1")
def test_the_window_has_its_turns_while_much_is_read(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0.0)
    ends.say(*(AlertShown(text=f"{number}") for number in range(MANY)))
    os.close(ends.writing)
    turns: list[int] = []

    async def listen() -> None:
        loop = asyncio.get_running_loop()

        def turn() -> None:
            turns.append(len(ends.heard))
            loop.call_soon(turn)

        turn()
        await ends.bridge.listen()

    asyncio.run(listen())
    assert ends.heard == [f"{number}" for number in range(MANY)]
    # Never more than a message between two turns.
    assert max(after - before for before, after in itertools.pairwise(turns)) == 1
