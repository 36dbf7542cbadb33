"""The choice when the PIN is asked: what is chosen and not saved is told from what is in force."""

from collections.abc import Iterator

import pytest

from keyturn.application.console_protocol import StateChanged
from keyturn.application.pin_messages import PinState
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender
from keyturn.gui.settings.pin_line import PinLine, PinPresenter
from keyturn.presentation.settings import PinRow
from tests.gui.scenes import let_go
from tests.gui.spy_bridge import SpyBridge

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]


@pytest.fixture
def line(look: Look) -> Iterator[tuple[SpyBridge, PinLine]]:
    """Return the line of the PIN, fed and shown."""
    bridge, pin = SpyBridge(), PinLine(look, PinRow(key="pin", title="Your PIN", note=""))
    PinPresenter(bridge=bridge, sender=IntentSender(bridge), line=pin, words=look.words, parent=pin)
    pin.show()
    yield bridge, pin
    let_go(pin)


@pytest.mark.requirement("PIN-3")
@pytest.mark.parametrize(
    ("is_set", "mends"),
    [
        (True, "Not saved. Type your present PIN and press “Save PIN”."),
        (False, "Not saved. Type a new PIN twice and press “Save PIN”."),
    ],
)
def test_a_choice_that_is_not_saved_says_so(
    line: tuple[SpyBridge, PinLine], is_set: bool, mends: str
) -> None:
    """Beside a former "Saved." it read as if it were in force; left alone, it is put back."""
    bridge, pin = line

    def chosen() -> str:
        return next(one.choice.value for one in pin.group.buttons if one.isChecked())

    bridge.tell(StateChanged(pin=PinState(is_set=is_set, use="t3")))
    pin.outcome.say(Outcome.DONE, "Saved.")
    never, t3, all_of_them = pin.group.buttons
    all_of_them.click()
    assert (pin.outcome.outcome, pin.outcome.sentence) == (Outcome.OWED, mends)
    # Word of something else leaves it as it was chosen.
    bridge.tell(StateChanged(pin=PinState(is_set=is_set, use="t3", second="Bo", beside="Ada")))
    assert chosen() == "t2_t3"
    t3.click()
    assert pin.outcome.outcome is None
    never.click()
    assert pin.outcome.outcome is Outcome.OWED
    pin.hide()
    pin.show()
    assert (chosen(), pin.outcome.outcome) == ("t3", None)
    assert bridge.sent == []
