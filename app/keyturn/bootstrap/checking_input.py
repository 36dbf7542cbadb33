"""`keyturn check-input` put together: a host's hook, the broker or else the checks themselves.

It runs at every text that a person sends, so nothing is loaded that this text does not need.
"""

import os
import shlex
import sys
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

import msgspec

from keyturn.bootstrap import LONGEST_HOOK_INPUT, ProfileChoice
from keyturn.desktop.control_client import ask_broker
from keyturn.desktop.paths import locate_profile
from keyturn.desktop.places import broker_socket
from keyturn.desktop.resources import find_resources
from keyturn.domain.canonical import JsonObject
from keyturn.domain.errors import KeyturnError
from keyturn.domain.typed import InputFinding, InputHost, InputPolicy
from keyturn.hosts.prompt_hook import HookAnswer, PromptHook, UnreadableInput

if TYPE_CHECKING:
    from keyturn.inspection.input_check import TextCheck
    from keyturn.presentation.words import Words

LONGEST_SENT = 64 * 1024
"""Characters that the broker takes; a test holds it against the broker's own figure."""
_MODULES = {
    InputHost.CLAUDE_CODE: "claude_code",
    InputHost.CURSOR: "cursor",
    InputHost.GEMINI: "gemini_cli",
    InputHost.PLAIN: "plain",
}


class LateTextCheck:
    """`InputCheck` whose lists are read when the first text comes."""

    def findings(self, text: str) -> tuple[InputFinding, ...]:
        """Return what a text holds."""
        return _text_check().findings(text)


def check_hook_input(
    choice: ProfileChoice, host: InputHost, raw: bytes, policy: InputPolicy
) -> HookAnswer:
    """Check what a hook handed over, answer in its host's form; what is unchecked is kept back."""
    hook = _hook_of(host)
    if len(raw) > LONGEST_HOOK_INPUT:
        return hook.block(_words()("input.too_long"))
    try:
        text = hook.text_of(raw)
    except UnreadableInput:
        return hook.block(_words()("input.unreadable"))
    try:
        findings, note = _findings(choice, host, text)
    except KeyturnError:
        return hook.block(_words()("input.failed"))
    if any(map(policy.blocks, findings)):
        from keyturn.presentation.input_sentences import kept_back

        return hook.block(kept_back(findings, policy, _words()))
    if not findings and not note:
        return hook.warn("")
    from keyturn.presentation.input_sentences import let_go

    said = (let_go(findings, _words()), _words()(note) if note else "")
    return hook.warn(" ".join(filter(None, said)))


def print_hook(choice: ProfileChoice, host: InputHost) -> tuple[str, str]:
    """Return a sentence that says where the snippet belongs, and the snippet."""
    hook = _hook_of(host)
    words = [sys.executable, "-I", "-m", "keyturn", "check-input", "--host", host.value]
    words += ["--profile", choice.name] if choice.name else []
    words += ["--home", choice.home] if choice.home else []
    where = _words()("input.snippet", file=hook.file) if hook.file else ""
    return where, hook.snippet(shlex.join(words))


def _hook_of(host: InputHost) -> PromptHook:
    return cast("PromptHook", import_module(f"keyturn.hosts.{_MODULES[host]}").HOOK)


def _findings(
    choice: ProfileChoice, host: InputHost, text: str
) -> tuple[tuple[InputFinding, ...], str]:
    """Return what was found, and the key of what a person should know about how."""
    answer = _asked(choice, host, text)
    whole = len(text) <= LONGEST_SENT
    taken = answer is not None and answer.get("ok") is True
    if answer is not None and taken and whole:
        return _told(answer), ""
    note = "" if taken else "input.not_running" if answer is None else "input.not_taken"
    return _text_check().findings(text), note


def _asked(choice: ProfileChoice, host: InputHost, text: str) -> JsonObject | None:
    """Have the broker look at the text, and remember it; None when none answers."""
    part = text[:LONGEST_SENT]
    try:
        # Half a surrogate pair is in no strict JSON; the checks here know it for a hidden one.
        part.encode()
    except UnicodeEncodeError:
        return {"ok": False}
    profile = locate_profile(choice.env, name=choice.name, home=choice.home)
    request: JsonObject = {"control": "check_input", "host": host.value, "text": part}
    if len(part) < len(text):
        request["cut"] = True
    try:
        return ask_broker(broker_socket(profile, choice.env), request)
    except KeyturnError:
        return None


def _told(answer: JsonObject) -> tuple[InputFinding, ...]:
    try:
        return msgspec.convert(answer.get("findings"), tuple[InputFinding, ...])
    except msgspec.ValidationError as error:
        raise KeyturnError("The broker's answer makes no sense.") from error


@cache
def _text_check() -> "TextCheck":
    from keyturn.inspection.input_check import TextCheck
    from keyturn.inspection.look_alikes import read_alphabet
    from keyturn.inspection.wording import read_suspicious_words

    resources = find_resources()
    alphabet = read_alphabet(resources / "alike_letters.toml", frozenset())
    return TextCheck(read_suspicious_words(resources / "suspicious_words.toml", alphabet.drawn))


@cache
def _words() -> "Words":
    from keyturn.bootstrap.spoken import spoken_words

    return spoken_words(os.environ)
