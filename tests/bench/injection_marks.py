"""Prints how many injections are marked, and how many texts that are none, by set and half.

`python -m tests.bench.injection_marks FOLDER [--halves development]`: FOLDER has the packages that
`pip install --no-deps --target FOLDER agent-injection-bench==0.1.0 bastioncorpus==0.6.0
agentdojo==0.1.35 pyyaml` leaves; nothing of them is kept here. A text belongs to one half by the
last bit of its SHA-256: the words and weights were made on the one called development only.
"""

import argparse
import ast
import hashlib
import importlib
import importlib.metadata
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, cast

import msgspec

from keyturn.inspection.look_alikes import read_alphabet
from keyturn.inspection.signs import SignReader, read_signs

RESOURCES = Path(__file__).parents[2] / "resources"
PACKAGES = Path(msgspec.__file__).parents[1]
HALVES = ("development", "held out")
_SHORTEST = 20
_LINES = 40
_PAGE = 4_000
"""Characters of a page amid which an injection stands."""
_LONGEST_README = 60_000
_EVERY = 10
"""Of docstrings one in so many is read."""
_CANARY = "CANARY-7F3A9C21"
"""Set where the corpus leaves a place for a word that is watched for."""
_TO_FILL = re.compile(r"\{\w+\}")


class Sample(NamedTuple):
    """One text of a set."""

    text: str
    injected: bool


