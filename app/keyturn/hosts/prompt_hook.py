"""Owns the shape of a host's hook on what a person typed: read, answer, and how it is wired."""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

from keyturn.domain.typed import InputHost


class UnreadableInput(Exception):
    """What the host handed over is not what its hook promises."""


class HookAnswer(NamedTuple):
    """What the command says and how it ends."""

    out: str = ""
    """To stdout, which hosts read as JSON."""
    err: str = ""
    code: int = 0


class PromptHook(NamedTuple):
    """One host's hook."""

    host: InputHost
    text_of: Callable[[bytes], str]
    """Take the typed text out of stdin; raises UnreadableInput."""
    block: Callable[[str], HookAnswer]
    """Keep the text from the model and tell the person this sentence."""
    warn: Callable[[str], HookAnswer]
    """Let it go and tell the person, where the host shows that; an empty sentence says nothing."""
    file: str
    """Where the person puts the snippet; empty where there is no such file."""
    snippet: Callable[[str], str]
    """The configuration that calls a command line."""


BLOCKED = 2
"""Exit code by which every host that has one keeps a prompt back."""


def prompt_in(raw: bytes) -> str:
    """Return the member `prompt` of a JSON object, as all hosts with JSON name it."""
    try:
        said: object = json.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as error:
        raise UnreadableInput from error
    members = cast("dict[str, object]", said) if isinstance(said, dict) else {}
    text = members.get("prompt")
    if not isinstance(text, str):
        raise UnreadableInput
    return text


def json_answer(members: Mapping[str, object]) -> HookAnswer:
    """Answer with one JSON object and nothing else."""
    return HookAnswer(out=json.dumps(members) + "\n")


def laid_out(configuration: Mapping[str, object]) -> str:
    """Write a configuration as a person would paste it."""
    return json.dumps(configuration, indent=2) + "\n"
