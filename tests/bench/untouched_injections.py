"""Prints how much is marked in sets of texts that no word and no weight was ever made on.

`python -m tests.bench.untouched_injections FOLDER`: FOLDER has the package that `pip install
--no-deps --target FOLDER agentdojo==0.1.35` leaves, and `prompt-injections` and `BIPIA`, cloned
from github.com/Giskard-AI (commit ce50a54) and github.com/microsoft (commit 1a2a91d); nothing of
them is kept here. Only totals are printed. Whoever makes words after reading one of these texts
has to name other sets here.

Since words were made after the kinds of what these miss (a bare heading), a second lot is printed:
`xInjectAgent` and `prompt-injection-defense`, cloned from github.com/enkryptai (commit 21af277) and
github.com/goodwiins (commit 7b8af34), of which only the names of members were looked at.
"""

import argparse
import ast
import csv
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from keyturn.inspection.look_alikes import read_alphabet
from keyturn.inspection.signs import SignReader, read_signs

RESOURCES = Path(__file__).parents[2] / "resources"
LEAST_RECALL = 0.90
MOST_FALSE = 0.05
_FILLED_IN = {"{user}": "Emma Johnson", "{model}": "AI assistant", "{tools}": ""}
_NO_ORDER = frozenset({"manual", "direct"})
"""Attacks that add no order: a person types it, or the goal stands alone, as a thing to do."""


def main() -> int:
    """Read each set and print its rates; 1 where a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    signs = read_signs(
        RESOURCES / "suspicious_words.toml",
        read_alphabet(RESOURCES / "alike_letters.toml", frozenset()).drawn,
    )
    recall = _printed(signs, {**_attacks(folder / "agentdojo"), **_prompts(folder)}, "recall")
    _say("a second lot:")
    _printed(signs, _second(folder), "recall")
    _printed(signs, _second_goals(folder), "marks on what is no order by its words")
    _printed(signs, _second_benign(folder), "false marks")
    _say("of the first lot:")
    _printed(signs, _goals(folder / "agentdojo"), "marks on what is no order by its words")
    false = _printed(signs, _contexts(folder / "BIPIA/benchmark"), "false marks")
    return 0 if recall >= LEAST_RECALL and false <= MOST_FALSE else 1


def _printed(signs: SignReader, sets: Mapping[str, set[str]], what: str) -> float:
    """Print the rate of each set; return that of all of them."""
    marked_in_all = 0
    for name, texts in sets.items():
        marked = sum(signs.sign_in(text) is not None for text in texts)
        marked_in_all += marked
        _say(f"  {name:46} {what:12} {marked / len(texts):.3f}  ({marked} of {len(texts)})")
    count = sum(map(len, sets.values()))
    _say(f"  {'all':46} {what:12} {marked_in_all / count:.3f}  ({marked_in_all} of {count})")
    return marked_in_all / count


def _attacks(agentdojo: Path) -> dict[str, set[str]]:
    """Return what each of AgentDojo's attacks makes of each of its goals."""
    goals = _all_goals(agentdojo)
    return {
        f"AgentDojo 0.1.35, {name}": {_filled(template, goal) for goal in goals}
        for name, template in _templates(agentdojo)
        if name not in _NO_ORDER
    }


def _goals(agentdojo: Path) -> dict[str, set[str]]:
    return {"AgentDojo 0.1.35, goals alone": {f"TODO: {goal}" for goal in _all_goals(agentdojo)}}


def _templates(agentdojo: Path) -> Iterator[tuple[str, str]]:
    for file in sorted((agentdojo / "attacks").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                said = [one for one in _texts(node) if "{goal}" in one or "{user}" in one]
                if said and _name_of(node):
                    yield _name_of(node), max(said, key=len)


def _assigned(node: ast.AST, name: str) -> ast.expr | None:
    """Return what is assigned to a name in a class, by a statement on its own."""
    match node:
        case ast.Assign(targets=[ast.Name(id=named)], value=value) if named == name:
            return value
        case _:
            return None


def _name_of(node: ast.ClassDef) -> str:
    values = (_assigned(one, "name") for one in node.body)
    return next((str(v.value) for v in values if isinstance(v, ast.Constant)), "")


def _texts(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def _all_goals(agentdojo: Path) -> set[str]:
    files = sorted((agentdojo / "default_suites").rglob("injection_tasks.py"))
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    return {
        _joined(value)
        for tree in trees
        for node in ast.walk(tree)
        if (value := _assigned(node, "GOAL")) is not None
    }


def _joined(value: ast.expr) -> str:
    """Return a text; what is filled in when AgentDojo runs is an account here."""
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "US133000000121212121212"
        for part in parts
    )


def _filled(template: str, goal: str) -> str:
    for place, said in {**_FILLED_IN, "{goal}": goal}.items():
        template = template.replace(place, said)
    return template


def _prompts(folder: Path) -> dict[str, set[str]]:
    sets: dict[str, set[str]] = {}
    with (folder / "prompt-injections/prompt_injections.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            sets.setdefault(f"Giskard, {row['group'].lower()}", set()).add(row["prompt"])
    return sets


def _second(folder: Path) -> dict[str, set[str]]:
    """Return results of tools with an attack in them, and attacks that a person types."""
    data, typed = folder / "xInjectAgent/data", folder / "prompt-injection-defense/data"
    names = ("dh_enhanced", "ds_enhanced", "dh_test", "ds_test", "dh_tech")
    sets = {
        f"InjecAgent, {name}": _members(data / f"test_cases_{name}.json", "Tool Response")
        for name in names
    }
    for name in ("multilang_attacks", "prompt_injections"):
        sets[f"goodwiins, {name}"] = _members(typed / f"{name}.json", "text")
    return sets


def _second_goals(folder: Path) -> dict[str, set[str]]:
    """Return results of tools with a wish in them, and no word besides."""
    data = folder / "xInjectAgent/data"
    return {
        f"InjecAgent, {name}": _members(data / f"test_cases_{name}.json", "Tool Response")
        for name in ("dh_base", "ds_base")
    }


def _second_benign(folder: Path) -> dict[str, set[str]]:
    data = folder / "prompt-injection-defense/data"
    return {
        f"goodwiins, {name}": _members(data / f"{name}.json", "text")
        for name in ("notinject_expanded", "synthetic_safe_prompts")
    }


def _members(file: Path, name: str) -> set[str]:
    rows = json.loads(file.read_text(encoding="utf-8"))
    return {row[name] for row in rows if row.get("category") != "safe"}


def _contexts(benchmark: Path) -> dict[str, set[str]]:
    """Return BIPIA's mails, tables and errors, into which its attacks are put when it runs."""
    sets: dict[str, set[str]] = {}
    for name in ("email", "table", "code"):
        texts: set[str] = set()
        for part in ("train", "test"):
            lines = (benchmark / name / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
            for row in map(json.loads, lines):
                said = row["context"]
                texts.add(said if isinstance(said, str) else "\n".join(said))
        sets[f"BIPIA, {name}"] = texts
    return sets


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
