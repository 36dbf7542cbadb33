"""Owns the form of Claude Code's hook `UserPromptSubmit`.

Source: Claude Code's hooks reference (docs.claude.com, "Hooks reference", of 2026-10). stdin is
`{session_id, transcript_path, cwd, hook_event_name, prompt}`; `{"decision": "block", "reason"}`
keeps the prompt back and shows the reason to the person, `suppressOriginalPrompt` does not repeat
it, `systemMessage` is shown to the person. Exit code 2 blocks too.

It fails open: a time-out (30 s unless set) and every other exit code let the prompt through, unless
`"onFailure": "block"` is set, which is known from 2.1.295. It runs for scheduled tasks and messages
of other sessions, too, which nobody typed. A blocked prompt stays in the transcript file.
"""

from keyturn.domain.typed import InputHost
from keyturn.hosts.prompt_hook import HookAnswer, PromptHook, json_answer, laid_out, prompt_in

_EVENT = "UserPromptSubmit"
_SECONDS = 10


def _block(sentence: str) -> HookAnswer:
    specific = {"hookEventName": _EVENT, "suppressOriginalPrompt": True}
    return json_answer({"decision": "block", "reason": sentence, "hookSpecificOutput": specific})


def _warn(sentence: str) -> HookAnswer:
    return json_answer({"systemMessage": sentence} if sentence else {})


def _snippet(command: str) -> str:
    hook = {"type": "command", "command": command, "timeout": _SECONDS, "onFailure": "block"}
    return laid_out({"hooks": {_EVENT: [{"hooks": [hook]}]}})


HOOK = PromptHook(
    host=InputHost.CLAUDE_CODE,
    text_of=prompt_in,
    block=_block,
    warn=_warn,
    file="~/.claude/settings.json",
    snippet=_snippet,
)
