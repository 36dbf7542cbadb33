"""The form's words become exactly what is started, or a sentence that says why not."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.configuration import RemoteTransport
from keyturn.presentation.server_form import ReadServer, TypedServer, read_server
from keyturn.presentation.words import Words

WORDS = Words(Path(__file__).parents[3] / "resources" / "translations")
WORD = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)


URL = "https://clock.example/mcp"


def read(**typed: Any) -> ReadServer:
    """Read a form that is complete but for what is given."""
    fields: dict[str, Any] = {"name": "clock", "command": "clock"} | typed
    return read_server(TypedServer(**fields), {"time"}, WORDS)


def test_a_complete_form_has_no_fault() -> None:
    made = read(command="uvx 'a b' \"c\"", variables="A=1\n\nB=keychain:x", environment="qa")
    assert made.faults == ()
    assert made.argv == ("uvx", "a b", "c")
    assert made.env == {"A": "1", "B": "keychain:x"}
    assert made.environment == "qa"


@pytest.mark.parametrize(
    "typed",
    [
        {"name": ""},
        {"name": "a b"},
        {"name": "../x"},
        {"name": ".x"},
        {"name": "x" * 65},
        {"name": "time"},
        {"command": ""},
        {"command": "''"},
        {"command": "a 'b"},
        {"variables": "NOVALUE"},
        {"variables": "1A=x"},
        {"variables": "A=1\nA=2"},
        {"variables": "A=keychain:"},
        {"variables": "A=keychain:a/b"},
        {"environment": "a b"},
        {"command": "http://clock.example/mcp"},
        {"command": "https://"},
        {"command": "https://clock.example:x/"},
        {"command": "https://clock.example/a b"},
        {"command": "https://me:secret@clock.example/"},
        {"command": URL, "variables": "NOVALUE"},
        {"command": URL, "variables": "Host=other.example"},
        {"command": URL, "variables": "Mcp-Session-Id=1"},
        {"command": URL, "variables": "X-Key=\u2028"},
        {"command": URL, "variables": "X-Key=1\nx-key=2"},
        {"command": URL, "variables": "X-Key=keychain:a/b"},
    ],
)
def test_each_fault_is_a_sentence(typed: dict[str, str]) -> None:
    (fault,) = read(**typed).faults
    assert fault.endswith(".")


@given(words=st.lists(WORD, min_size=1, max_size=5))
def test_every_command_can_be_typed_and_nothing_is_expanded(words: list[str]) -> None:
    made = read(command=shlex.join(words))
    assert made.argv == tuple(words)


def test_what_a_shell_would_expand_is_passed_on_and_said_so() -> None:
    made = read(command="clock $HOME *.txt `id`")
    assert made.argv == ("clock", "$HOME", "*.txt", "`id`")
    assert made.faults == ()
    assert len(made.notes) == 1


def test_a_value_keeps_its_spaces_and_equals_signs() -> None:
    assert read(variables="A= x = y ").env == {"A": " x = y "}


def test_what_begins_like_an_address_is_one_and_its_values_are_headers() -> None:
    made = read(command=f" {URL} ", variables="Authorization=keychain:clock\nX-Team=qa")
    assert made.faults == ()
    assert (made.argv, dict(made.env)) == ((), {})
    assert (made.url, made.transport) == (URL, RemoteTransport.HTTP)
    assert made.headers == {"Authorization": "keychain:clock", "X-Team": "qa"}
    assert read(command=URL, older=True).transport is RemoteTransport.SSE
    assert read(command="HTTP://localhost:8000/sse").faults == ()


def test_a_command_that_only_names_an_address_is_a_command() -> None:
    made = read(command=f"bridge {URL}", older=True)
    assert (made.argv, made.url) == (("bridge", URL), "")
