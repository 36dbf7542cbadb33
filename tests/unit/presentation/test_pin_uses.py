"""The list of what takes the PIN says what the broker's own sorting says, in Settings and help."""

import pytest

from keyturn.application.pin_guard import TAKES_PIN
from keyturn.domain.pin import PinUse
from keyturn.domain.tier import Tier
from keyturn.presentation.pin_uses import GROUPS, pin_uses
from keyturn.presentation.words import Words
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")
HELP = ROOT / "resources" / "help" / "security-model.md"


@pytest.mark.requirement("PIN-1")
def test_each_change_that_takes_it_is_on_the_list_and_no_other() -> None:
    assert {kind.__struct_config__.tag for kind in TAKES_PIN} == set(GROUPS)


@pytest.mark.requirement("PIN-1")
def test_the_help_lists_the_same() -> None:
    lines = [f"- {pair.key}: {pair.value}" for pair in pin_uses(WORDS)]
    said = "\n".join(lines)
    assert said in HELP.read_text(encoding="utf-8"), said


@pytest.mark.parametrize(
    ("use", "key"),
    [
        (PinUse.NEVER, "settings.pin_never"),
        (PinUse.T3, "settings.pin_t3"),
        (PinUse.T2_T3, "settings.pin_t2_t3"),
    ],
)
def test_each_choice_names_what_takes_the_pin_under_it(use: PinUse, key: str) -> None:
    said = WORDS(key)
    assert ("T3" in said) is use.covers(Tier.T3)
    assert ("T2" in said) is use.covers(Tier.T2)
    # What lets calls through takes it where calls of T2 do (`PinGuard`).
    assert ("changes" in said) is use.covers(Tier.T2)
    assert said.startswith(("Never", "For"))
