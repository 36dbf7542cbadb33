"""`keyturn agent list`: who is enrolled, and what each sees."""

import argparse
from typing import Any

import pytest

from keyturn import bootstrap
from keyturn.cli import agent
from keyturn.domain.canonical import JsonObject

ROW: JsonObject = {
    "name": "analyst",
    "enrolled_at": "2026-11-23",
    "sees": None,
    "profiles_only": False,
    "profile": "",
    "until": "",
}


def printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, row: JsonObject
) -> list[str]:
    def stored(_choice: object) -> list[JsonObject]:
        return [row]

    def no_broker(_choice: object, _request: object) -> None:
        return None

    monkeypatch.setattr(bootstrap, "stored_agents", stored)
    monkeypatch.setattr(bootstrap, "ask_broker", no_broker)
    assert agent.run(argparse.Namespace(verb="list", profile=None)) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == "analyst  enrolled 2026-11-23"
    return [line.strip() for line in rest]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, []),
        ({"sees": []}, ["sees nothing"]),
        ({"sees": ["a/*", "read b/c"]}, ["sees a/*", "sees read b/c"]),
        ({"profiles_only": True}, ["sees nothing while no profile is on"]),
        (
            {"profile": "Release", "until": "2026-11-23T15:00:00.000Z"},
            ["profile Release, until 2026-11-23T15:00:00.000Z"],
        ),
        ({"profile": "Release"}, ["profile Release, its time is over"]),
        ({"sees": ["a/\x1b[2J"]}, ["sees a/\\x1b[2J"]),
    ],
)
def test_what_an_agent_sees_is_listed_below_it(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    lines: list[str],
) -> None:
    assert printed(capsys, monkeypatch, {**ROW, **changes}) == lines


def test_a_proposed_agent_is_listed_as_that(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stored(_choice: object) -> list[JsonObject]:
        return []

    def status(_choice: object, request: JsonObject) -> JsonObject:
        assert request == {"control": "status"}
        return {"ok": True, "proposed_agents": ["coder", "x\x1b[2J"]}

    monkeypatch.setattr(bootstrap, "stored_agents", stored)
    monkeypatch.setattr(bootstrap, "ask_broker", status)
    assert agent.run(argparse.Namespace(verb="list", profile=None)) == 0
    assert capsys.readouterr().out == "coder  (proposed)\nx\\x1b[2J  (proposed)\n"
