"""Whatever comes in between, Allow is for the call that was painted for the whole arming time."""

import os
from collections.abc import Callable
from typing import Final

import pytest
from pytestqt.qtbot import QtBot

from keyturn.gui.look import Look
from tests.gui.conftest import Clock
from tests.gui.interleavings import Interleavings
from tests.gui.scenes import let_go
from tests.gui.sheets_scene import SheetsScene

pytestmark = pytest.mark.gui
RUNS_VARIABLE: Final = "KEYTURN_INTERLEAVINGS"
"""How many are played in all; `python -m tests.bench.interleavings` sets it."""
COUNTED: Final = "interleavings"
SEEDS: Final = 4
STEPS: Final = 24


@pytest.mark.requirement("C1")
@pytest.mark.parametrize("seed", range(SEEDS))
def test_allow_is_for_what_was_painted(
    qtbot: QtBot,
    look: Look,
    clock: Clock,
    seed: int,
    record_property: Callable[[str, object], None],
) -> None:
    scene = SheetsScene(qtbot, look, clock)
    played = Interleavings(scene, seed)
    for _ in range(int(os.environ.get(RUNS_VARIABLE, "20")) // SEEDS):
        played.run(STEPS)
    let_go(scene.window)
    count = played.count
    record_property(
        COUNTED,
        f"{count.runs} orders of {STEPS} steps: {count.allowed} allowed, {count.denied} denied, "
        f"{len(count.wrong)} wrong",
    )
    assert count.wrong == []
    assert count.allowed > count.runs // 2, "too few for the rest to say much"
