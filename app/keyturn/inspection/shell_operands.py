"""Says what known programs do with their words: how many files they remove, change, write or fetch.

Only a literal word that stands for itself names one thing.
"""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from keyturn.domain.commands import Does, Step, Why
from keyturn.domain.shell_programs import IMPLIED
from keyturn.inspection.shell_switches import Given
from keyturn.inspection.shell_words import Word

_RECURSIVE = ("--recursive", "--archive", "--parents", "--dir", "-recurse")
_WITH_MODE = frozenset({"chattr", "chgrp", "chmod", "chown", "setfacl"})
_COPIES = frozenset({"cp", "install", "ln", "mv"})
_SENDING = (
    *("d", "F", "T", "data", "data-raw", "data-binary", "data-ascii", "data-urlencode", "json"),
    *("form", "form-string", "upload-file", "body-data", "body-file", "post-data", "post-file"),
)
_WRITES_OUT = ("w", "write-out")
_METHODS = ("X", "request", "method")
_HEADERS = ("H", "header")
_GUESSED = ("ftp.", "dict.", "ldap.", "imap.", "smtp.", "pop3.")
_NO_FILE = frozenset({"-", "/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty"})
_DEVICES = ("/dev/", "/proc/", "/sys/")
_RANGE = re.compile(r"[\[{*]")
"""What curl, or a shell, makes several addresses of."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The words that follow a program."""

    words: Sequence[Word]
    known: tuple[Word, ...] | None = None
    """The operands, where it is known which switches take a value."""

    @property
    def options(self) -> list[Word]:
        """Those that begin with a dash, up to a double one."""
        return [word for word in self._before_end() if _is_option(word)]

    @property
    def operands(self) -> list[Word]:
        """All others, in order."""
        if self.known is not None:
            return list(self.known)
        before = self._before_end()
        return [word for word in before if not _is_option(word)] + list(
            self.words[len(before) + 1 :]
        )

    def has(self, letters: str, *names: str) -> bool:
        """Tell whether a switch is given, alone, among others or by its long name."""
        return any(_is_switch(word.text, letters, names) for word in self.options)

    def after(self, names: frozenset[str], also_in: str = "") -> Word | None:
        """Return the word after an option; `also_in`: letters that end a group of switches."""
        for n, word in enumerate(self.words[:-1]):
            text = word.text
            grouped = text.startswith("-") and not text.startswith("--") and text[-1:] in also_in
            if text in names or (grouped and len(text) > 1 and bool(also_in)):
                return self.words[n + 1]
            if not _is_option(word):
                return None
        return None

    def value_of(self, *names: str) -> str:
        """Return the value of an option, written behind it or in it; empty without one."""
        texts = [word.text for word in self.words]
        for n, text in enumerate(texts):
            for name in names:
                if text == name and n + 1 < len(texts):
                    return texts[n + 1]
                long = name.startswith("--")
                if text.startswith(f"{name}=" if long else name) and text != name:
                    return text[len(name) + long :]
        return ""

    def _before_end(self) -> Sequence[Word]:
        ends = (n for n, word in enumerate(self.words) if word.text == "--")
        return self.words[: next(ends, len(self.words))]


def reading(name: str, given: Arguments, *files: str) -> Step:
    """Return a step that only reads, and which files it runs or goes by."""
    step = Step(does=Does.READS, program=name, target=_spelt(given.operands))
    return step.running((*files, *IMPLIED.get(name, ())))


def removing(name: str, given: Arguments) -> Step:
    """Return what a program removes."""
    recursive = given.has("rRp", *_RECURSIVE)
    # The switches of Windows' programs begin with a slash.
    slashes = [word for word in given.operands if len(word.text) == 2 and word.text[0] == "/"]
    if slashes and name in ("del", "erase", "rd", "rmdir"):
        recursive = True
    switch = " -r" if recursive else ""
    step = Step(does=Does.REMOVES, program=f"{name}{switch}", target=_spelt(given.operands))
    return _with_bound(step, given.operands, recursive=recursive)


def changing(name: str, given: Arguments) -> Step:
    """Return what a program changes or writes."""
    operands = given.operands
    recursive = given.has("R" if name in _WITH_MODE else "rRa", *_RECURSIVE)
    if name in ("mkdir", "tee", "touch", "truncate"):
        recursive = False
    does = Does.CHANGES if name in _WITH_MODE | {"mv"} else Does.WRITES
    if name == "tee" and given.has("a", "--append"):
        does = Does.APPENDS
    switch = " -R" if recursive else ""
    step = Step(
        does=does,
        program=f"{name}{switch}",
        target=_spelt(operands),
        writes=_written(name, operands, given),
    )
    counted = operands
    if name in _WITH_MODE and not given.has("", "--reference"):
        counted = operands[1:]
    elif name in _COPIES and not given.has("t", "--target-directory"):
        counted = operands[:-1] or operands
    elif name == "mkdir" and given.has("p", "--parents"):
        counted = [Word(text=part) for one in operands for part in one.text.split("/") if part]
    if any(map(is_device, step.writes)):
        return step.bounded(None, Why.WHOLE)
    step = _with_bound(step, counted, recursive=recursive, all_words=operands)
    # No word tells that it names no folder, and all that lies in one has another path then.
    return step.bounded(None, Why.WITHIN) if name == "mv" and step.count is not None else step


def is_device(path: str) -> bool:
    """Tell whether a path leads to a disk, a port or the system itself, and to no file."""
    plain = "/" + posixpath.normpath(path).lstrip("/") if path.startswith("/") else ""
    return plain.startswith(_DEVICES) and plain not in _NO_FILE


