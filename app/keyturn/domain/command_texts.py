"""Owns what a text of a call looks like: statements of SQL, or lines for a shell.

Guesses by words alone, on the loop: a parser has the last word. A line that only reads may be
missed, and so may one that nothing but its first word tells from a sentence ("make a list").
"""

import re

from keyturn.domain.names import words_of
from keyturn.domain.shell_programs import (
    CHANGES,
    INTERPRETERS,
    READS,
    REMOVES,
    SHELLS,
    WHOLE,
    is_program,
    plain_name,
)

MOST_VERBS = 4
_MOST_STATEMENTS = 50
_MOST_SEGMENTS = 200
"""Parts of one text that are looked at, each for a program."""
_SQL_WITH = {
    "alter": r"\b(?:table|database|schema|view|index|user|role|sequence|type|system)\b",
    "attach": r"\bas\b",
    "begin": r";",
    "call": r"\(",
    "copy": r"\b(?:from|to)\b",
    "create": r"\b(?:table|database|schema|view|index|user|role|function|procedure|trigger|type)\b",
    "declare": r";",
    "delete": r"\b(?:from|where)\b",
    "do": r"\$",
    "drop": r"\b(?:table|database|schema|view|index|user|role|function|procedure|trigger|column)\b",
    "exec": r"\w",
    "execute": r"\w",
    "explain": r"\b(?:select|insert|update|delete)\b",
    "grant": r"\bto\b",
    "insert": r"\binto\b",
    "load": r"\bdata\b",
    "merge": r"\busing\b",
    "pragma": r"\w",
    "replace": r"\binto\b",
    "revoke": r"\bfrom\b",
    "select": r"\bfrom\b",
    "set": r"=",
    "truncate": r"\w",
    "update": r"\bset\b",
    "use": r";",
    "vacuum": r"^",
    "with": r"\b(?:select|insert|update|delete|merge)\b",
}
"""The words that statements begin with, and what follows in each that is one for sure."""
SURELY = {verb: re.compile(follows, re.IGNORECASE) for verb, follows in _SQL_WITH.items()}
_VERB = re.compile(r"(" + "|".join(sorted(_SQL_WITH)) + r")\b", re.IGNORECASE)
_BLANK = re.compile(r"[\s;(\ufeff]*")
_COMMENTS = {"--": "\n", "#": "\n", "/*": "*/"}
"""How one begins, and what ends it."""
_FIRST_WORD = re.compile(r"[\s$>({!]*([\w./\\+-]{1,200})(?=$|[\s;|&<>)])")
_SHELL_SIGN = re.compile(r"(?:^|\s)--?\w|[|;&<>`]|\$\(|[~./]/|\s/\w")
_SWITCH = re.compile(r"\s--?[A-Za-z]")
_CLEAR_SIGN = re.compile(r"\s--?[A-Za-z]|[|<>`]|\$\(|^\S+\s+[~.]{0,2}/")
_BETWEEN = re.compile(r"[;|&\n]+")
_WITHIN = re.compile(r"[;|&\n`(){}]+")
_SETTING = re.compile(r"\s*(?:[A-Za-z_]\w*\+?=(?:'[^']*'|\"[^\"]*\"|[^\s'\"]*)\s+)+")
_KEYWORDS = re.compile(
    r"\s*(?:(?:then|do|else|if|while|until|time|sudo|exec|command|nohup|eval|builtin)\s+)+"
)
_MOVES_ON = frozenset({"cd", "export", "pushd", "set", "source", "unset"})
_TALKS = frozenset({"cat", "echo", "grep", "ls", "printf"})
_FILE = re.compile(r"(?:[~.]{0,2}/|[A-Za-z]:\\)\S|\S+\.(?:sh|bash|py|js|ps1|bat|cmd|pl|rb)$")
_ENGLISH = frozenset(
    {"command", "del", "exec", "find", "format", "go", "install", "kill", "make", "mount", "open"}
    | {"patch", "rd", "service", "split", "time", "touch", "watch"}
)
"""Programs whose names are also words that a sentence may begin with."""
_PROSE = re.compile(
    r"(?<![^ ])(?:an|and|are|can|cannot|could|difference|does|error|errors|example|examples|failed"
    r"|failing|fails|found|from|had|has|have|how|into|is|it|its|missing|not|of|or|our|should|slow"
    r"|than|that|the|their|them|these|they|this|tutorial|versus|vs|was|were|what|when|where|which"
    r"|who|why|with|without|you|your)(?![^ ,.?!])",
    re.IGNORECASE,
)
"""Words that sentences have and operands seldom."""
_SENTENCE = re.compile(r"(?:(?!(?<![^ ])[-/.~+])(?:[\w ,.:?!/+-]|(?<=\w)'(?=\w))){1,300}")
"""Words and their signs: none that a shell knows, no switch, no place that begins with a sign."""


_SHELLS_OF_TOOLS = frozenset(
    {"bash", "eval", "exec", "powershell", "pwsh", "repl", "shell", "ssh", "subprocess"}
    | {"terminal", "zsh"}
)
_RUNS = frozenset({"execute", "invoke", "launch", "perform", "run", "send", "spawn", "start"})
_IS_RUN = frozenset(
    {"cmd", "code", "command", "commands", "javascript", "js", "node", "process", "program"}
    | {"python", "script", "scripts"}
)
_ALONE = frozenset({("run",), ("execute",), ("command",), ("cmd",)})
_SAYS_SO = re.compile(
    r"\b(?:run|execut|invok|launch|spawn|start)\w*\b[^.\n]{0,40}\b(?:shell|bash|terminal"
    r"|command[ -]?line|powershell|subprocess|scripts?|(?:system|os|arbitrary|linux|unix|cli)"
    r" commands?|commands? (?:in|on))\b",
    re.IGNORECASE,
)
_LONGEST_SAID = 4_000


