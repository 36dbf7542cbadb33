"""Owns which parts of a shell's command line are understood at all; all others are not.

A part that evaluates a text once more is none of them: subscripts, arithmetic over names,
expansions with an operator, functions, and what only one shell knows.
"""

import re
from collections.abc import Callable

from tree_sitter import Node

from keyturn.domain.names import listed

_NAMED = frozenset(
    {"program", "list", "pipeline", "subshell", "redirected_statement", "command", "command_name"}
    | {"negated_command", "if_statement", "elif_clause", "else_clause", "while_statement"}
    | {"for_statement", "do_group", "case_statement", "case_item", "variable_assignments"}
    | {"word", "number", "string", "string_content", "raw_string", "ansi_c_string"}
    | {"concatenation", "variable_name", "special_variable_name", "command_substitution"}
    | {"process_substitution", "brace_expression", "file_descriptor", "herestring_redirect"}
    | {"heredoc_start", "heredoc_end", "heredoc_content", "test_operator", "file_redirect"}
)
_TOKENS = {"\n"} | listed(
    "; ;; & && | || |& ( ) { } ! if then elif else fi while until do done for in case esac"
    " \" ' $( ${ ` <( >( = += < > >> >| &> &>> >& <& <<< << <<- [ ] [[ ]] .. export readonly"
    " local declare typeset"
)
_GAP = re.compile(rb"(?:[ \t\n]|(?<=[ \t])\\\n)*")
"""What may stand between two parts; a line that goes on elsewhere glues two words together."""
_NAME = r"(?:[A-Za-z_]\w*|[0-9@*#?$!-])"
_SIMPLE = re.compile(rf"\$(?:{_NAME}|\{{{_NAME}\}})")
_SUM = re.compile(r"\$\(\([\d\s+*()-]+\)\)")
_HERE = re.compile(r"(?P<quote>['\"]?)(?P<word>[A-Za-z_]\w*)(?P=quote)")
_EVALUATED_HERE = re.compile(r"[`\\]|\$[^A-Za-z_ \n]")
_PATTERN = re.compile(r"[\w*?./ -]+")
_UNARY = listed("-b -c -d -e -f -g -h -k -p -r -s -u -w -x -L -N -O -G -S -n -z !")
_BINARY = listed("= == != -nt -ot -ef")
_BINARY_OF_BASH = _BINARY | listed("=~ && ||")
_OTHER_OPERATORS = listed("-v -R -o -a -t")
_COMPARING = listed("-eq -ne -lt -le -gt -ge")
_NUMBER = re.compile(r"-?\d+|\$[#?]|\"\$[#?]\"")
_IN_TEST = frozenset(
    {"unary_expression", "binary_expression", "negated_expression", "parenthesized_expression"}
)
_SPLITS = frozenset({"simple_expansion", "expansion", "command_substitution", "concatenation"})


def source_of(node: Node) -> str:
    """Return the text of a part."""
    return (node.text or b"").decode(errors="replace")


def is_plain(node: Node) -> bool:
    """Tell whether a part is understood, its children left out."""
    if not node.is_named:
        # Of those within a test the whole test was looked at, of "$" its name.
        within = node.parent is not None and node.parent.type in _IN_TEST | {"simple_expansion"}
        return (node.type in _TOKENS or within) and not node.is_missing
    if node.is_missing or not _gaps_are_blank(node):
        return False
    looked_at = _LOOKED_AT.get(node.type)
    if looked_at is not None:
        return looked_at(node)
    return node.type in _NAMED or (node.type in _IN_TEST and _within(node, "test_command"))


def _gaps_are_blank(node: Node) -> bool:
    """Tell whether nothing stands between the children of a part that no shell skips."""
    if not node.children or node.type in ("heredoc_body", "heredoc_redirect"):
        return True
    text, at = node.text or b"", node.start_byte
    end, of_command = None, node.type in ("command", "declaration_command")
    for child in node.children:
        if end is not None:
            gap = text[end - at - 1 : child.start_byte - at]
            if _GAP.fullmatch(gap, 1) is None:
                return False
            if of_command and len(gap) == 1 and "redirect" not in child.type:
                # Two words with nothing between are one, however it was parsed.
                return False
        end = child.end_byte
    return True


def _is_simple_expansion(node: Node) -> bool:
    after = node.next_sibling
    subscripted = after is not None and source_of(after).startswith("[")
    return _SIMPLE.fullmatch(source_of(node)) is not None and not subscripted


