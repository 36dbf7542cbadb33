"""Margins, gaps and heights of rows lie on the grid of visual.md section 4: 8 px, half-step 4."""

import ast
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QLayout, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Appearance
from keyturn.gui.widgets.layouts import EDGE
from keyturn.gui.widgets.scroll_pane import page_around
from tests.gui import gallery_walk as walk
from tests.gui.conftest import Dresser

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
GUI: Final = Path(__file__).parents[2] / "app" / "keyturn" / "gui"
HALF_STEP: Final = 4
NOT_SPACE: Final = {
    ("widgets/headline.py", "_OVER"): "a button is taller than the line of text that it stands in",
    ("widgets/source_excerpt.py", "_BAR"): "the bar of 3 px at the leading edge of an excerpt",
}
PLACING: Final = {"row", "column", "WrapLayout", "ScrollPane", "SnugPane", "use_margins"}
SPACING: Final = {
    *("addSpacing", "setSpacing", "setHorizontalSpacing", "setVerticalSpacing"),
    "setContentsMargins",
}
HEIGHTS: Final = {"fix_height", "least_height"}
SCENES: Final = (
    *("queue-group", "rules-form", "agents-detail", "servers-tool", "settings", "history"),
)


def calls(tree: ast.Module) -> Iterator[tuple[int, ast.expr]]:
    """Yield every number that places something, with its line."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        name = call.func.id if isinstance(call.func, ast.Name) else name
        given: list[ast.expr] = []
        if name in PLACING:
            named = [k.value for k in call.keywords if k.arg in {"gap", "line_gap", "margins"}]
            given = [arg for arg in (*call.args, *named) if not isinstance(arg, ast.Name)]
        elif name in SPACING:
            given = call.args
        elif name in HEIGHTS:
            given = call.args[-1:]
        for arg in given:
            for part in arg.elts if isinstance(arg, ast.Tuple) else [arg]:
                yield call.lineno, part


def off_grid(part: ast.expr, known: dict[str, ast.expr], file: str) -> bool:
    """Tell whether a number, or the constant of its module that it is, is beside the grid."""
    match part:
        case ast.Constant(value=int() as number):
            return number % HALF_STEP != 0
        case ast.UnaryOp(operand=inside):
            return off_grid(inside, known, file)
        case ast.BinOp(left=left, right=right):
            return off_grid(left, known, file) or off_grid(right, known, file)
        case ast.IfExp(body=body, orelse=orelse):
            return off_grid(body, known, file) or off_grid(orelse, known, file)
        case ast.Name(id=name) if name in known and (file, name) not in NOT_SPACE:
            return off_grid(known[name], known, file)
        case _:
            return False


def constants(tree: ast.Module) -> dict[str, ast.expr]:
    """Return what a module names."""
    named = (node for node in tree.body if isinstance(node, ast.AnnAssign))
    return {
        node.target.id: node.value
        for node in named
        if isinstance(node.target, ast.Name) and node.value is not None
    }


def found_in(text: str, file: str) -> list[str]:
    tree = ast.parse(text)
    known = constants(tree)
    return [f"{file}:{line}" for line, part in calls(tree) if off_grid(part, known, file)]


def test_no_file_places_anything_beside_the_grid() -> None:
    files = {path.relative_to(GUI).as_posix(): path for path in GUI.rglob("*.py")}
    assert [one for name, path in files.items() for one in found_in(path.read_text(), name)] == []
    assert {name for name, _ in NOT_SPACE} <= set(files)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("row(self, (16, 6, 16, 6), gap=8)", True),
        ("row(self, (16, EDGE, 16, 8 - EDGE), gap=8)", False),
        ("column(gap=10)", True),
        ("layout.addSpacing(_GAP)", True),
        ("layout.setContentsMargins(side, 7, side, 12)", True),
        ("least_height(self, look.theme, _GAP)", True),
        ("least_height(self, look.theme, 36)", False),
    ],
)
def test_the_rule_sees_what_is_beside_it(line: str, wrong: bool) -> None:
    assert bool(found_in(f"_GAP: Final = 6\n{line}", "any.py")) is wrong


def spaces(layout: QLayout) -> Iterator[int]:
    """Yield a layout's margins and gaps, and the fixed gaps between its parts."""
    margins = layout.contentsMargins()
    yield from (margins.left(), margins.top(), margins.bottom())
    inside = layout.parentWidget()
    page = page_around(inside) if inside is not None else None
    if page is None or page.widget() is not inside:
        # The bar of a page takes its room from this margin.
        yield margins.right()
    if isinstance(layout, QBoxLayout):
        yield layout.spacing()
    if isinstance(layout, QGridLayout):
        yield from (layout.horizontalSpacing(), layout.verticalSpacing())
    items = (layout.itemAt(place) for place in range(layout.count()))
    for item in items:
        spacer = item.spacerItem() if item is not None else None
        if spacer is not None:
            yield from (spacer.sizeHint().width(), spacer.sizeHint().height())


def layouts(root: QWidget) -> Iterator[QLayout]:
    """Yield the layouts of what can be seen, but for those that Qt makes for itself."""
    for widget in walk.shown(root):
        layout = widget.layout()
        if layout is not None and not type(widget).__module__.startswith("PySide6.QtWidgets.Q"):
            yield layout
            yield from layout.findChildren(QLayout)


@pytest.mark.parametrize("name", [one for one in walk.WALKED if one.startswith(SCENES)])
def test_what_is_on_screen_lies_on_the_grid(dresser: Dresser, look: Look, name: str) -> None:
    with closing(walk.Hall(dresser, look)) as hall:
        window = hall.show(name)
        hall.theme.use(Appearance.LIGHT, text_percent=100)
        walk.rest()
        # A line that a widget draws within itself is made up for by its margin.
        wrong = [
            (name_of(layout.parentWidget()), space)
            for layout in layouts(window)
            for space in spaces(layout)
            if min(space % HALF_STEP, -space % HALF_STEP) > EDGE
        ]
        assert wrong == []


def name_of(widget: QWidget | None) -> str:
    return f"{type(widget).__name__} {widget.objectName() if widget is not None else ''}"
