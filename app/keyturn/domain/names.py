"""Owns how the names of arguments are read: their words, and which hold content."""

import re
from functools import lru_cache

_LONGEST = 200
_STEP = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"\w{1,200}")
_TURN = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
CONTENT = frozenset(
    {"body", "content", "contents", "description", "message", "note", "prompt"}
    | {"replace", "replacement", "subject", "text", "title"}
)
"""Last words of names of arguments that hold content, which names nothing that is touched."""
_EDITED = frozenset({"find", "insert", "new", "old", "replacement"})
_PIECES = frozenset({"code", "line", "lines", "str", "string"})
"""First and last words of names of what is put into a file, or taken out of one."""
SQL_NAMES = frozenset({"sql", "statement", "statements", "ddl", "dml"})
QUERY_NAMES = frozenset({"query", "queries"})
SEARCH_NAMES = QUERY_NAMES | frozenset(
    {"keyword", "keywords", "phrase", "q", "question", "questions", "search", "terms"}
    | {"topic", "topics"}
)
"""Last words of names of what is looked for, in words of a person's."""
SHELL_NAMES = frozenset(
    {"argv", "bash", "cmd", "cmdline", "cmds", "command", "commandline", "commands", "exec"}
    | {"powershell", "pwsh", "shell", "shellcommand", "terminal", "zsh"}
)
SCRIPT_NAMES = frozenset({"code", "execute", "input", "line", "lines", "run", "script", "scripts"})
"""Names of what may be a command, or a text of any other kind."""
TELLS_WHY = frozenset({"description", "explanation", "note", "purpose", "reason", "title"})
"""Last words of names of what is said of a command, and is none."""
_CODE = SQL_NAMES | QUERY_NAMES | SHELL_NAMES


@lru_cache(maxsize=4096)
def _words_of(name: str) -> tuple[str, ...]:
    return tuple(_STEP.findall(_TURN.sub("-", name).casefold()))


def words_of(name: str) -> tuple[str, ...]:
    """Cut a name into its words, in small letters."""
    return _words_of(name[:_LONGEST])


def is_content(words: tuple[str, ...]) -> bool:
    """Tell whether an argument of this name holds content; the text of a command is none."""
    edited = not _EDITED.isdisjoint(words[:1]) and not _PIECES.isdisjoint(words[-1:])
    return (edited or not CONTENT.isdisjoint(words[-1:])) and _CODE.isdisjoint(words)


def is_code(words: tuple[str, ...]) -> bool:
    """Tell whether an argument of this name is a command."""
    return not _CODE.isdisjoint(words)


def is_word(text: str) -> bool:
    """Tell whether a text is one word of letters and digits."""
    return _WORD.fullmatch(text) is not None


def listed(names: str) -> frozenset[str]:
    """Return names that are written with blanks between."""
    return frozenset(names.split())
