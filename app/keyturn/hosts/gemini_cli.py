"""Owns the form of Gemini CLI's hook `BeforeAgent`.

Source: google-gemini/gemini-cli, docs/hooks/reference.md. stdin is `{session_id, transcript_path,
cwd, hook_event_name, timestamp, prompt}`; `{"decision": "deny", "reason"}` ends the turn and drops
the prompt, `systemMessage` is shown to the person. Nothing but JSON may stand on stdout. Exit code
2 blocks too.

It fails open: every other exit code is a warning, and so is a time-out (60 s unless set, in
milliseconds). There is no setting that closes it.
"""

from keyturn.domain.typed import InputHost
from keyturn.hosts.prompt_hook import HookAnswer, PromptHook, json_answer, laid_out, prompt_in

_MILLISECONDS = 10_000


def _block(sentence: str) -> HookAnswer:
    return json_answer({"decision": "deny", "reason": sentence})


def _warn(sentence: str) -> HookAnswer:
    return json_answer({"systemMessage": sentence} if sentence else {})


def _snippet(command: str) -> str:
    hook = {"type": "command", "command": command, "timeout": _MILLISECONDS}
    return laid_out({"hooks": {"BeforeAgent": [{"hooks": [hook]}]}})


HOOK = PromptHook(
    host=InputHost.GEMINI,
    text_of=prompt_in,
    block=_block,
    warn=_warn,
    file="~/.gemini/settings.json",
    snippet=_snippet,
)
