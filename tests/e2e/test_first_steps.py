"""A new profile's window begins with the first steps, and a keyboard goes through practice."""

import time

import pytest

from tests.e2e.desk import Keyturn, promised, wait_until
from tests.e2e.person import Person

pytestmark = pytest.mark.gui
MOST_SECONDS = 180.0
TASKS = 4


@pytest.mark.requirement("PRACTICE", "F6")
@pytest.mark.timeout(300)
def test_a_newcomer_practises_by_keyboard(keyturn: Keyturn, person: Person) -> None:
    keyturn.start("--platform", "xcb")
    window = person.sit_down()
    began = time.monotonic()
    person.picture("first-steps")
    # The way on has the focus on each screen: what this sees, the posture.
    person.screen.key("space")
    person.screen.key("space")
    person.picture("first-steps-practice")
    person.screen.key(*["shift+Tab"] * TASKS)
    person.press_until("space", lambda: keyturn.waiting() == 1)
    person.allow()
    (decision,) = wait_until(keyturn.history, "the practice call in the history")
    assert decision["outcome"] == "allowed_once"
    assert decision["agent"] == "practice agent"
    assert decision["server"] == "practice server"
    assert keyturn.waiting() == 0
    person.picture("first-steps-done")
    assert keyturn.verify().returncode == 0
    assert person.screen.windows() == [window]
    assert time.monotonic() - began < promised(MOST_SECONDS)