def main() -> int:
    """Read each set and print its rates; 1 where a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--halves", nargs="*", default=HALVES, choices=HALVES)
    parser.add_argument("--show", action="store_true", help="print what is wrong")
    wanted = parser.parse_args()
    signs = read_signs(
        RESOURCES / "suspicious_words.toml",
        read_alphabet(RESOURCES / "alike_letters.toml", frozenset()).drawn,
    )
    ok = True
    for half in wanted.halves:
        ok &= _measured(signs, wanted.folder, half, show=wanted.show)
    return 0 if ok else 1


def _measured(signs: SignReader, folder: Path, half: str, *, show: bool) -> bool:
    _say(f"{half}:")
    totals = {True: [0, 0], False: [0, 0]}
    for name, samples in sets_in(folder).items():
        for injected in (True, False):
            texts = {s.text for s in samples if s.injected is injected and half_of(s.text) == half}
            marked = {text for text in texts if signs.sign_in(text) is not None}
            if not texts:
                continue
            what = "recall" if injected else "false marks"
            rate = len(marked) / len(texts)
            _say(f"  {name:34} {what:12} {rate:.3f}  ({len(marked)} of {len(texts)})")
            totals[injected][0] += len(marked)
            totals[injected][1] += len(texts)
            for text in sorted(texts - marked if injected else marked) if show else ():
                _say(f"      {text[:300]!r} {signs.sign_in(text)}")
    _say(f"  {'both, each amid a long page':34} recall       {_amid(signs, half, folder):.3f}")
    recall, false = (marked / max(1, texts) for marked, texts in (totals[True], totals[False]))
    _say(f"  all: recall {recall:.3f}, false marks {false:.4f} {totals}")
    return recall >= 0.9 and false <= 0.05


def _amid(signs: SignReader, half: str, folder: Path) -> float:
    """Return how many are marked in the middle of a README, where the mark is higher."""
    readme = (importlib.metadata.distribution("attrs").read_text("METADATA") or "")[-_PAGE:]
    samples = (*_injection_bench(folder), *_bastion(folder))
    texts = {s.text for s in samples if s.injected and half_of(s.text) == half}
    middle = len(readme) // 2
    pages = [f"{readme[:middle]}\n\n{text}\n\n{readme[middle:]}" for text in texts]
    return sum(signs.sign_in(page) is not None for page in pages) / len(pages)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def half_of(text: str) -> str:
    """Return to which half a text belongs."""
    return HALVES[hashlib.sha256(text.encode("utf-8", "replace")).digest()[-1] % 2]


def sets_in(folder: Path) -> Mapping[str, list[Sample]]:
    """Return every set of texts by its name."""
    return {
        "agent-injection-bench 0.1.0": list(_injection_bench(folder)),
        "bastioncorpus 0.6.0": list(_bastion(folder)),
        "AgentDojo 0.1.35 environments": _benign(_environments(folder / "agentdojo")),
        "READMEs of installed packages": _benign(_readmes()),
        "docstrings of installed packages": _benign(_docstrings(PACKAGES, every=_EVERY)),
        "log lines of this machine": _benign(_logs()),
        "descriptions of MCP tools": _benign(_descriptions(folder / "agentdojo")),
    }


def _benign(texts: Iterator[str]) -> list[Sample]:
    return [Sample(text, injected=False) for text in texts if len(text) >= _SHORTEST]


def _rows(file: Path) -> Iterator[dict[str, str]]:
    return map(json.loads, file.read_text(encoding="utf-8").splitlines())


def _injection_bench(folder: Path) -> Iterator[Sample]:
    for row in _rows(folder / "aib/data/attacks.jsonl"):
        # The family "control" are texts without an injection.
        yield Sample(row["injected"], injected=row["family"] != "control")


def _bastion(folder: Path) -> Iterator[Sample]:
    for row in _rows(folder / "bastioncorpus/corpus/injections.jsonl"):
        yield Sample(row["text"].replace("{canary}", _CANARY), injected=row["label"] == "malicious")


def _environments(agentdojo: Path) -> Iterator[str]:
    """Yield each mail, file, event, message and page, the places of injections left empty."""
    sys.path.append(str(agentdojo.parent))
    load: Callable[[str], object] = importlib.import_module("yaml").safe_load
    for file in sorted(agentdojo.rglob("*.yaml")):
        if file.name in ("injection_vectors.yaml", "system_messages.yaml"):
            continue
        # Other files that one includes are read by themselves.
        lines = file.read_text(encoding="utf-8").splitlines()
        yield from _things(load("\n".join(line for line in lines if "!include" not in line)))


def _things(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield _TO_FILL.sub("", value)
    elif isinstance(value, dict):
        members = cast("dict[str, object]", value)
        if any(isinstance(one, (dict, list)) for one in members.values()):
            for one in members.values():
                yield from _things(one)
        else:
            yield _TO_FILL.sub("", "\n".join(f"{key}: {one}" for key, one in members.items()))
    elif isinstance(value, list):
        for one in cast("list[object]", value):
            yield from _things(one)


def _readmes() -> Iterator[str]:
    for installed in importlib.metadata.distributions(path=[str(PACKAGES)]):
        yield (installed.read_text("METADATA") or "").partition("\n\n")[2][:_LONGEST_README]


def _docstrings(folder: Path, *, every: int) -> Iterator[str]:
    nodes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
    seen = 0
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(_parsed(file)):
            said = ast.get_docstring(node) if isinstance(node, nodes) else None
            if said:
                seen += 1
                if seen % every == 0:
                    yield said


def _descriptions(agentdojo: Path) -> Iterator[str]:
    """Yield what the servers of the tests and of AgentDojo say of their tools."""
    yield from _docstrings(agentdojo / "default_suites/v1/tools", every=1)
    folders = (PACKAGES / "mcp_server_git", PACKAGES / "mcp_server_time")
    demo = Path(__file__).parents[2] / "app/keyturn/demo"
    for folder in (*folders, demo):
        for file in sorted(folder.rglob("*.py")):
            for node in ast.walk(_parsed(file)):
                if isinstance(node, ast.keyword) and node.arg == "description":
                    yield from _constant(node.value)
    yield from _docstrings(demo, every=1)


def _constant(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _logs() -> Iterator[str]:
    for file in sorted(Path("/var/log").rglob("*.log")):
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for at in range(0, len(lines), _LINES):
            yield "\n".join(lines[at : at + _LINES])


if __name__ == "__main__":
    sys.exit(main())
