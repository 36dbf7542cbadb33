"""Rules from a file are proposed and nothing more; what is written is read as the same rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from keyturn.application.proposed_rules import ProposeRules
from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.rule_data import rule_from_data
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.gui.rules.presenter import RulesPresenter
from keyturn.gui.rules.view import RulesView
from keyturn.gui.sending import IntentSender
from keyturn.presentation.rules_builder import RulesBuilder, read_rules
from tests.gui import pages_data as data
from tests.gui.scenes import let_go
from tests.gui.spy_bridge import SpyBridge

pytestmark = [
    pytest.mark.gui,
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]


@dataclass(frozen=True, slots=True)
class Scene:
    """The page, filled."""

    bridge: SpyBridge
    view: RulesView


@pytest.fixture
def scene(look: Look) -> Iterator[Scene]:
    """Return the page."""
    bridge = SpyBridge()
    builder = RulesBuilder(look.words)
    view = RulesView(look, builder.effects())
    presenter = RulesPresenter(
        bridge=bridge,
        sender=IntentSender(bridge),
        view=view,
        builder=builder,
        words=look.words,
    )
    bridge.tell(data.STATE)
    view.show()
    yield Scene(bridge, view)
    presenter.close()
    let_go(view)


@pytest.mark.requirement("RULE-IMPORT", "RULE-TEXT", "LAW-4")
def test_what_was_written_is_read_and_only_proposed(scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    scene.view.ways.place_chosen.emit(str(file))
    assert scene.view.note.outcome is Outcome.DONE
    assert scene.bridge.sent == []
    scene.view.ways.file_chosen.emit(str(file))
    [message] = scene.bridge.sent
    assert isinstance(message, ProposeRules)
    parsed = parse_strict(message.data)
    assert isinstance(parsed, Parsed)
    assert isinstance(parsed.value, list)
    rules = [rule_from_data(row) for row in parsed.value if isinstance(row, dict)]
    known = [one.rule for one in read_rules(data.RULES)]
    assert sorted(rules, key=lambda rule: rule.id) == sorted(known, key=lambda rule: rule.id)
    scene.bridge.answer()
    assert "waits above the list" in scene.view.note.sentence


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"[[rules", "no TOML"),
        (b"\xff", "cannot be read"),
        (b'[[rules]]\neffect = "maybe"', "effect"),
        (b"#" * (1024 * 1024 + 1), "longer"),
    ],
)
def test_what_is_no_file_of_rules_is_said(
    scene: Scene, tmp_path: Path, text: bytes, told: str
) -> None:
    file = tmp_path / "rules.toml"
    file.write_bytes(text)
    scene.view.ways.file_chosen.emit(str(file))
    assert scene.bridge.sent == []
    assert scene.view.note.outcome is Outcome.FAILED
    assert told in scene.view.note.sentence


def test_a_place_that_cannot_be_written_is_said(scene: Scene, tmp_path: Path) -> None:
    scene.view.ways.place_chosen.emit(str(tmp_path / "none" / "rules.toml"))
    assert scene.view.note.outcome is Outcome.FAILED


def test_each_button_opens_a_dialog_and_waits_for_it(scene: Scene) -> None:
    for button in (scene.view.ways.take_in, scene.view.ways.write_out):
        button.click()
        dialog = scene.view.ways.findChild(QFileDialog)
        assert dialog is not None
        assert dialog.isVisible()
        dialog.reject()
        dialog.setParent(None)
    assert scene.bridge.sent == []
