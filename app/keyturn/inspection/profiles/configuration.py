"""Owns the masking of configuration: by key, so that the text still parses to the same keys.

Comments, references (`${VAR}`, `vault:...`), paths and plain settings stay. What was masked is
parsed once more, and where the keys are not the same ones any more, all of the text is masked.
"""

import json
import re
import tomllib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import cast

from keyturn.inspection.profiles.naming import holds_secret, is_key_by_chance
from keyturn.inspection.profiles.profiled import (
    NAMED_ONLY,
    Edit,
    Profiled,
    applied,
    secrets_of,
    whole,
)
from keyturn.inspection.profiles.yaml_keys import yaml_edits, yaml_shape


class Syntax(Enum):
    """How a configuration is written."""

    JSON = "json"
    TOML = "toml"
    YAML = "yaml"
    LINES = "lines"
    """`.env`, INI, properties, and everything else that is a key and a value a line."""


_JSON_PAIR = re.compile(
    r'"((?:[^"\\]|\\.)*)"\s*:\s*(?:"((?:[^"\\]|\\.)*)"|(-?\d[\w.+-]*)|(\[[^\[\]{}]*\]))'
)
_JSON_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_TOML_KEY = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_TOML_PAIR = re.compile(
    rf"(?m)(?:^|[{{,])[ \t]*({_TOML_KEY}(?:[ \t]*\.[ \t]*{_TOML_KEY})*)[ \t]*=[ \t]*"
    r'(?:"{3}((?:[^\\]|\\.)*?)"{3}'
    r"|'{3}([\s\S]*?)'{3}"
    r'|"((?:[^"\\\n]|\\.)*)"'
    r"|'([^'\n]*)'|([+-]?\w[\w.+:-]*))"
)
_BARE_NUMBER = 6
_LINE_KEY = re.compile(
    r"[ \t]*(?:(?:export|set|setenv|ENV|ARG)[ \t]+)?([\w.\-\[\]$:]*[\w\]])[ \t]*([=: ])[ \t]*"
)
_LINE_STRING = {'"': re.compile(r'"((?:[^"\\]|\\.)*)"'), "'": re.compile(r"'([^'\n]*)'")}
_LINE_COMMENT = re.compile(r"[ \t][#;]")
_COMMENT = re.compile(r"[ \t]*(?:[#;!]|//|--)")
_SECTION = re.compile(r"[ \t]*\[[^\]\n]+\]")
_STARTS_A_COMMENT = re.compile(r"(?:^|[ \t])(?:[#;!]|//|--|/\*)")
_SETS = frozenset({"=", ":"})


def masked_configuration(
    text: str, syntax: Syntax | None = None, withheld: Sequence[Edit] = ()
) -> Profiled:
    """Mask a configuration; its syntax is found out where nobody says it."""
    by_form = secrets_of(text)
    if by_form is None:
        return whole()
    syntax = syntax or syntax_of(text)
    shape = _SHAPES[syntax]
    before = shape(text)
    values = list(_EDITS[syntax](text))
    by_key = [value for value in values if value.kind]
    shown = applied(text, [*withheld, *by_key, *_beside(by_form, values, syntax, text)])
    if before is not None and shape(shown.text) != before:
        return whole()
    return shown


def syntax_of(text: str) -> Syntax:
    """Find out what a configuration is written in, the strictest first."""
    start = text.lstrip()[:1]
    if start in ("{", "[") and _json_shape(text) is not None:
        return Syntax.JSON
    if "=" in text and _toml_shape(text):
        return Syntax.TOML
    if re.search(r"(?m)^[ \t]*(?:- )*[^\s#=:-][^\s#=:]*:(?:[ \t]|$)", text) and yaml_shape(text):
        return Syntax.YAML
    return Syntax.LINES


def _beside(by_form: list[Edit], values: list[Edit], syntax: Syntax, text: str) -> Iterator[Edit]:
    """Yield what a form told beside the keys, quoted where the syntax wants it.

    What only a name told the keys have decided: `token_ttl: 3600` is a setting.
    """
    starts = [value.start for value in values]
    for edit in by_form:
        number = bisect_right(starts, edit.start) - 1
        value = values[number] if number >= 0 and edit.end <= values[number].end else None
        if value is not None and value.kind:
            continue
        if value is not None and edit.kind in NAMED_ONLY and edit.start <= value.start:
            continue  # its key decided; a name within the value still counts
        if value is None and edit.kind in NAMED_ONLY and not _in_a_comment(text, edit.start):
            continue  # a key, or a part of what is no value by itself
        is_all = value is not None and (value.start, value.end) == (edit.start, edit.end)
        if is_all and syntax is not Syntax.LINES and text[edit.start - 1] not in "\"'":
            yield edit._replace(replacement=f'"[{edit.kind}]"')
        else:
            yield edit


