"""Says which commands of a shell only read, or change the shell that runs them alone.

By what they are given as much as by their names: some evaluate a text once more, some write with
one switch more.
"""

import re
from collections.abc import Sequence

from keyturn.domain.names import listed
from keyturn.domain.shell_programs import may_be_set
from keyturn.inspection.shell_switches import (
    GIT,
    GIT_LEADING,
    READING,
    Switches,
    taken,
)
from keyturn.inspection.shell_words import Word

_NUMBER = re.compile(r"\d{0,6}|\$\?|\"\$\?\"")
_JOB = re.compile(r"\d{1,10}|\$!|\"\$!\"|%\d{1,3}")
_SET = re.compile(r"[-+][eufxv]*o?|pipefail|errexit|nounset|xtrace|noglob|--")
_READ = Switches(flags="rs", values="dnNpt")
_FORMAT = re.compile(r"(?:[^%\\]|\\.|%%|%[-+ #0]*\d*(?:\.\d+)?[sdiufgeGExXcqb])*", re.DOTALL)
"""`%n` is none of it: bash puts a number into a variable by it, and evaluates the name."""
_CONVERSION = re.compile(r"%[-+ #0]*\d*(?:\.\d+)?([a-zA-Z])")
_NUMERIC = frozenset("diufgeGExX")
_PRINTED = re.compile(r"[-+]?\d{1,20}(?:\.\d{1,20})?")
_TEST_ONE = listed("-b -c -d -e -f -g -h -k -p -r -s -u -w -x -L -N -O -G -S -n -z")
_TEST_TWO = listed("= == != -nt -ot -ef")
_FIND_ALONE = listed(
    "! ( ) , -a -o -and -or -not -print -print0 -ls -empty -depth -prune -true -false -xdev -mount"
    " -readable -writable -executable -daystart -quit -nouser -nogroup -noleaf -H -L -P -E"
)
_FIND_WITH_VALUE = listed(
    "-name -iname -path -ipath -wholename -iwholename -regex -iregex -regextype -type -xtype -size"
    " -mtime -atime -ctime -mmin -amin -cmin -newer -anewer -cnewer -perm -user -group -uid -gid"
    " -maxdepth -mindepth -links -inum -samefile -lname -ilname -printf -fstype -used"
)
FIND_RUNS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
FIND_CHANGES = frozenset({"-delete", "-fls", "-fprint", "-fprint0", "-fprintf"})
_FIND_RUNS_MANY = frozenset({"-exec", "-execdir"})
"""Those that `{} +` ends, too."""


def is_quiet(name: str, words: Sequence[Word]) -> bool:
    """Tell whether what is built into a shell is given nothing that is evaluated once more."""
    texts = [word.text for word in words]
    match name:
        case ":" | "true" | "false" | "cd" | "pushd" | "popd":
            return True
        case "break" | "continue" | "exit" | "return" | "shift":
            return len(texts) < 2 and all(map(_NUMBER.fullmatch, texts))
        case "wait":
            return all(map(_JOB.fullmatch, texts))
        case "set":
            return all(word.plain and _SET.fullmatch(word.text) for word in words)
        case "read":
            given = taken(words, _READ)
            return given is not None and all(w.plain and may_be_set(w.text) for w in given.operands)
        case _:
            return False


def only_reads(name: str, words: Sequence[Word]) -> bool:
    """Tell whether a program only reads with such words."""
    match name:
        case "echo":
            return True
        case "printf":
            return _only_prints(words)
        case "test" | "[":
            return _only_tests(words[:-1] if name == "[" else words)
        case "git":
            return _git_only_reads(words)
        case "date" | "sort" | "uniq":
            given = taken(words, READING[name])
            if given is None:
                return False
            plain = all(word.plain for word in given.operands)
            return _operands_only_read(name, given.operands, plain=plain)
        case _:
            return name in READING and taken(words, READING[name]) is not None


def _operands_only_read(name: str, operands: Sequence[Word], *, plain: bool) -> bool:
    match name:
        case "date":
            return plain and all(word.text.startswith("+") for word in operands)
        case "uniq":
            return plain and len(operands) < 2
        case _:
            return True


def _only_prints(words: Sequence[Word]) -> bool:
    if not words or not words[0].plain or words[0].text.startswith("-"):
        return False
    if _FORMAT.fullmatch(words[0].text) is None:
        return False
    # Some shells evaluate what is to be printed as a number; the format begins anew after its end.
    kinds = _CONVERSION.findall(words[0].text.replace("%%", ""))
    numbers = [
        n for n, _ in enumerate(words[1:], 1) if kinds and kinds[(n - 1) % len(kinds)] in _NUMERIC
    ]
    if not numbers:
        return True
    if any(word.splits or word.wild for word in words):
        return False
    return all(words[n].plain and _PRINTED.fullmatch(words[n].text) for n in numbers)


def _only_tests(words: Sequence[Word]) -> bool:
    """Tell whether it is sure which word is the operator, and that it evaluates nothing."""
    texts = [word.text for word in words]
    if any(word.splits or word.wild for word in words):
        return False
    if len(words) > 1 and words[0].plain and texts[0] == "!":
        return _only_tests(words[1:])
    match len(words):
        case 0 | 1:
            return True
        case 2:
            return words[0].plain and texts[0] in _TEST_ONE
        case 3:
            return words[1].plain and texts[1] in _TEST_TWO
        case _:
            return False


def _git_only_reads(words: Sequence[Word]) -> bool:
    leading = taken(words, GIT_LEADING, leading=True)
    if leading is None or not leading.operands or not leading.operands[0].plain:
        return False
    first, *rest = leading.operands
    known = GIT.get(first.text)
    return known is not None and not first.glued and taken(rest, known) is not None


def find_is_plain(words: Sequence[Word]) -> bool:
    """Tell whether all is known that `find` is told, what it runs left out."""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word.may_be_switch or word.glued and word.text.startswith("-"):
            return False
        if not word.plain:
            continue
        if word.text in FIND_RUNS:
            if not _is_plainly_run(word.text, taken_by_find(word.text, rest)):
                return False
        elif word.text in _FIND_WITH_VALUE:
            if not rest or rest[0].wild or rest.pop(0).splits:
                return False
        elif word.text.startswith("-") and not _is_told(word.text):
            return False
    return True


def _is_told(text: str) -> bool:
    return text in _FIND_ALONE or text in FIND_CHANGES


def taken_by_find(switch: str, rest: list[Word]) -> tuple[Word, ...]:
    """Take the words of a command that `find` runs off, with the word that ends it, if any does.

    A `+` ends one directly after `{}` alone, and none that is asked about first.
    """
    begun: list[Word] = []
    while rest:
        begun.append(rest.pop(0))
        many = switch in _FIND_RUNS_MANY and [word.text for word in begun[-2:]] == ["{}", "+"]
        if many or begun[-1].text == ";":
            break
    return tuple(begun)


def _is_plainly_run(switch: str, words: tuple[Word, ...]) -> bool:
    """Tell whether it is sure where a command ends, and that what is found is no code in it."""
    if not words or words[-1].text not in (";", "+"):
        return False
    if words[-1].text == "+" and switch not in _FIND_RUNS_MANY:
        return False
    return not any(
        word.text == "+" or (word.text != "{}" and ("{}" in word.text or word.may_be_switch))
        for word in words[:-1]
    )
