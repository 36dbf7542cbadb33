"""`keyturn server add`: what is proposed is what was typed, the command's own options included."""

import argparse

import pytest

from keyturn import bootstrap
from keyturn.cli import server
from keyturn.domain.canonical import JsonObject
from keyturn.domain.errors import ConfigurationError

URL = "https://tracker.example/mcp"


@pytest.fixture
def proposed(monkeypatch: pytest.MonkeyPatch) -> list[JsonObject]:
    """What the broker was asked."""
    seen: list[JsonObject] = []

    def ask(_choice: object, request: JsonObject) -> JsonObject:
        seen.append(request)
        return {"ok": True}

    monkeypatch.setattr(bootstrap, "ask_broker", ask)
    return seen


def add(*words: str) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--profile")
    parser.add_argument("--home")
    server.add_arguments(parser)
    return server.run(parser.parse_args(["add", *words]))


@pytest.mark.parametrize(
    ("words", "command", "env"),
    [
        (("files", "npx", "-y", "@x/files", "--flag", "~/a"), "npx -y @x/files --flag ~/a", {}),
        (("files", "--", "npx", "-y"), "npx -y", {}),
        (("files", "--env", "A=1", "npx", "--env", "B=2"), "npx --env B=2", {"A": "1"}),
        (("--env", "A=1", "files", "--env=B=2", "--", "--odd"), "--odd", {"A": "1", "B": "2"}),
    ],
)
def test_a_command_is_proposed_with_its_own_options(
    words: tuple[str, ...], command: str, env: dict[str, str], proposed: list[JsonObject]
) -> None:
    assert add(*words) == 0
    (request,) = proposed
    assert (request["name"], request["command"]) == ("files", command.split())
    assert (request["env"], request["url"], request["headers"]) == (env, "", {})


def test_an_address_is_proposed_with_its_headers(proposed: list[JsonObject]) -> None:
    assert add("tracker", "--url", URL, "--transport", "sse", "--header", "A=keychain:t") == 0
    (request,) = proposed
    assert (request["command"], request["url"], request["transport"]) == ([], URL, "sse")
    assert request["headers"] == {"A": "keychain:t"}


@pytest.mark.parametrize("words", [("--nonesuch", "1"), ("--env",), ("--transport", "ws")])
def test_an_option_that_is_none_is_refused(
    words: tuple[str, ...], proposed: list[JsonObject]
) -> None:
    with pytest.raises(SystemExit):
        add("files", *words)
    with pytest.raises(ConfigurationError):
        add("files", "--env", "NOVALUE", "npx")
    assert proposed == []
