"""What agents and servers call themselves does nothing to a terminal or a spreadsheet."""

import argparse
import csv
import io
import json

import pytest

from keyturn import bootstrap
from keyturn.cli import history
from keyturn.cli.replies import plain
from keyturn.domain.canonical import JsonObject

POISON = "\x1b]0;ok\x07\x1b[2J\u009b31m\u202elle\u200b\r\npay"


def row(**changes: str) -> JsonObject:
    plain_row: JsonObject = {name: name for name in history.COLUMNS}
    return {**plain_row, "number": 1, "delivery": "", **changes}


def printed(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    rows: list[JsonObject],
    **flags: bool,
) -> str:
    def read_history(*_args: object, limit: int) -> list[JsonObject]:
        return rows[:limit]

    monkeypatch.setattr(bootstrap, "read_history", read_history)
    options: dict[str, object] = {"json": False, "csv": False, "limit": 5, "filters": [], **flags}
    assert history.run(argparse.Namespace(**options)) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("form", ["", "json", "csv"])
@pytest.mark.parametrize("column", ["agent", "server", "tool"])
def test_history_prints_no_control_of_an_agents(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, form: str, column: str
) -> None:
    flags = {form: True} if form else {}
    text = printed(capsys, monkeypatch, [row(**{column: POISON})], **flags)
    assert text.replace("\r\n", "").replace("\n", "").isprintable()
    assert text.count("\n") == (2 if form == "csv" else 1)
    if form == "json":
        assert json.loads(text)[column] == POISON


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b"])
def test_no_cell_begins_a_formula(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    text = printed(capsys, monkeypatch, [row(tool=f"{start}cmd|' /C calc'!A0")], csv=True)
    cells = list(csv.reader(io.StringIO(text)))[1]
    assert cells[history.COLUMNS.index("tool")].startswith("'")


def test_plain_keeps_what_people_write() -> None:
    assert plain("Grüße, 日本") == "Grüße, 日本"
    assert plain(None) == "None"
