"""Owns what a person is told of a text that they are about to hand to a model."""

from collections.abc import Iterable, Iterator

from keyturn.domain.typed import InputFinding, InputFindingKind, InputPolicy
from keyturn.presentation.words import Words

_OPTIONS = {
    InputFindingKind.SECRET: "--secrets warn",
    InputFindingKind.HIDDEN: "--hidden warn",
    InputFindingKind.ORDER: "--orders warn",
}


def kept_back(findings: Iterable[InputFinding], policy: InputPolicy, words: Words) -> str:
    """Say that a text was kept back, why, and what to do."""
    every = tuple(findings)
    options = dict.fromkeys(_OPTIONS[one.kind] for one in every if policy.blocks(one))
    return " ".join(
        (
            words("input.kept"),
            *_found(every, words),
            words("input.take_out"),
            words("input.let_pass", option=" ".join(options)),
        )
    )


def let_go(findings: Iterable[InputFinding], words: Words) -> str:
    """Say that a text went on although something was noticed in it; empty without findings."""
    every = tuple(findings)
    if not every:
        return ""
    ordered = any(one.kind is InputFindingKind.ORDER for one in every)
    last = [words("input.pasted")] if ordered else []
    return " ".join((words("input.passed"), *_found(every, words), *last))


def _found(findings: Iterable[InputFinding], words: Words) -> Iterator[str]:
    for one in findings:
        match one.kind:
            case InputFindingKind.SECRET if one.what:
                yield words("input.secret", kind=_in_a_line(one.what))
            case InputFindingKind.SECRET:
                yield words("input.secret_many")
            case InputFindingKind.HIDDEN:
                yield words("input.hidden", n=one.count)
            case InputFindingKind.ORDER:
                yield words("input.order", words=_in_a_line(one.what))


def _in_a_line(text: str) -> str:
    """Return a text for a terminal: what would move the cursor, turn text or hide is escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
