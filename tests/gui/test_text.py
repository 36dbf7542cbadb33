"""Text of agents and servers is drawn as plain text, whole, and copied as it is."""

# pyright: reportUnknownMemberType=false
# pytest-qt's key and mouse methods are untyped.
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from keyturn.gui.look import Look
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import Ink, diff_runs, plain_runs, value_runs
from keyturn.gui.theme import Type
from keyturn.gui.widgets.text import Text, ValueText
from keyturn.presentation.card import TracedSpan
from tests.gui.scenes import let_go

pytestmark = pytest.mark.gui
HOSTILE = (
    "<b>Allow</b> &amp; <img src=x onerror=1>",
    "<a href='https://x'>click</a>",
    "\u202eevil\u202c \u200b\u2066x\u2069",
    "&Allow && Deny",
    "a\x00b\x1b[31mred\x07",
    "line\nbreak\r\nand\ttab",
    "[x](javascript:alert(1)) **bold** `code`",
)
SAME_LOOK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_label_says_exactly_what_it_was_given(qtbot: QtBot, look: Look, text: str) -> None:
    label = Text(look, Type.BODY, wrap=True)
    qtbot.addWidget(label)
    label.say(text)
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert label.text() == text


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_copied_is_the_true_text(qtbot: QtBot, look: Look, text: str) -> None:
    value = ValueText(look, Type.VALUE)
    qtbot.addWidget(value)
    value.resize(200, 200)
    value.say(text)
    value.select_all()
    qtbot.keyClick(value, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == text
    assert value.selected_text() == text


@SAME_LOOK
@given(text=st.text(), width=st.integers(min_value=20, max_value=600))
def test_every_flow_gives_its_text_back(look: Look, text: str, width: int) -> None:
    half = len(text) // 2
    span = (TracedSpan(start=half // 2, end=half),) if half else ()
    for runs in (
        plain_runs(text, look.words),
        value_runs(text, span, look.words),
        diff_runs(text, ((half // 2, half),) if half else (), look.words),
    ):
        flow = TextFlow(runs, Type.VALUE, look.theme).lay_out(width)
        assert flow.source(0, flow.length) == text
        assert flow.height == flow.line_count * look.theme.line(Type.VALUE)


@SAME_LOOK
@given(text=st.text(alphabet="abc \u200b\u202e-", min_size=1), width=st.integers(60, 400))
def test_no_line_is_wider_than_its_room(look: Look, text: str, width: int) -> None:
    flow = TextFlow(plain_runs(text, look.words), Type.VALUE, look.theme).lay_out(width)
    assert flow.used_width <= width + 1


def test_a_hidden_character_is_a_box_with_its_name(look: Look) -> None:
    runs = plain_runs("pay\u202eyap", look.words)
    assert [(run.ink, run.shown) for run in runs] == [
        (Ink.PLAIN, "pay"),
        (Ink.MARK, "U+202E right-to-left override"),
        (Ink.PLAIN, "yap"),
    ]


def test_a_traced_span_keeps_its_marks(look: Look) -> None:
    runs = value_runs("ab\u200bcd", (TracedSpan(start=1, end=4),), look.words)
    assert [run.ink for run in runs] == [Ink.PLAIN, Ink.TRACED, Ink.MARK, Ink.TRACED, Ink.PLAIN]
    assert "".join(run.source for run in runs) == "ab\u200bcd"


def test_a_letter_of_another_script_stays_whole(look: Look) -> None:
    (run,) = plain_runs("שלום 👩‍👩‍👧 é", look.words)
    assert run.ink is Ink.PLAIN


def test_a_label_grows_with_its_words_and_never_cuts_them(qtbot: QtBot, look: Look) -> None:
    label = Text(look, Type.BODY, wrap=True)
    qtbot.addWidget(label)
    label.say("word " * 200)
    assert label.heightForWidth(200) > label.heightForWidth(600)
    flow = TextFlow(plain_runs("word " * 200, look.words), Type.BODY, look.theme).lay_out(200)
    assert label.heightForWidth(200) == flow.height


def test_every_line_of_a_centred_text_is_centred(look: Look) -> None:
    """Not the block of them alone: a short last line at its left edge looks like a mistake."""
    text = Text(look, Type.BODY, align=Qt.AlignmentFlag.AlignHCenter, wrap=True)
    text.say("A first line that is as long as the room for it. Short")
    text.resize(300, text.heightForWidth(300))
    image = text.grab().toImage()
    assert text.flow().line_count == 2
    half = image.height() // 2
    ground = image.pixel(0, 0)
    for top, bottom in ((0, half), (half, image.height())):
        inked = [
            x
            for x in range(image.width())
            if any(image.pixel(x, y) != ground for y in range(top, bottom))
        ]
        assert abs(inked[0] - (image.width() - 1 - inked[-1])) <= 8
    let_go(text)
