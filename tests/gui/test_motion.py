"""Only the ring and the held button move; with reduced motion words and steps say the same."""

import ast
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from keyturn.gui.look import Look
from keyturn.gui.theme import Appearance
from keyturn.gui.widgets.allow_button import AllowButton
from keyturn.gui.widgets.hold_button import HoldButton
from keyturn.presentation.arming import ArmState, Owed
from tests.gui.scenes import let_go
from tests.sources import ROOT

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("A1"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
SHARES = [n / 20 for n in range(20)]
GUI = ROOT / "app" / "keyturn" / "gui"


def pictures(button: AllowButton, reason: str) -> list[QImage]:
    """Return what the ring looks like as its time goes by, under the same words."""
    shown: list[QImage] = []
    for share in SHARES:
        button.show_state(ArmState(armed=False, owed=Owed.TIME, progress=share), reason)
        shown.append(button.grab().toImage())
    return shown


def different(images: list[QImage]) -> int:
    """Count the pictures that are another than the one before."""
    return sum(first != second for first, second in zip(images, images[1:], strict=False))


@pytest.mark.parametrize("reduced", [False, True])
def test_the_ring_turns_only_where_motion_is_wanted(look: Look, *, reduced: bool) -> None:
    look.theme.use(Appearance.LIGHT, reduced_motion=reduced)
    button = AllowButton(look, name="allow")
    button.resize(button.sizeHint())
    button.say("Allow once")
    moved = different(pictures(button, "Ready in 1 s"))
    assert moved == (0 if reduced else len(SHARES) - 1)
    # The words go on counting: they are what says how long it takes.
    first, second = pictures(button, "Ready in 2 s")[0], pictures(button, "Ready in 1 s")[0]
    assert first != second
    let_go(button)


@pytest.mark.parametrize("reduced", [False, True])
def test_the_held_button_fills_by_three_steps_where_motion_is_not_wanted(
    look: Look, *, reduced: bool
) -> None:
    look.theme.use(Appearance.LIGHT, reduced_motion=reduced)
    button = HoldButton(look)
    button.say("Hold to resume")
    button.resize(button.sizeHint())
    shown: list[QImage] = []
    for share in (*SHARES, 1.0):
        button.show_share(share)
        shown.append(button.grab().toImage())
    assert different(shown) == (3 if reduced else len(SHARES))
    let_go(button)


def _moves(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    return [name for name in names if "Animation" in name or name in {"QTimeLine", "QMovie"}]


def test_nothing_else_is_animated() -> None:
    """What Qt would animate by itself is not imported, so that it cannot flash or slide."""
    assert [str(path) for path in GUI.rglob("*.py") if _moves(path)] == []
