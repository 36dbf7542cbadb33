"""Owns the form of Cursor's hook `beforeSubmitPrompt`.

Source: Cursor's hooks reference (cursor.com/docs/agent/hooks, of 2026). stdin is
`{conversation_id, generation_id, workspace_roots, hook_event_name, prompt, attachments}`;
`{"continue": false, "user_message"}` keeps the prompt back and shows the message. A prompt that
goes on shows nothing, so a warning cannot be shown there.

It fails open: an exit code other than 0 and 2, a time-out and an unreadable answer let the prompt
through, unless `"failClosed": true` is set. Attachments are named there and not handed over.
"""

from keyturn.domain.typed import InputHost
from keyturn.hosts.prompt_hook import HookAnswer, PromptHook, json_answer, laid_out, prompt_in


def _block(sentence: str) -> HookAnswer:
    return json_answer({"continue": False, "user_message": sentence})


def _warn(sentence: str) -> HookAnswer:
    # Where a version shows stderr at all, it is in the hooks' output channel.
    return json_answer({"continue": True})._replace(err=sentence + "\n" if sentence else "")


def _snippet(command: str) -> str:
    hook = {"command": command, "failClosed": True}
    return laid_out({"version": 1, "hooks": {"beforeSubmitPrompt": [hook]}})


HOOK = PromptHook(
    host=InputHost.CURSOR,
    text_of=prompt_in,
    block=_block,
    warn=_warn,
    file="~/.cursor/hooks.json",
    snippet=_snippet,
)
