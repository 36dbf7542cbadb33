"""Reads a shell's command line with tree-sitter: its simple commands, each with how it is run.

What a shell would make of the words is not known here: a word that is put together when it runs is
no literal one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from keyturn.domain.shell_programs import rules_others

DEEPEST = 60
_BASH = Language(tree_sitter_bash.language())
_LOOPS = frozenset(
    {"c_style_for_statement", "for_statement", "function_definition", "while_statement"}
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED_IN_STRING = re.compile(r"\\([$`\"\\\n])")
_WILD = re.compile(r"(?<!\\)[*?\[{]")
_UNSET = frozenset({"<", "<&", ">&-", "<&-"})
_ONTO = frozenset({">>", "&>>"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word of a command."""

    text: str
    """What it is once quotes are gone; of one that is put together, its source."""
    literal: bool = True
    wild: bool = False
    """It stands for the files that fit, or for several words."""


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
    """A part that cannot be read, or that is nested too deeply."""


Part = Simple | Redirect | Assignment | Obscure


def parts_of(text: str) -> Iterator[Part]:
    """Return what a command line does, in no sure order."""
    root = Parser(_BASH).parse(text.encode()).root_node
    if root.has_error:
        yield Obscure()
    waiting: list[tuple[Node, Around, int]] = [(root, Around(), 0)]
    while waiting:
        node, around, depth = waiting.pop()
        if depth > DEEPEST:
            yield Obscure()
            continue
        around = _around(node, around)
        yield from _parts(node, around)
        waiting += [
            (child, _within(node, n, around), depth + 1)
            for n, child in reversed(list(enumerate(node.children)))
        ]


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
            given = any(map(_is_given, node.children))
            words = tuple(_words(node))
            if words:
                yield Simple(words=words, around=replace(around, piped=around.piped or given))
        case "file_redirect":
            yield from _redirect(node, around)
        case "variable_assignment":
            name = node.child_by_field_name("name")
            if name is not None and rules_others(_source(name)):
                yield Assignment(name=_source(name))
        case _:
            pass


def _words(node: Node) -> Iterator[Word]:
    name = node.child_by_field_name("name")
    if name is None:
        return
    yield _word(name)
    for argument in node.children_by_field_name("argument"):
        yield _word(argument)


def _redirect(node: Node, around: Around) -> Iterator[Part]:
    targets = node.children_by_field_name("destination")
    signs = {child.type for child in node.children if not child.is_named}
    if len(targets) > 1:
        # The grammar takes arguments after it for further targets.
        yield Obscure()
    if signs & _UNSET or not targets:
        return
    target = _word(targets[0])
    if ">&" in signs and (target.text.isdigit() or target.text == "-"):
        return
    yield Redirect(target=target, appends=bool(signs & _ONTO), around=around)


def _source(node: Node) -> str:
    return (node.text or b"").decode(errors="replace")


def _word(node: Node) -> Word:
    source = _source(node)
    match node.type:
        case "command_name" if len(node.children) == 1:
            return _word(node.children[0])
        case "word" | "number" | "file_descriptor":
            return Word(text=_ESCAPED.sub(r"\1", source), wild=_WILD.search(source) is not None)
        case "raw_string":
            return Word(text=source[1:-1])
        case "string":
            if any(child.type != "string_content" for child in node.named_children):
                return Word(text=source, literal=False)
            return Word(text=_ESCAPED_IN_STRING.sub(_unescaped, source[1:-1]))
        case "concatenation":
            return _joined(node)
        case "brace_expression" | "extglob_pattern":
            return Word(text=source, literal=False, wild=True)
        case _:
            return Word(text=source, literal=not node.is_named)


def _unescaped(found: re.Match[str]) -> str:
    return "" if found[1] == "\n" else found[1]


def _joined(node: Node) -> Word:
    parts = [_word(child) for child in node.children]
    literal = all(part.literal for part in parts)
    unquoted = "".join(
        part.text for part, child in zip(parts, node.children, strict=True) if not _quoted(child)
    )
    return Word(
        text="".join(part.text for part in parts) if literal else _source(node),
        literal=literal,
        wild=any(part.wild for part in parts) or _WILD.search(unquoted) is not None,
    )


def _quoted(node: Node) -> bool:
    return node.type in ("raw_string", "string")
