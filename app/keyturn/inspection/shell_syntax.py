"""Reads a shell's command line with tree-sitter: its simple commands, each with how it is run.

Closed: a part is read only where every byte of it belongs to a kind of part that is listed here.
What a shell would make of a word is not known: one that is put together when it runs is no literal.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from keyturn.domain.shell_programs import may_be_set, rules_others
from keyturn.inspection.shell_parts import is_plain, is_sum, source_of
from keyturn.inspection.shell_words import Word, is_word_node, word_of

DEEPEST = 60
_BASH = Language(tree_sitter_bash.language())
_LOOPS = frozenset(
    {"c_style_for_statement", "for_statement", "function_definition", "while_statement"}
)
_UNSET = frozenset({"<", "<&", ">&-", "<&-"})
_ONTO = frozenset({">>", "&>>"})
_IN_COMMAND = frozenset(
    {"command_name", "file_redirect", "herestring_redirect", "heredoc_redirect"}
    | {"variable_assignment"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """How a simple command is run."""

    piped: bool = False
    """It reads what another command hands it, or a text that is written beside it."""
    loops: bool = False
    """Nobody knows how often it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simple:
    """A program with its arguments."""

    words: tuple[Word, ...]
    around: Around = Around()
    within: int = 0
    """How many programs stand before it that only run it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """A file that is written."""

    target: Word
    appends: bool = False
    around: Around = Around()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A variable that makes programs run other code."""

    name: str


@dataclass(frozen=True, slots=True)
class Obscure:
    """A part that is not wholly understood, or that is nested too deeply."""


Part = Simple | Redirect | Assignment | Obscure


def parts_of(text: str) -> Iterator[Part]:
    """Return what a command line does, in no sure order."""
    root = Parser(_BASH).parse(text.encode(errors="replace")).root_node
    if root.has_error or _outside(root, text):
        yield Obscure()
    waiting: list[tuple[Node, Around, int]] = [(root, Around(), 0)]
    while waiting:
        node, around, depth = waiting.pop()
        if depth > DEEPEST:
            yield Obscure()
            continue
        around = _around(node, around)
        if not is_plain(node):
            yield Obscure()
        yield from _parts(node, around)
        if is_sum(node):
            continue
        waiting += [
            (child, _within(node, n, around), depth + 1)
            for n, child in reversed(list(enumerate(node.children)))
        ]


def _outside(root: Node, text: str) -> bool:
    """Tell whether anything stands before or behind all that was parsed."""
    whole = text.encode(errors="replace")
    return bool((whole[: root.start_byte] + whole[root.end_byte :]).strip(b" \t\n"))


def _around(node: Node, around: Around) -> Around:
    return replace(around, loops=True) if node.type in _LOOPS else around


def _within(node: Node, n: int, around: Around) -> Around:
    """Return how a part of a command is run."""
    if node.type == "pipeline" and n:
        return replace(around, piped=True)
    if node.type == "redirected_statement" and any(map(_is_given, node.children)):
        return replace(around, piped=True)
    return around


def _is_given(node: Node) -> bool:
    """Tell whether a redirect hands a command what it reads."""
    if node.type in ("heredoc_redirect", "herestring_redirect"):
        return True
    return node.type == "file_redirect" and any(child.type == "<" for child in node.children)


def _parts(node: Node, around: Around) -> Iterator[Part]:
    match node.type:
        case "command":
            yield from _command(node, around)
        case "file_redirect":
            yield from _redirect(node, around)
        case "variable_assignment":
            name = node.child_by_field_name("name")
            if name is not None and rules_others(source_of(name)):
                yield Assignment(name=source_of(name))
            elif name is None or not may_be_set(source_of(name)):
                yield Obscure()
        case "for_statement":
            name = node.child_by_field_name("variable")
            if name is None or not may_be_set(source_of(name)):
                yield Obscure()
        case _:
            pass


def _command(node: Node, around: Around) -> Iterator[Part]:
    given = any(map(_is_given, node.children))
    if not all(child.type in _IN_COMMAND or is_word_node(child) for child in node.children):
        yield Obscure()
    name = node.child_by_field_name("name")
    if name is None:
        return
    words = (word_of(name), *map(word_of, node.children_by_field_name("argument")))
    yield Simple(words=words, around=replace(around, piped=around.piped or given))


def _redirect(node: Node, around: Around) -> Iterator[Part]:
    targets = node.children_by_field_name("destination")
    signs = {child.type for child in node.children if not child.is_named}
    if len(targets) > 1 or source_of(targets[0] if targets else node) == "!":
        # The grammar takes arguments after it for further targets; "!" is none to some shells.
        yield Obscure()
    if not targets:
        return
    target = word_of(targets[0])
    if signs & _UNSET:
        if target.text.startswith("/dev/") and target.text != "/dev/null":
            # /dev/tcp/.. connects, and devices may do anything when they are opened.
            yield Obscure()
        return
    if ">&" in signs and (target.text.isdigit() or target.text == "-"):
        return
    yield Redirect(target=target, appends=bool(signs & _ONTO), around=around)
