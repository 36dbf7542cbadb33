"""What a text is taken for: by its file, by its lines, by the tool's name, in that order."""

import pytest

from keyturn.domain.result_controls import Profile
from keyturn.inspection.profiles.dispatch import ToolFacts, profile_of

LOG = "2026-11-29T10:00:01Z INFO one\n2026-11-29T10:00:02Z INFO two\n"


@pytest.mark.parametrize(
    ("path", "profile"),
    [
        ("a/app.log", Profile.LOG),
        ("a/.env", Profile.CONFIG),
        ("a/.env.local", Profile.CONFIG),
        ("A\\B.YAML", Profile.CONFIG),
        ("x/y.py", Profile.SOURCE),
        ("rows.csv", Profile.SQL),
        ("README", Profile.LOG),
    ],
)
def test_a_file_is_what_its_name_says_and_else_what_it_holds(path: str, profile: Profile) -> None:
    assert profile_of(LOG, ToolFacts(path=path)) is profile


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        (LOG, Profile.LOG),
        ("A=1\nB=2\nC=3\n", Profile.CONFIG),
        ("a:\n  b: 1\n  c: 2\n", Profile.CONFIG),
        ('{"a": 1}', Profile.CONFIG),
        ('[{"a": 1}, {"a": 2}]', Profile.SQL),
        ("[1, 2]", Profile.NONE),
        ("id,name\n1,bob\n2,eve\n", Profile.SQL),
        (" a | b\n---+---\n 1 | 2\n", Profile.SQL),
        ("import os\n\ndef f():\n    return 1\n", Profile.SOURCE),
        ("Dear Bob,\nthe lorry is late again.\n", Profile.NONE),
        ("", Profile.NONE),
    ],
)
def test_lines_tell_what_a_text_is(text: str, profile: Profile) -> None:
    assert profile_of(text, ToolFacts()) is profile


def test_a_tools_name_decides_only_where_nothing_else_does() -> None:
    prose = "Dear Bob,\nthe lorry is late again.\n"
    assert profile_of(prose, ToolFacts(tool="read_logs")) is Profile.LOG
    assert profile_of(prose, ToolFacts(tool="runQuery")) is Profile.SQL
    assert profile_of(LOG, ToolFacts(tool="runQuery")) is Profile.LOG
