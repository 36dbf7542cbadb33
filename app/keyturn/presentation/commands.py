"""Owns what a card says of the commands among a call's arguments: a line for each, in words."""

import re
from collections.abc import Iterator

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.domain.commands import Command, Does, Gravity, Language, Step, Why
from keyturn.presentation.card import CommandLine
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

MOST_LINES = 8
_LONGEST = 160
_LONGEST_PATH = 60
_PLAIN_TARGET = re.compile(r"[A-Za-z0-9_./~*][A-Za-z0-9_./~*:@-]{0,59}")
_PLAIN_PROGRAM = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.+-]{0,19}(?: -[A-Za-z0-9-]{1,19}){0,3})?")
_BY_PROGRAM = frozenset(
    {Does.READS, Does.FETCHES, Does.REMOVES, Does.CHANGES, Does.WRITES, Does.APPENDS, Does.SENDS}
)
_SO_MANY = {
    Gravity.CHANGES: "commands.so_many_changes",
    Gravity.RUNS: "commands.so_many_runs",
    Gravity.LASTS: "commands.so_many_last",
    Gravity.UNBOUNDED: "commands.so_many_unbounded",
}


def command_lines(request: ApprovalRequest, words: Words) -> tuple[CommandLine, ...]:
    """Return the lines of a card, what runs a file that a call wrote first."""
    if request.kind is not RequestKind.CALL:
        return ()
    lines = list(_lines(request, words))
    more = len(lines) - MOST_LINES
    if more > 0:
        lines[MOST_LINES:] = [_warning(words("commands.more_lines", n=more))]
    return tuple(lines)


def with_command(headline: str, request: ApprovalRequest, words: Words) -> str:
    """Say in a headline the gravest thing that a call's commands change, and how many more.

    Where several are as grave and not the same, none is named: an agent could put a harmless one
    first. Empty where nothing is changed, or not all is understood. A name that is not plain is
    left out: a headline is Keyturn's own voice.
    """
    commands = request.commands if request.kind is RequestKind.CALL else ()
    if not all(command.understood for command in commands):
        return ""
    changing = [(one, c.language) for c in commands for one in c.steps if one.changes]
    if not changing:
        return ""
    worst = max(step.gravity for step, _ in changing)
    gravest = [one for one in changing if one[0].gravity is worst]
    more = len(changing) + sum(command.more for command in commands)
    if _are_one(gravest) and not _hides_as_grave(commands, worst):
        does, more = _plain_step(*gravest[0], words), more - 1
    else:
        does, more = words(_SO_MANY[worst], n=len(gravest)), more - len(gravest)
    if not does:
        return ""
    if more:
        return words("phrases.headline_does_more", headline=headline, does=does, n=more)
    return words("phrases.headline_does", headline=headline, does=does)


def _are_one(steps: list[tuple[Step, Language]]) -> bool:
    return len({(step.does, step.program, step.target) for step, _ in steps}) == 1


def _hides_as_grave(commands: tuple[Command, ...], worst: Gravity) -> bool:
    """Tell whether a step that is left out may be as grave as those that are told.

    A command tells its gravest: what it leaves out is no graver than the last of these.
    """
    return any(
        command.more and all(step.gravity is worst for step in command.steps)
        for command in commands
    )


def _plain_step(step: Step, language: Language, words: Words) -> str:
    """Return what a step does, of plain names only; empty where it has none to go by."""
    if not _PLAIN_PROGRAM.fullmatch(step.program):
        return words(_SO_MANY[step.gravity], n=1)
    if step.target and not _PLAIN_TARGET.fullmatch(step.target):
        if language is Language.HTTP:
            return ""
        if step.does is Does.RUNS and step.program:
            step = step.aimed_at(step.program)
        else:
            several = len(step.target.split()) > 1
            key = "commands.several_targets" if several else "commands.odd_target"
            step = step.aimed_at(words(key))
    return _step(step, language, words)


def _lines(request: ApprovalRequest, words: Words) -> Iterator[CommandLine]:
    for ran in request.ran:
        key = "commands.runs_written" if ran.call else "commands.runs_written_elsewhere"
        yield _warning(words(key, path=_shown(ran.path, words), n=ran.call))
    for command in request.commands:
        text = command_text(command, words)
        if command.destroys or not command.understood:
            yield _warning(text)
        elif command.steps:
            yield CommandLine(role=Role.NEUTRAL, icon=Icon.NOTICE, text=text)


def command_text(command: Command, words: Words) -> str:
    """Return what one command does, as one line that begins with its argument."""
    steps = [_step(step, command.language, words) for step in command.steps]
    if command.more:
        steps.append(words("commands.more_steps", n=command.more))
    path = shown_line(command.path, words, most=_LONGEST_PATH)
    known = "; ".join(steps)
    if command.understood:
        return words("commands.line", path=path, steps=known) if path else known
    language = words(f"commands.language_{command.language}")
    if not path:
        return words("commands.not_looked_through")
    key = "commands.half_understood" if known else "commands.not_understood"
    return words(key, path=path, language=language, steps=known)


def _step(step: Step, language: Language, words: Words) -> str:
    said = _doing(step, language, words)
    if step.count is None and step.why is not None:
        return words("commands.with_why", step=said, why=_why(step.why, words))
    if step.count is not None and step.count > 1:
        return words("commands.with_count", step=said, n=step.count)
    return said


def _doing(step: Step, language: Language, words: Words) -> str:
    target = _shown(step.target, words) or words("commands.no_target")
    program = _shown(step.program, words)
    if language is Language.SQL:
        return words(f"commands.sql_{step.does}", target=target)
    if language is Language.HTTP:
        return words("commands.http", program=program, target=target)
    if step.does in _BY_PROGRAM and program:
        key = "commands.program_on" if step.target else "commands.program"
        return words(key, program=program, target=target)
    return words(f"commands.shell_{step.does}", target=target)


def _why(why: Why, words: Words) -> str:
    return words(f"commands.why_{why}")


def _shown(text: str, words: Words) -> str:
    return shown_line(text, words, most=_LONGEST)


def _warning(text: str) -> CommandLine:
    return CommandLine(role=Role.WARNING, icon=Icon.ATTENTION, text=text)
