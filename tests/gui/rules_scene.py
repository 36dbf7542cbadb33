"""Scenes of the rules' page that show what a rule is made and asked with."""

from keyturn.domain.rule import Effect
from keyturn.gui.main_window import MainWindow, Page
from keyturn.presentation.rule_drafts import RuleDraft
from keyturn.presentation.typed_conditions import TypedCondition
from tests.gui.gallery_pages_scenes import Scene, framed, rules
from tests.gui.gallery_scenes import Studio


def rules_conditions(studio: Studio) -> MainWindow:
    """A rule bounded by its arguments, one test of which cannot be read."""
    _, view, presenter = rules(studio)
    presenter.start_rule(
        RuleDraft(
            effect=Effect.ALLOW,
            agent="coder",
            server="filesystem",
            tool="write_file",
            when=(
                TypedCondition(path="/path", test="path_under", value="/srv/reports"),
                TypedCondition(path="/content", test="len_le", value="many"),
                TypedCondition(path="/note", test="has_not"),
            ),
        )
    )
    window = framed(Page.RULES, view, studio)
    window.resize(1280, 1300)
    return window


RULES_SCENES: dict[str, Scene] = {"rules-conditions": rules_conditions}
