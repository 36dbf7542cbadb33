"""Which file a call asks for, as its arguments say."""

import pytest

from keyturn.application.asked_paths import asked_path
from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonObject


def call(arguments: JsonObject) -> ToolCall:
    """Make a call."""
    return ToolCall(
        agent="a",
        session="s",
        server="files",
        launch_hash="",
        tool="read",
        def_hash="",
        params={"name": "read", "arguments": arguments},
    )


@pytest.mark.requirement("RESULT-ROWS")
@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"path": "a/.env"}, "a/.env"),
        ({"file_path": "x.log", "command": "cat y.py"}, "x.log"),
        ({"fileName": "x.log"}, "x.log"),
        ({"command": "cat 'config/.env' | grep PASS"}, "config/.env"),
        ({"cmd": "ls -la --sort=x.y ..."}, "x.y"),
        ({"command": "ls"}, ""),
        ({"command": "tail -n.5"}, ""),
        ({"path": 5}, ""),
        ({"path": ["a"], "file": "b.csv"}, "b.csv"),
        ({}, ""),
    ],
)
def test_it_is_read_from_the_arguments(arguments: JsonObject, path: str) -> None:
    assert asked_path(call(arguments)) == path


def test_it_is_bounded() -> None:
    assert len(asked_path(call({"path": "x" * 100_000}))) == 1_000