def _in_a_comment(text: str, at: int) -> bool:
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return _STARTS_A_COMMENT.search(before) is not None


def _named(name: str, value: str) -> str:
    name = name.strip("\"'")
    kind = holds_secret(name, value)
    return kind or ("key" if is_key_by_chance(name, value) else "")


def _json_edits(text: str) -> Iterator[Edit]:
    for pair in _JSON_PAIR.finditer(text):
        name = pair[1]
        if pair[4] is not None:
            for each in _JSON_TEXT.finditer(text, *pair.span(4)):
                yield Edit(*each.span(1), _named(name, each[1]), name)
            continue
        value, group = (pair[2], 2) if pair[2] is not None else (pair[3], 3)
        kind = _named(name, value)
        yield Edit(*pair.span(group), kind, name, f'"[{kind}]"' if group == 3 else "")


def _toml_edits(text: str) -> Iterator[Edit]:
    for pair in _TOML_PAIR.finditer(text):
        name = pair[1].split(".")[-1].strip()
        group = next(number for number in range(2, 7) if pair[number] is not None)
        kind = _named(name, pair[group])
        if pair[group].strip():
            bare = group == _BARE_NUMBER
            yield Edit(*pair.span(group), kind, name, f'"[{kind}]"' if bare else "")


def _line_edits(text: str) -> Iterator[Edit]:
    at = 0
    while at <= len(text):
        line_end = text.find("\n", at)
        line_end = line_end if line_end >= 0 else len(text)
        key = None if _COMMENT.match(text, at, line_end) else _LINE_KEY.match(text, at, line_end)
        if key is not None:
            start, end = _line_value(text, key.end(), line_end)
            # Two words may be a setting (`password abcd`), more are a sentence.
            spoken = key[2] not in _SETS and (" " in text[start:end] or "[" in key[1])
            if not spoken and start < end:
                yield Edit(start, end, _named(key[1], text[start:end]), key[1])
            line_end = max(line_end, end)
        at = line_end + 1


def _line_value(text: str, start: int, line_end: int) -> tuple[int, int]:
    """Return where a value stands, without what quotes it and without a comment after it."""
    quoted = _LINE_STRING.get(text[start : start + 1])
    found = quoted.match(text, start) if quoted is not None else None
    if found is not None:
        return found.span(1)
    comment = _LINE_COMMENT.search(text, start, line_end)
    end = comment.start() if comment is not None else line_end
    return start, start + len(text[start:end].rstrip())


def _json_shape(text: str) -> object:
    try:
        return _keys(cast("object", json.loads(text)))
    except (ValueError, RecursionError):
        return None


def _toml_shape(text: str) -> object:
    try:
        return _keys(tomllib.loads(text))
    except (ValueError, RecursionError):  # it refuses very long numbers with the first, too
        return None


def _line_shape(text: str) -> object:
    """Return the sections, and the keys of the lines that assign."""
    keys: list[str] = []
    for line in text.split("\n"):
        key = None if _COMMENT.match(line) else _LINE_KEY.match(line)
        if key is not None and key[2] in _SETS:
            keys.append(key[1])
        elif _SECTION.match(line):
            keys.append(line.strip())
    return keys


def _keys(value: object) -> object:
    """Return the keys of a value and how they are nested, without what they hold."""
    match value:
        case dict():
            pairs = cast("dict[str, object]", value)
            return {key: _keys(item) for key, item in pairs.items()}
        case list():
            return [_keys(item) for item in cast("list[object]", value)]
        case _:
            return ()


_SHAPES: dict[Syntax, Callable[[str], object]] = {
    Syntax.JSON: _json_shape,
    Syntax.TOML: _toml_shape,
    Syntax.YAML: yaml_shape,
    Syntax.LINES: _line_shape,
}
_EDITS: dict[Syntax, Callable[[str], Iterator[Edit]]] = {
    Syntax.JSON: _json_edits,
    Syntax.TOML: _toml_edits,
    Syntax.YAML: yaml_edits,
    Syntax.LINES: _line_edits,
}
