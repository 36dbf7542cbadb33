"""Owns the form for programs without a hook of their own: text on stdin, an exit code back.

0 lets the text go, 2 keeps it back, and the sentence is on stderr. What any other code means is
the caller's to say; a script that stops at codes other than 0 fails closed.
"""

from keyturn.domain.typed import InputHost
from keyturn.hosts.prompt_hook import BLOCKED, HookAnswer, PromptHook


def _text_of(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _block(sentence: str) -> HookAnswer:
    return HookAnswer(err=sentence + "\n", code=BLOCKED)


def _warn(sentence: str) -> HookAnswer:
    return HookAnswer(err=sentence + "\n" if sentence else "")


def _snippet(command: str) -> str:
    return f"{command} < prompt.txt && send-it < prompt.txt\n"


HOOK = PromptHook(
    host=InputHost.PLAIN,
    text_of=_text_of,
    block=_block,
    warn=_warn,
    file="",
    snippet=_snippet,
)
