"""What each host hands over and takes, as its own reference says."""

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.typed import InputHost
from keyturn.hosts import claude_code, cursor, gemini_cli, plain
from keyturn.hosts.prompt_hook import PromptHook, UnreadableInput
from tests.sources import ROOT

HOOKS = {hook.host: hook for hook in (m.HOOK for m in (claude_code, cursor, gemini_cli, plain))}
WITH_JSON = [hook for hook in HOOKS.values() if hook.host is not InputHost.PLAIN]
COMMAND = "/opt/keyturn/python -I -m keyturn check-input --host x"
SENTENCE = "Keyturn kept this text from the model."


def said(answer_out: str) -> Any:
    return json.loads(answer_out)


def test_every_host_has_one_adapter() -> None:
    assert set(HOOKS) == set(InputHost)


@pytest.mark.requirement("INPUT-7")
@pytest.mark.parametrize("hook", WITH_JSON, ids=lambda hook: hook.host.value)
@given(prompt=st.text())
def test_the_prompt_is_read_as_it_was_typed(hook: PromptHook, prompt: str) -> None:
    handed = {"session_id": "s", "cwd": "/srv", "hook_event_name": "x", "prompt": prompt, "new": 1}
    assert hook.text_of(json.dumps(handed).encode()) == prompt


@pytest.mark.requirement("INPUT-7")
@pytest.mark.parametrize("hook", WITH_JSON, ids=lambda hook: hook.host.value)
@pytest.mark.parametrize(
    "raw",
    [b"", b"text", b"[]", b"{}", b'{"prompt": 7}', b'{"prompt": null}', b"\xff", b"[" * 100_000],
)
def test_what_is_no_prompt_is_not_guessed_at(hook: PromptHook, raw: bytes) -> None:
    with pytest.raises(UnreadableInput):
        hook.text_of(raw)


@given(st.binary())
def test_plain_text_is_read_whatever_it_is(raw: bytes) -> None:
    assert HOOKS[InputHost.PLAIN].text_of(raw).encode("utf-8", "surrogateescape") == raw


@pytest.mark.requirement("INPUT-7")
def test_each_host_is_told_to_keep_a_prompt_back_in_its_own_form() -> None:
    claude = HOOKS[InputHost.CLAUDE_CODE].block(SENTENCE)
    assert (claude.code, claude.err) == (0, "")
    assert said(claude.out)["decision"] == "block"
    assert said(claude.out)["reason"] == SENTENCE
    assert said(claude.out)["hookSpecificOutput"]["suppressOriginalPrompt"] is True
    assert said(HOOKS[InputHost.CURSOR].block(SENTENCE).out) == {
        "continue": False,
        "user_message": SENTENCE,
    }
    assert said(HOOKS[InputHost.GEMINI].block(SENTENCE).out) == {
        "decision": "deny",
        "reason": SENTENCE,
    }
    assert HOOKS[InputHost.PLAIN].block(SENTENCE) == ("", SENTENCE + "\n", 2)


@pytest.mark.requirement("INPUT-7")
@pytest.mark.parametrize("hook", HOOKS.values(), ids=lambda hook: hook.host.value)
@pytest.mark.parametrize("sentence", ["", SENTENCE])
def test_a_text_that_goes_on_never_looks_like_one_that_is_kept_back(
    hook: PromptHook, sentence: str
) -> None:
    answer = hook.warn(sentence)
    members: dict[str, Any] = said(answer.out) if answer.out else {}
    assert answer.code == 0
    assert "decision" not in members
    assert members.get("continue", True) is True
    assert (sentence in answer.err or sentence in members.values()) or not sentence


@pytest.mark.requirement("INPUT-8")
@pytest.mark.parametrize("hook", WITH_JSON, ids=lambda hook: hook.host.value)
def test_a_snippet_calls_the_command_and_fails_closed_where_the_host_can(hook: PromptHook) -> None:
    snippet = hook.snippet(COMMAND)
    assert f'"{COMMAND}"' in snippet
    text = json.dumps(said(snippet))
    closed = {InputHost.CLAUDE_CODE: '"onFailure": "block"', InputHost.CURSOR: '"failClosed": true'}
    assert closed.get(hook.host, "") in text
    assert hook.file.startswith("~/")


def test_the_names_of_hosts_have_words_for_the_card() -> None:
    phrases = tomllib.loads((ROOT / "resources/translations/en/phrases.toml").read_text())
    for host in InputHost:
        assert f"typed_in_{host.value.replace('-', '_')}" in phrases