def writing_whole(name: str, given: Arguments) -> Step:
    """Return what a program does that writes over a whole disk or database."""
    operands = given.operands
    files = tuple(word.text[3:] for word in operands if word.text.startswith("of="))
    return Step(
        does=Does.WRITES,
        program=name,
        target=_spelt(operands),
        count=None,
        why=Why.WHOLE,
        writes=files,
    )


def is_plain_fetch(given: Given) -> bool:
    """Tell whether the values of switches are what they seem: nothing in them is a command."""
    for name, value in given.options:
        if value is None or name in _SENDING:
            continue
        text = value.text.casefold()
        if any(ord(sign) < ord(" ") for sign in text) or "method" in text:
            # A header may name another method, or, over lines, another request.
            return False
        if name in _WRITES_OUT and (not value.plain or text.startswith("@") or "%out" in text):
            return False
        if name in _METHODS and not value.plain:
            return False
        if name in _HEADERS and (text.startswith("@") or ":" not in _begins(value)):
            # What a file, or a variable, names may be another method, too.
            return False
    return True


def _begins(word: Word) -> str:
    return word.text if word.plain else word.head


def fetching(name: str, given: Given) -> list[Step]:
    """Return what a program fetches or sends, and where it puts it."""
    urls = [*given.operands, *given.values_of("url")]
    if not all(word.literal for word in urls) or not all(_is_web(word.text) for word in urls):
        return [_request(name, "", urls, Why.COMPUTED)]
    many = [*urls, *given.values_of("T", "upload-file")]
    why = Why.PATTERN if any(_RANGE.search(word.text) for word in many) else None
    steps = [_request(name, _method(given), urls, why)]
    kept = _kept_as(name, given, urls)
    if kept:
        known = all(word.plain for word in kept)
        texts = tuple(word.text for word in kept)
        writes = Step(does=Does.WRITES, program=name, target=" ".join(texts), writes=texts)
        loose = why if known else Why.COMPUTED
        if any(map(is_device, texts)):
            loose = Why.WHOLE
        steps.append(writes.bounded(len(kept) if loose is None else None, loose))
    return steps


def _is_web(address: str) -> bool:
    """Tell whether an address is asked by HTTP, and not by what curl guesses from a name."""
    scheme, sign, _ = address.partition("://")
    if sign:
        return scheme.lower() in ("http", "https")
    return not address.lower().startswith(_GUESSED)


def _method(given: Given) -> str:
    """Return the method of a request; of several the last counts, and sending counts most."""
    methods = [word.text.upper() for word in given.values_of(*_METHODS)]
    if methods:
        return methods[0] if len(methods) == 1 else ""
    return "POST" if given.has(*_SENDING) and not given.has("G", "get") else "GET"


def _request(name: str, method: str, urls: Sequence[Word], why: Why | None) -> Step:
    if method in ("GET", "HEAD", "OPTIONS"):
        does = Does.FETCHES
    else:
        does = Does.REMOVES if method in ("DELETE", "PURGE") else Does.SENDS
    removes = does is Does.REMOVES
    return Step(
        does=does,
        program=f"{name} {method}".strip(),
        target=_spelt(urls),
        count=None if why is not None or removes else max(1, len(urls)),
        why=why or (Why.WHOLE if removes else None),
    )


def _kept_as(name: str, given: Given, urls: Sequence[Word]) -> list[Word]:
    """Return the files that what is fetched is kept in."""
    own = given.values_of("o", "output") if name == "curl" else []
    if name == "wget":
        own = given.values_of("O", "output-document")
    kept = [word for word in own if word.text not in _NO_FILE]
    named_by_url = given.has("O", "remote-name") if name == "curl" else not (own or _is_dry(given))
    if named_by_url:
        folders = [word.text for word in given.values_of("P", "directory-prefix")]
        folder = folders[-1] if folders else ""
        paths = (word.text.partition("?")[0].rstrip("/") for word in urls)
        names = (posixpath.basename(path) or "index.html" for path in paths)
        kept += [Word(text=posixpath.join(folder, one)) for one in names]
    return kept


def _is_dry(given: Given) -> bool:
    return given.has("spider")


def _with_bound(
    step: Step,
    operands: Sequence[Word],
    *,
    recursive: bool,
    all_words: Sequence[Word] | None = None,
) -> Step:
    words = operands if all_words is None else all_words
    if recursive:
        return step.bounded(None, Why.RECURSIVE)
    if any(not word.literal for word in words):
        return step.bounded(None, Why.COMPUTED)
    if any(word.wild for word in words):
        return step.bounded(None, Why.PATTERN)
    return step.bounded(max(1, len(operands)), None)


def _written(name: str, operands: Sequence[Word], given: Arguments) -> tuple[str, ...]:
    """Return the files that a program writes, by their names."""
    texts = [word.text for word in operands if word.literal and not word.wild]
    if name not in _COPIES:
        return tuple(texts[1:] if name in _WITH_MODE else texts)
    folder = given.value_of("-t", "--target-directory")
    if not folder and len(texts) > 1:
        folder = texts.pop()
    inside = (posixpath.join(folder, posixpath.basename(text)) for text in texts)
    return (*((folder,) if folder else ()), *inside)


def _is_option(word: Word) -> bool:
    return word.text.startswith("-") and word.text != "-"


def _is_switch(text: str, letters: str, names: Sequence[str]) -> bool:
    if text.startswith("--"):
        return any(name.startswith(text.partition("=")[0]) for name in names if len(text) > 2)
    lowered = text.lower()
    return any(letter in text[1:] for letter in letters) or lowered in names


def _spelt(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)