def is_sum(node: Node) -> bool:
    """Tell whether a part is arithmetic of numbers alone, which holds nothing else."""
    return node.type == "arithmetic_expansion" and _SUM.fullmatch(source_of(node)) is not None


def _within(node: Node, kind: str) -> bool:
    outer = node.parent
    while outer is not None and outer.type in _IN_TEST:
        outer = outer.parent
    return outer is not None and outer.type == kind


def _is_plain_here_text(node: Node) -> bool:
    """Tell whether a text that is written beside a command ends where it seems, and is a text."""
    begins = [child for child in node.children if child.type == "heredoc_start"]
    ends = [child for child in node.children if child.type == "heredoc_end"]
    bodies = [child for child in node.children if child.type == "heredoc_body"]
    kinds = {child.type for child in node.children}
    allowed = {"<<", "heredoc_start", "heredoc_body", "heredoc_end"}
    if len(begins) != 1 or len(ends) != 1 or not kinds <= allowed:
        return False
    start = _HERE.fullmatch(source_of(begins[0]))
    body = "".join(map(source_of, bodies))
    if start is None or start["word"] != source_of(ends[0]) or _holds_line(body, start["word"]):
        return False
    return bool(start["quote"]) or _EVALUATED_HERE.search(body) is None


def _holds_line(body: str, word: str) -> bool:
    return any(line.strip() == word for line in body.split("\n"))


def _is_whole_line(node: Node) -> bool:
    """Tell whether a comment has its line for itself: of others not all readers know them."""
    before = node.prev_sibling
    return before is None or (
        before.end_point.row < node.start_point.row and "\\" not in source_of(node)[-1:]
    )


def _is_declared_plainly(node: Node) -> bool:
    if node.type == "word":
        return source_of(node) in ("-x", "-r")
    return not node.is_named or node.type in ("variable_assignment", "variable_name")


def _is_plain_assignment(node: Node) -> bool:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    known = name is not None and name.type == "variable_name"
    return known and (value is None or value.type not in ("array", "subscript"))


def _is_plain_test(node: Node) -> bool:
    """Tell whether a test only looks: nothing in it is evaluated, nor taken for a redirect."""
    of_bash = node.children[0].type == "[["
    if not of_bash and node.children[0].type != "[":
        return False
    waiting = list(node.children[1:-1])
    while waiting:
        inner = waiting.pop()
        if inner.type in _IN_TEST:
            if not _has_plain_operator(inner, of_bash=of_bash):
                return False
            waiting += inner.named_children
        elif inner.type == "word" and source_of(inner) in _OTHER_OPERATORS:
            return False
        elif of_bash or inner.type not in _SPLITS:
            continue
        elif _NUMBER.fullmatch(source_of(inner)) is None:
            return False
    return True


def _has_plain_operator(node: Node, *, of_bash: bool) -> bool:
    signs = [c for c in node.children if not c.is_named or c.type == "test_operator"]
    texts = {source_of(sign) for sign in signs}
    match node.type:
        case "unary_expression" | "negated_expression":
            return texts <= _UNARY
        case "binary_expression" if texts <= _COMPARING:
            others = [child for child in node.children if child not in signs]
            return all(_NUMBER.fullmatch(source_of(other)) for other in others)
        case "binary_expression":
            return texts <= (_BINARY_OF_BASH if of_bash else _BINARY)
        case _:
            return of_bash and texts <= {"(", ")"}


def _is_plain_substitution(node: Node) -> bool:
    """Tell whether a command within a word is read once: backslashes in backticks go first."""
    return not (source_of(node).startswith("`") and "\\" in source_of(node))


_LOOKED_AT: dict[str, Callable[[Node], bool]] = {
    "arithmetic_expansion": is_sum,
    "command_substitution": _is_plain_substitution,
    "comment": _is_whole_line,
    "compound_statement": lambda node: node.children[0].type == "{",
    "declaration_command": lambda node: all(map(_is_declared_plainly, node.children)),
    "expansion": _is_simple_expansion,
    "extglob_pattern": lambda node: _PATTERN.fullmatch(source_of(node)) is not None,
    "heredoc_body": lambda _node: True,
    "heredoc_redirect": _is_plain_here_text,
    "regex": lambda node: _within(node, "test_command"),
    "simple_expansion": _is_simple_expansion,
    "test_command": _is_plain_test,
    "variable_assignment": _is_plain_assignment,
}
"""Kinds of parts of which not all are understood."""
