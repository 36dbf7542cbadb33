"""Rules as text: read by FILE's own reader they are the same, and nothing in them is hidden."""

import tomllib
from pathlib import Path

import pytest

from keyturn.application.configuration_file import read_file_content
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.rule_life import RuleLimits, Window
from keyturn.presentation.rule_text import rules_text
from keyturn.presentation.words import Words
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")
RULES = (
    Rule(
        id="r-1",
        effect=Effect.ALLOW,
        agent="analyst",
        server="ship",
        tool="send_*",
        name='A "name"\\ with\nlines',
        when=(
            Condition(path="/to", op=Operator.IN, value=["a\u202eb", 1, 1.5, 1e22, True]),
            Condition(path="/cc", op=Operator.HAS, value=False),
            Condition(path="/x", op=Operator.EQ, value={"a b": {"c": "😀\x7f\x00"}}),
        ),
        limits=RuleLimits(uses=3, until="2026-12-24T18:00:00.000Z", touches_per_call=5),
    ),
    Rule(
        id="r-2",
        effect=Effect.DENY,
        kind=Kind.READ,
        enabled=False,
        never=True,
        during=(Window(begins="2026-12-20T18:00:00.000Z", ends="2027-01-02T08:00:00.000Z"),),
    ),
)


@pytest.mark.requirement("RULE-TEXT")
def test_what_is_written_is_read_as_the_same_rules() -> None:
    text = rules_text(reversed(RULES), WORDS)
    read = read_file_content(tomllib.loads(text), Path("/srv"))
    assert read.policy.rules == RULES
    assert all(char.isprintable() or char == "\n" for char in text)
    assert "# analyst may use any tool named like send_* with ship without asking." in text
    assert rules_text((), WORDS).count("\n") == 1


def test_what_toml_cannot_say_is_refused_by_its_name() -> None:
    rule = Rule(
        id="r-null",
        effect=Effect.ALLOW,
        when=(Condition(path="/a", op=Operator.EQ, value=None),),
    )
    with pytest.raises(ConfigurationError, match="r-null"):
        rules_text((rule,), WORDS)
