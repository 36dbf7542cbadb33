"""Says what known programs do with their words: how many files they remove, change, write or fetch.

Only a literal word that stands for itself names one thing.
"""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from keyturn.domain.commands import Does, Step, Why
from keyturn.inspection.shell_syntax import Word

_RECURSIVE = ("--recursive", "--archive", "--parents", "--dir", "-recurse")
_WITH_MODE = frozenset({"chattr", "chgrp", "chmod", "chown", "setfacl"})
_COPIES = frozenset({"cp", "install", "ln", "mv"})
_SENDING = ("--da", "--form", "--js", "--post", "--up", "--body", "--quote", "--mail")
_GROUPED = re.compile(r"-[^-HAuebomwxcCDEPrtUyYz]\w*[XdFTQ]")
"""Several switches of curl in one word, of which one sends."""
_GROUPED_OUTPUT = re.compile(r"-[a-zA-Z]+o")
_ABBREVIATED = re.compile(r"--requ?(?:e|es)?").fullmatch
_TAKES_VALUE = frozenset(
    {"-H", "-u", "-A", "-e", "-b", "-c", "-m", "-x", "-o", "-O", "-X", "-d", "-F", "-T", "-K", "-P"}
    | {"--header", "--user", "--output", "--request", "--data", "--form", "--method", "--cookie"}
    | {"--user-agent", "--max-time", "--connect-timeout", "--output-document", "--upload-file"}
    | {"--data-raw", "--data-binary", "--data-urlencode", "--json", "--retry", "--url"}
)
_RANGE = re.compile(r"[\[{*]")
"""What curl, or a shell, makes several addresses of."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The words that follow a program."""

    words: Sequence[Word]

    @property
    def options(self) -> list[Word]:
        """Those that begin with a dash, up to a double one."""
        return [word for word in self._before_end() if _is_option(word)]

    @property
    def operands(self) -> list[Word]:
        """All others, in order."""
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


def reading(name: str, given: Arguments) -> Step:
    """Return a step that only reads."""
    return Step(does=Does.READS, program=name, target=_spelt(given.operands))


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
    if name == "tee":
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
    return _with_bound(step, counted, recursive=recursive, all_words=operands)


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


def fetching(name: str, given: Arguments) -> list[Step]:
    """Return what a program fetches or sends, and where it puts it."""
    addresses = _without_values(name, given)
    lists = given.has("K", "--config") if name == "curl" else given.has("i", "--input-file")
    if lists or not all(word.literal for word in given.words):
        return [_request(name, "", given, addresses, Why.COMPUTED)]
    why = Why.RECURSIVE if name == "wget" and given.has("rm", "--recursive", "--mirror") else None
    if any(_RANGE.search(word.text) for word in addresses):
        why = Why.PATTERN
    steps = [_request(name, _method(name, given), given, addresses, why)]
    kept = _kept_as(name, given, addresses)
    if kept:
        writes = Step(does=Does.WRITES, program=name, target=" ".join(kept), writes=kept)
        steps.append(writes.bounded(len(kept), None))
    return steps


def _method(name: str, given: Arguments) -> str:
    """Return the method of a request; empty where it sends something and does not say how."""
    method = given.value_of("-X", "--request", "--method").upper()
    if not method:
        method = next((given.value_of(o.text) for o in given.options if _ABBREVIATED(o.text)), "")
    grouped = [o.text for o in given.options if name == "curl" and _GROUPED.match(o.text)]
    if any("X" in text for text in grouped):
        return ""
    sends = any(o.text.startswith(_SENDING) for o in given.options)
    sends = sends or bool(grouped) or (name == "curl" and given.has("dFTQ"))
    return method.upper() or ("POST" if sends else "GET")


def _request(
    name: str, method: str, given: Arguments, addresses: Sequence[Word], why: Why | None
) -> Step:
    if method in ("GET", "HEAD", "OPTIONS"):
        does = Does.FETCHES
    else:
        does = Does.REMOVES if method in ("DELETE", "PURGE") else Does.SENDS
    removes = does is Does.REMOVES
    loose = why is not None or removes
    return Step(
        does=does,
        program=f"{name} {method}".strip(),
        target=_spelt(addresses or given.operands),
        count=None if loose else max(1, len(addresses)),
        why=why or (Why.WHOLE if removes else None),
    )


def _kept_as(name: str, given: Arguments, addresses: Sequence[Word]) -> tuple[str, ...]:
    """Return the files that what is fetched is kept in."""
    own = given.value_of("-o", "--output") if name == "curl" else ""
    if name == "curl" and not own:
        ends = (o.text for o in given.options if _GROUPED_OUTPUT.fullmatch(o.text))
        own = next((given.value_of(text) for text in ends), "")
    if name == "wget":
        own = given.value_of("-O", "--output-document")
    if own:
        return () if own in ("-", "/dev/null", "/dev/stdout") else (own,)
    if name == "wget" or given.has("OJ", "--remote-name"):
        paths = (word.text.partition("?")[0].rstrip("/") for word in addresses)
        return tuple(posixpath.basename(path) or "index.html" for path in paths)
    return ()


def _without_values(name: str, given: Arguments) -> list[Word]:
    """Return the operands that are no values of options."""
    takes = _TAKES_VALUE - ({"-O", "-P"} if name == "curl" else {"-d", "-c", "-m", "-x", "-H"})
    values = {n + 1 for n, word in enumerate(given.words) if word.text in takes}
    address = given.value_of("--url")
    found = [word for n, word in enumerate(given.words) if n not in values and not _is_option(word)]
    return [*found, Word(text=address)] if address else found


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
