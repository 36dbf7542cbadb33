"""The syntax trees of all files of the repository, parsed once for every test that reads them."""

import ast
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).resolve().parents[1]
APP, TESTS, PACKAGING = AREAS = ("app/keyturn/", "tests/", "packaging/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file: its path from the root with forward slashes, its text, its tree and all in it."""

    path: str
    text: str
    tree: ast.Module
    nodes: tuple[ast.AST, ...]

    @property
    def area(self) -> str:
        """The one of `AREAS` that the file is in."""
        return next(area for area in AREAS if self.path.startswith(area))


@cache
def sources() -> tuple[Source, ...]:
    """Return every file, those of other people's packages left out.

    A million nodes live until the end: the collector is spared them while they are made, which
    takes more than twice the time with it, and whenever it runs afterwards.
    """
    paths = (path for area in AREAS for path in sorted((ROOT / area).rglob("*.py")))
    gc.disable()
    try:
        return tuple(
            parse(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
            for path in paths
            if "node_modules" not in path.parts
        )
    finally:
        gc.freeze()
        gc.enable()


def sources_in(area: str) -> Iterator[Source]:
    """Yield the files of one area."""
    return (source for source in sources() if source.area == area)


def parse(path: str, text: str) -> Source:
    """Read one file."""
    tree = ast.parse(text, path)
    return Source(path=path, text=text, tree=tree, nodes=tuple(walk(tree)))


def walk(tree: ast.Module) -> list[ast.AST]:
    """Return what `ast.walk` yields, less the contexts of names, in half the time."""
    nodes: list[ast.AST] = [tree]
    for node in nodes:
        for name in node._fields:
            inner = getattr(node, name, None)
            if isinstance(inner, list):
                nodes += [child for child in cast("list[Any]", inner) if isinstance(child, ast.AST)]
            elif isinstance(inner, ast.AST) and not isinstance(inner, ast.expr_context):
                nodes.append(inner)
    return nodes
