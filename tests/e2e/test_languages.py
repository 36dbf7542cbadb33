"""The window speaks the system's language, and another one as soon as a person chooses it."""

import pytest

from tests.e2e.agent_host import connected
from tests.e2e.desk import Folders, Keyturn, Screen, wait_until
from tests.e2e.person import HEADLINE, Person
from tests.e2e.seeding import seed
from tests.e2e.servers import raw_server

pytestmark = [pytest.mark.gui, pytest.mark.requirement("A3")]
# No notification is shown here, which the window's title tells.
ENGLISH = "Problem - "
GERMAN = "Störung - "
START_SECONDS = 60.0
PAGE = (400, 60, 1180, 600)
"""Left, top, right and bottom of what changes with the page."""


def titled(screen: Screen, title: str) -> str:
    """Wait for a window whose title begins so, and return its id."""

    def look() -> str:
        return next((one for one in screen.windows() if screen.title(one).startswith(title)), "")

    try:
        return wait_until(look, f"a window with a title like {title!r}", START_SECONDS)
    except AssertionError as error:
        error.add_note(f"titles: {[screen.title(one) for one in screen.windows()]}")
        raise


def test_a_german_system_gets_a_german_window(
    folders: Folders, keyturn: Keyturn, person: Person
) -> None:
    keyturn.env = {**keyturn.env, "LANG": "de_DE.UTF-8"}
    seed(folders, raw_server(folders))
    keyturn.start("--platform", "xcb")
    titled(person.screen, GERMAN)


def test_a_choice_in_settings_acts_while_calls_wait(
    folders: Folders, keyturn: Keyturn, person: Person
) -> None:
    seed(folders, raw_server(folders))
    keyturn.start("--platform", "xcb")
    person.screen.focus(titled(person.screen, ENGLISH))
    broker, window = keyturn.process, keyturn.console
    with connected(keyturn.env, "raw", mode="legacy") as host:
        first = host.call("echo", {"text": "waits"})
        keyturn.wait_for_waiting(1)
        call = host.call("echo", {"text": "is open"})
        keyturn.wait_for_waiting(2)
        person.sees_card()
        person.screen.key("alt+Down")
        person.sees_change(lambda: person.screen.key("ctrl+7"), HEADLINE, "settings")
        person.sees_change(lambda: person.screen.type("deutsch"), PAGE, "settings-found")
        # The choice has one stop; from System past English.
        person.screen.key("Tab", "Right", "Right")
        try:
            german = titled(person.screen, GERMAN)
        except AssertionError as error:
            person.picture("language-missing")
            error.add_note(f"{(window, keyturn.console, keyturn.waiting())} {keyturn.output()}")
            raise
        person.screen.focus(german)
        assert keyturn.console not in (0, window)
        assert broker is not None and broker.poll() is None
        assert (keyturn.waiting(), first.done(), call.done()) == (2, False, False)
        person.screen.key("ctrl+1")
        person.sees_card()
        person.picture("language-chosen")
        # The card that was open is open again: not the first one, which would come up by itself.
        person.deny()
        assert call.result(10).is_error
        assert not first.done()
        person.deny()
        assert first.result(10).is_error
    decisions = wait_until(keyturn.history, "the decisions")
    assert {decision["outcome"] for decision in decisions} == {"denied_user"}