def runs_commands(tool: str, description: str = "") -> bool:
    """Tell whether a tool says of itself that it runs commands; that only ever raises."""
    words = words_of(tool)
    named = set(words)
    if named & _SHELLS_OF_TOOLS or words in _ALONE or (named & _RUNS and named & _IS_RUN):
        return True
    return _SAYS_SO.search(description[:_LONGEST_SAID]) is not None


def verbs_in(text: str) -> dict[str, int]:
    """Return the words that a text's statements begin with, and where the first of each ends."""
    found: dict[str, int] = {}
    at = statements = 0
    while at >= 0 and len(found) <= MOST_VERBS:
        statements += 1
        if statements > _MOST_STATEMENTS:
            # Any may follow: the parser has to find out.
            return dict.fromkeys(_SQL_WITH, 0)
        at = _past_comments(text, at)
        verb = _VERB.match(text, at)
        if verb is not None:
            found.setdefault(verb[1].lower(), verb.end())
        # From here on, so that nothing is looked at twice.
        at = text.find(";", at)
    return found


def _past_comments(text: str, at: int) -> int:
    """Return where the first word stands that is no comment."""
    while True:
        blank = _BLANK.match(text, at)
        at = blank.end() if blank is not None else at
        begins = next((one for one in _COMMENTS if text.startswith(one, at)), None)
        if begins is None:
            return at
        end = text.find(_COMMENTS[begins], at + len(begins))
        at = len(text) if end < 0 else end + len(_COMMENTS[begins])


def is_command_line(text: str) -> bool:
    """Tell whether what is called a command is one for a shell, and no word of the tool's own."""
    plain = text.strip()
    return not plain.replace("-", "_").isidentifier() or is_program(plain)


def is_line_or_script(text: str) -> bool:
    """Tell whether what a running tool is given is more than a word, a number or a place."""
    plain = text.strip()
    return re.search(r"[^\w./:~@%+,=-]", plain) is not None and "://" not in plain[:9]


def is_line_alone(text: str) -> bool:
    """Tell whether a word of a list may be a line of its own: a program with its words, too."""
    first, sign, _ = text.strip().partition(" ")
    return is_shell_text(text) or (bool(sign) and is_program(first))


def is_program_alone(text: str) -> bool:
    """Tell whether one word can only be a program that may change something."""
    name = plain_name(text.strip())
    return is_program(name) and name not in READS and name not in _ENGLISH


def is_script(text: str) -> bool:
    """Tell whether what is called a script is one, or the file of one."""
    return is_shell_text(text) or "\n" in text.strip() or _FILE.match(text.strip()) is not None


def is_sentence(text: str) -> bool:
    """Tell whether what is looked for may as well be words of a person's: "python x.py not found".

    Whoever makes a line can put such words into it, so that this holds only where nothing runs.
    """
    plain = text.strip(" ")
    if _SENTENCE.fullmatch(plain) is None or _PROSE.search(plain) is None:
        return False
    return len(plain.split()) > 2


def is_shell_text(text: str) -> bool:
    """Tell whether a text of any name can only be a line for a shell that changes something."""
    if text.startswith("#!"):
        line = text.partition("\n")[0].split()
        return any(plain_name(word.removeprefix("#!")) in SHELLS for word in line)
    name = _program_of(text)
    between = _WITHIN if name and name in READS | _MOVES_ON else _BETWEEN
    parts = [part for part in between.split(text) if part and not part.isspace()]
    if len(parts) > _MOST_SEGMENTS or (name in _MOVES_ON and len(parts) > 1):
        # Of so many any may be one: the parser has to find out.
        return True
    piped = name in READS and "|" in text and any(is_program(_program_of(p)) for p in parts[1:])
    return piped or _writes(name, text) or any(map(_changes, parts))


def _program_of(text: str) -> str:
    """Return the program that a part of a line begins with; empty where none is seen."""
    at = 0
    for skipped in (_KEYWORDS, _SETTING, _KEYWORDS):
        found = skipped.match(text, at)
        at = found.end() if found is not None else at
    first = _FIRST_WORD.match(text, at)
    if first is None:
        return ""
    word = first[1]
    return word if is_program(word) or word in _MOVES_ON else ""


def _writes(name: str, text: str) -> bool:
    return name in _TALKS and ">" in text


def _changes(part: str) -> bool:
    """Tell whether a part of a line can only be a program that may change something."""
    word = _program_of(part)
    if not word or word in _MOVES_ON:
        return False
    name, rest = plain_name(word), part[part.index(word) + len(word) :]
    if word.istitle():
        # A sentence begins so; some systems know programs by such names, too.
        return _SWITCH.search(part) is not None
    if name in _ENGLISH and name == word:
        return _CLEAR_SIGN.search(part.strip()) is not None
    if name in READS:
        return False
    follows = bool(rest) and not rest.isspace()
    if name in INTERPRETERS and any(map(_FILE.match, rest.split(None, 1)[:1])):
        return True
    return (follows and name in REMOVES | CHANGES | WHOLE) or _SHELL_SIGN.search(rest) is not None
