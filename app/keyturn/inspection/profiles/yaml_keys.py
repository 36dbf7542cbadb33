"""Owns where the secret values of a YAML text stand, by the marks that its parser leaves.

Nothing is constructed: the nodes of the text are looked at, each once, however often an alias
names it.
"""

from collections.abc import Iterator
from typing import Protocol, cast

import yaml

from keyturn.inspection.profiles.naming import holds_secret, is_key_by_chance
from keyturn.inspection.profiles.profiled import Edit
from keyturn.inspection.secret_likeness import is_placeholder


class _Compose(Protocol):
    def __call__(self, text: str, Loader: object) -> Iterator[yaml.Node | None]:  # noqa: N803 -- PyYAML's own name
        ...


_LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)
_COMPOSE = cast("_Compose", yaml.compose_all)
_MOST_DEEP = 64
_OF_A_SECRET = frozenset({"data", "stringData"})
"""What holds the values of a Kubernetes `Secret`, whatever they are called."""


def _documents(text: str) -> list[yaml.Node] | None:
    if text.count("[") + text.count("{") > len(text) // 8 + _MOST_DEEP:
        return None  # nothing a person writes; deep nesting costs the parser its stack
    try:
        return [node for node in _COMPOSE(text, Loader=_LOADER) if node is not None]
    except (yaml.YAMLError, RecursionError, ValueError):
        return None


def yaml_shape(text: str) -> object:
    """Return the keys of a YAML text and how they are nested; None for one that has none."""
    documents = _documents(text)
    if not documents or not any(isinstance(node, yaml.MappingNode) for node in documents):
        return None
    return [_shape(node, 0, {}) for node in documents]


def _shape(node: yaml.Node, depth: int, seen: dict[int, object]) -> object:
    if id(node) in seen or depth > _MOST_DEEP:
        return seen.get(id(node), "")
    seen[id(node)] = "alias"
    match node:
        case yaml.MappingNode():
            return [
                (key.value if isinstance(key, yaml.ScalarNode) else "", _shape(v, depth + 1, seen))
                for key, v in node.value
            ]
        case yaml.SequenceNode():
            return [_shape(item, depth + 1, seen) for item in node.value]
        case _:
            return ()


def yaml_edits(text: str) -> Iterator[Edit]:
    """Yield every scalar; without a kind where its key does not say that it is secret."""
    seen: set[int] = set()
    for node in _documents(text) or ():
        yield from _within(text, node, "", seen, 0)


def _within(text: str, node: yaml.Node, name: str, seen: set[int], depth: int) -> Iterator[Edit]:
    if id(node) in seen or depth > _MOST_DEEP:
        return
    seen.add(id(node))
    match node:
        case yaml.MappingNode():
            of_secret = any(
                isinstance(value, yaml.ScalarNode)
                and (key.value, value.value) == ("kind", "Secret")
                for key, value in node.value
            )
            for key, value in node.value:
                key_name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
                if of_secret and key_name in _OF_A_SECRET and isinstance(value, yaml.MappingNode):
                    yield from _values(text, value)
                else:
                    yield from _within(text, value, key_name, seen, depth + 1)
        case yaml.SequenceNode():
            for item in node.value:
                yield from _within(text, item, name, seen, depth + 1)
        case yaml.ScalarNode():
            kind = holds_secret(name, node.value)
            if is_placeholder(text[max(0, node.start_mark.index - 1) : node.end_mark.index + 1]):
                kind = ""  # what masking left reads as a list of one
            by_chance = not kind and is_key_by_chance(name, node.value)
            yield _edit(text, node, "key" if by_chance else kind, name)
        case _:
            pass


def _values(text: str, mapping: yaml.MappingNode) -> Iterator[Edit]:
    for key, value in mapping.value:
        if isinstance(value, yaml.ScalarNode) and value.value:
            yield _edit(text, value, "secret", str(key.value))


def _edit(text: str, node: yaml.ScalarNode, kind: str, name: str) -> Edit:
    start, end = node.start_mark.index, node.end_mark.index
    if node.style in ("|", ">"):
        # A block ends where the next line begins.
        block = text[start:end]
        end = start + len(block.rstrip())
        return Edit(start, end, kind, name, f'"[{kind}]"')
    if node.style in ('"', "'") and text[start] == node.style:
        return Edit(start + 1, end - 1, kind, name)
    return Edit(start, end, kind, name, f'"[{kind}]"')
