"""Owns what is known of one word of a shell's command line before the shell has made it."""

import re
from dataclasses import dataclass

from tree_sitter import Node

from keyturn.inspection.shell_parts import source_of

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED_IN_STRING = re.compile(r"\\([$`\"\\\n])")
_WILD = re.compile(r"(?<!\\)[*?\[{]")
_PLAIN = re.compile(r"[\x21-\x7e\u00a1-\uffff\U00010000-\U0010ffff]*")
"""No sign that a shell, or the reading of it, may part words at."""
_SAID_BEFORE_QUOTE = re.compile(r"--[\w-]+=|-\w(?=['\"])")
"""How a switch begins whose quotes are in its value."""
_WORD_NODES = frozenset(
    {"word", "number", "raw_string", "string", "concatenation", "simple_expansion", "expansion"}
    | {"command_substitution", "process_substitution", "arithmetic_expansion", "ansi_c_string"}
    | {"brace_expression"}
)
_SEVERAL = re.compile(r"\$(?:\{)?[@*]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word of a command."""

    text: str
    """What it is once quotes are gone; of one that is put together, its source."""
    literal: bool = True
    wild: bool = False
    """It stands for the files that fit, or for several words."""
    head: str = ""
    """How all that it comes to begins, of one that is not literal or is wild."""
    splits: bool = False
    """It may come to several words, of which later ones begin anyhow."""
    glued: bool = False
    """Quotes or backslashes stand in the middle, where a program's or a switch's name may be."""

    @property
    def plain(self) -> bool:
        """Whether it is one word that stands for itself."""
        return self.literal and not self.wild

    @property
    def may_be_switch(self) -> bool:
        """Whether a program may take it, or a part of it, for a switch that is not seen here."""
        if self.plain:
            return False
        return self.splits or not self.head or self.head.startswith("-")


def is_word_node(node: Node) -> bool:
    """Tell whether a part is a word."""
    return node.type in _WORD_NODES


def word_of(node: Node) -> Word:
    """Return what is known of a word."""
    source = source_of(node)
    match node.type:
        case "command_name" if len(node.children) == 1:
            return word_of(node.children[0])
        case "word" | "number" | "file_descriptor":
            return _unquoted(source)
        case "raw_string":
            return Word(text=source[1:-1])
        case "string":
            return _in_quotes(node, source)
        case "concatenation":
            return _joined(node, source)
        case "brace_expression" | "extglob_pattern":
            return Word(text=source, literal=False, wild=True)
        case "process_substitution":
            return Word(text=source, literal=False, head="/dev/fd/")
        case "ansi_c_string" | "arithmetic_expansion":
            return Word(text=source, literal=False)
        case _:
            return Word(text=source, literal=not node.is_named, splits=node.is_named)


def _unquoted(source: str) -> Word:
    if "\\\n" in source or _PLAIN.fullmatch(source) is None or not source.isprintable():
        return Word(text=source, literal=False, splits=True)
    wild = _WILD.search(source)
    return Word(
        text=_ESCAPED.sub(r"\1", source),
        wild=wild is not None,
        head=_ESCAPED.sub(r"\1", source[: wild.start()]) if wild is not None else "",
        glued="\\" in source,
    )


def _in_quotes(node: Node, source: str) -> Word:
    inner = node.named_children
    if any(child.type != "string_content" for child in inner):
        first = inner[0] if inner[0].type == "string_content" else None
        head = "" if first is None else _ESCAPED_IN_STRING.sub(_unescaped, source_of(first))
        splits = _SEVERAL.search(source) is not None
        return Word(text=source, literal=False, head=head, splits=splits)
    return Word(text=_ESCAPED_IN_STRING.sub(_unescaped, source[1:-1]))


def _unescaped(found: re.Match[str]) -> str:
    return "" if found[1] == "\n" else found[1]


def _joined(node: Node, source: str) -> Word:
    parts = [word_of(child) for child in node.children]
    literal = all(part.literal for part in parts)
    wild = any(part.wild for part in parts)
    head = ""
    for part in parts:
        head += part.text if part.plain else part.head
        if not part.plain:
            break
    said = _SAID_BEFORE_QUOTE.match(source)
    quoted = "'" in source or '"' in source or "\\" in source
    return Word(
        text="".join(part.text for part in parts) if literal else source,
        literal=literal,
        wild=wild,
        head="" if literal and not wild else head,
        splits=any(part.splits for part in parts),
        glued=quoted and said is None,
    )
