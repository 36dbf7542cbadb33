"""The rules of this code base that no linter has, checked over the syntax trees of all files."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sources import APP, PACKAGING, TESTS, Source, parse, sources

MOST_LINES = {APP: 400, PACKAGING: 400, TESTS: 600}
MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_A_CLASS = {APP: 250, PACKAGING: 250, TESTS: 300}
"""A stateful test is one class with a method for each thing that can happen."""
NAMES_THAT_SAY_NOTHING = {"utils", "helpers", "common", "manager", "core", "misc"}
NESTED_LOOPS = {"exec", "exec_", "processEvents"}
SHOWS_TEXT = {
    "QAction", "QCheckBox", "QGroupBox", "QLabel", "QPushButton", "QRadioButton", "addAction",
    "setAccessibleDescription", "setAccessibleName", "setPlaceholderText", "setStatusTip",
    "setText", "setTitle", "setToolTip", "setWindowTitle",
}  # fmt: skip
HEX_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3})(?!\w)")
OWN_MACHINE = re.compile(r"(?<![\w.])/(?:work|root)/")
SOME_HOME = re.compile(r"(?<![\w.])/(?:home|work|root)/")
PAINTING = "tests/gui/gallery"
"""Scripts that paint pictures: they have no loop of their own to nest in."""
PARTLY_TYPED = "# pyright: reportUnknownMemberType=false"
"""pytest-qt and shiboken are partly typed, and this comment can carry no reason behind it."""
EXEMPTION = re.compile(r"#\s*(?:type\s*:\s*ignore|(?:based)?pyright\s*:|noqa\b|pragma\s*:)")
REASONED = re.compile(
    r"#\s*(?:(?:type|pyright|basedpyright): ignore\[[\w, -]+\]|noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*"
    r"|pragma: no (?:cover|branch))\s+(?:[#-]+\s*)?\w.{5,}"
)


Rule = Callable[[Source], Iterator[str]]


def no_nested_event_loop(source: Source) -> Iterator[str]:
    if source.path.startswith(PAINTING):
        return
    for node in source.nodes:
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in NESTED_LOOPS:
                yield f"{node.lineno}: .{name}() enters a nested event loop"
            case ast.Name(id="QEventLoop") | ast.alias(name="QEventLoop"):
                yield f"{node.lineno}: QEventLoop is a nested event loop"
            case _:
                pass


def no_print_and_no_global(source: Source) -> Iterator[str]:
    for node in source.nodes:
        match node:
            case ast.Call(func=ast.Name(id="print")):
                yield f"{node.lineno}: print(), but stdout belongs to the protocol"
            case ast.Global():
                yield f"{node.lineno}: global"
            case _:
                pass


def sizes_within_limits(source: Source) -> Iterator[str]:
    lines, most = len(source.text.splitlines()), MOST_LINES[source.area]
    if lines > most:
        yield f"{lines}: the file has more than {most} lines"
    for node in source.nodes:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                most = MOST_LINES_OF_A_FUNCTION
            case ast.ClassDef():
                most = MOST_LINES_OF_A_CLASS[source.area]
            case _:
                continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > most:
            yield f"{node.lineno}: {node.name} has {length} lines, {most} at most"


def module_says_what_it_owns(source: Source) -> Iterator[str]:
    docstring = ast.get_docstring(source.tree) or ""
    first_paragraph = " ".join(docstring.split("\n\n")[0].split())
    if not re.search(r"\w[`\")\]]*\.(?:\s|$)", first_paragraph):
        yield "1: no module docstring whose first sentence ends with a period"


def names_say_something(source: Source) -> Iterator[str]:
    for part in Path(source.path).with_suffix("").parts:
        if part in NAMES_THAT_SAY_NOTHING:
            yield f"1: a module or folder named {part}"


def colours_live_in_the_theme(source: Source) -> Iterator[str]:
    if source.area == APP and source.path != f"{APP}gui/theme.py":
        for line, text in texts_of(source):
            if HEX_COLOUR.search(text):
                yield f"{line}: a colour outside gui/theme.py: {text!r}"


def window_texts_come_from_presentation(source: Source) -> Iterator[str]:
    if not source.path.startswith(f"{APP}gui/"):
        return
    for node in source.nodes:
        if not isinstance(node, ast.Call) or called_name(node) not in SHOWS_TEXT:
            continue
        for argument in node.args:
            if has_letters(argument):
                yield f"{node.lineno}: a literal text in {called_name(node)}()"


def no_path_of_one_machine(source: Source) -> Iterator[str]:
    # Tests may speak of somebody's home as data, the program may not.
    pattern = OWN_MACHINE if source.area == TESTS else SOME_HOME
    for line, text in texts_of(source):
        if pattern.search(text):
            yield f"{line}: an absolute path: {text[:60]!r}"


def exemptions_carry_a_code_and_a_reason(source: Source) -> Iterator[str]:
    if not EXEMPTION.search(source.text):
        # Taking a file apart into tokens takes longer than all other rules together.
        return
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        found = EXEMPTION.search(token.string) if token.type == tokenize.COMMENT else None
        if found and source.path.startswith("tests/gui/") and token.string == PARTLY_TYPED:
            continue
        if found and not REASONED.match(token.string, found.start()):
            yield f"{token.start[0]}: no code or no reason: {token.string}"


def texts_of(source: Source) -> Iterator[tuple[int, str]]:
    """Yield line and value of every string literal that is not a docstring."""
    docstrings = {
        id(node.value)
        for node in source.nodes
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in source.nodes:
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            match node.value:
                case str() as text:
                    yield node.lineno, text
                case _:
                    pass


def called_name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def has_letters(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str() as text):
            return any(character.isalpha() for character in text)
        case ast.JoinedStr(values=parts):
            return any(has_letters(part) for part in parts)
        case _:
            return False


RULES: tuple[Rule, ...] = (
    no_nested_event_loop,
    no_print_and_no_global,
    sizes_within_limits,
    module_says_what_it_owns,
    names_say_something,
    colours_live_in_the_theme,
    window_texts_come_from_presentation,
    no_path_of_one_machine,
    exemptions_carry_a_code_and_a_reason,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_keeps(rule: Rule) -> None:
    broken = [f"{source.path}:{line}" for source in sources() for line in rule(source)]
    assert not broken, "\n" + "\n".join(broken)


OPENING = '"""Says what it owns."""\n'
LONG_FUNCTION = OPENING + "def long() -> None:\n" + "    pass\n" * 60
LONG_CLASS = OPENING + "class Long:\n" + "    x = 1\n" * 300


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (no_nested_event_loop, "app/keyturn/gui/a.py", "dialog.exec()"),
        (no_nested_event_loop, "app/keyturn/gui/a.py", "app.processEvents()"),
        (no_nested_event_loop, "app/keyturn/gui/a.py", "from PySide6.QtCore import QEventLoop"),
        (no_print_and_no_global, "app/keyturn/a.py", "print('x')"),
        (no_print_and_no_global, "app/keyturn/a.py", "def f():\n    global x"),
        (sizes_within_limits, "app/keyturn/a.py", "x = 1\n" * 401),
        (sizes_within_limits, "app/keyturn/a.py", LONG_FUNCTION),
        (sizes_within_limits, "app/keyturn/a.py", LONG_CLASS),
        (module_says_what_it_owns, "app/keyturn/a.py", "x = 1"),
        (module_says_what_it_owns, "app/keyturn/a.py", '"""No full stop"""'),
        (names_say_something, "app/keyturn/utils.py", OPENING),
        (names_say_something, "app/keyturn/core/a.py", OPENING),
        (colours_live_in_the_theme, "app/keyturn/gui/a.py", "x = 'color: #ff0000;'"),
        (window_texts_come_from_presentation, "app/keyturn/gui/a.py", "label.setText('Allow')"),
        (window_texts_come_from_presentation, "app/keyturn/gui/a.py", "QLabel(f'{n} waiting')"),
        (no_path_of_one_machine, "app/keyturn/a.py", "x = '/ho" + "me/ana/x'"),
        (no_path_of_one_machine, "tests/a.py", "x = '/wo" + "rk/x'"),
        (exemptions_carry_a_code_and_a_reason, "tests/a.py", "x = 1  # noqa"),
        (exemptions_carry_a_code_and_a_reason, "tests/a.py", "x = 1  # noqa: E501"),
        (exemptions_carry_a_code_and_a_reason, "tests/a.py", "x = 1  # type: ignore  # it lies"),
    ],
)
def test_a_rule_sees_a_fault(rule: Rule, path: str, text: str) -> None:
    assert list(rule(parse(path, text)))


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (no_nested_event_loop, "app/keyturn/gui/a.py", "connection.execute('select 1')"),
        (colours_live_in_the_theme, "app/keyturn/gui/theme.py", "x = '#ff0000'"),
        (colours_live_in_the_theme, "app/keyturn/a.py", '"""Colour #ff0000."""'),
        (window_texts_come_from_presentation, "app/keyturn/gui/a.py", "label.setText(words('a'))"),
        (window_texts_come_from_presentation, "app/keyturn/gui/a.py", "label.setText('·')"),
        (no_path_of_one_machine, "tests/a.py", "x = 'file:///home/ana/x'"),
        (
            exemptions_carry_a_code_and_a_reason,
            "tests/a.py",
            "x = 1  # pyright: ignore[reportPrivateUsage]  # the library has no public way",
        ),
    ],
)
def test_a_rule_leaves_sound_code_alone(rule: Rule, path: str, text: str) -> None:
    assert not list(rule(parse(path, text)))
