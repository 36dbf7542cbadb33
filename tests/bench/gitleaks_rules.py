"""Makes secrets from gitleaks' rules as a checkout of it has them: positives that are held out.

Nothing of the checkout is kept: `config/gitleaks.toml` is read when the bench runs, and texts are
made at random from each rule's pattern.
"""

import importlib
import random
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from tests.bench.secret_samples import NAMES, Sample

_PARSER = cast("Any", importlib.import_module("re._parser"))
_NAMED = "[\\w.-]{0,50}?"
"""How a rule begins that is about a name before a value,"""
_VALUE = r"""[\x60'"\s=]{0,5}("""
_AFTER = r""")(?:[\x60'"\s;]|\\[nr]|$)"""
"""and what stands around the value."""
_ANY = string.ascii_letters + string.digits
_LEAST_SECRET = 8
_MOST_MORE = 6
"""Repeats beyond the least that is asked for, where a rule leaves it open."""


def samples(checkout: Path, chance: random.Random, each: int) -> Iterator[Sample]:
    """Make secrets of every rule that has a pattern."""
    rules = tomllib.loads((checkout / "config" / "gitleaks.toml").read_text())["rules"]
    for rule in rules:
        if "regex" not in rule:
            continue
        for number in range(each):
            yield _sample(rule, chance, number)


def _sample(rule: dict[str, Any], chance: random.Random, number: int) -> Sample:
    pattern = cast("str", rule["regex"])
    keyword = cast("list[str]", rule["keywords"])[0]
    if _NAMED in pattern[:20] and _VALUE in pattern:
        value = pattern.split(_VALUE, 1)[1].split(_AFTER, 1)[0]
        secret, _ = _made(value, chance)
        name = keyword if keyword.isalpha() else cast("str", rule["id"]).split("-")[0]
        form = NAMES[number % len(NAMES)]
        return Sample(rule["id"], secret.strip('"'), form.format(i=name, I=name.upper()))
    text, groups = _made(pattern, chance)
    found = [groups[number] for number in sorted(groups) if len(groups[number]) >= _LEAST_SECRET]
    secret = found[0] if found else text.strip()
    if not any(word in text.lower() for word in rule["keywords"]):
        # gitleaks looks only where a keyword stands, so a sample has one.
        return Sample(rule["id"], secret, f"{keyword}_token")
    return Sample(rule["id"], secret, text="" if secret == text.strip() else f" {text} ")


def _made(pattern: str, chance: random.Random) -> tuple[str, dict[int, str]]:
    """Return a text that a pattern of Go matches, and what its groups are in it."""
    pattern = pattern.replace("[[:alnum:]]", "[0-9A-Za-z]").replace(r"\z", r"\Z")
    pattern = re.sub(r"\(\?(?:-i|i|s|-s):", "(?:", pattern)
    pattern = re.sub(r"\(\?(?:i|s)\)", "", pattern)
    groups: dict[int, str] = {}
    return _written(_PARSER.parse(pattern), chance, groups), groups


def _written(parsed: Any, chance: random.Random, groups: dict[int, str]) -> str:
    return "".join(_part(str(op), value, chance, groups) for op, value in parsed)


def _part(op: str, value: Any, chance: random.Random, groups: dict[int, str]) -> str:
    match op:
        case "LITERAL":
            return chr(value)
        case "IN":
            return chance.choice(_letters(value))
        case "ANY" | "NOT_LITERAL":
            return chance.choice(_ANY)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, inner = value
            count = chance.randint(least, min(int(most), least + _MOST_MORE))
            return "".join(_written(inner, chance, groups) for _ in range(count))
        case "SUBPATTERN":
            number, _, _, inner = value
            text = _written(inner, chance, groups)
            if number is not None:
                groups[number] = text
            return text
        case "BRANCH":
            return _written(chance.choice(value[1]), chance, groups)
        case _:
            return ""  # a place, which takes no character


def _letters(parts: Any) -> str:
    written = "".join(_class(str(op), value) for op, value in parts)
    if str(parts[0][0]) == "NEGATE":
        return "".join(c for c in _ANY if c not in written) or " "
    # A token with line ends in it is what the broken line is for.
    return written.replace("\n", "").replace("\r", "") or "\n"


def _class(op: str, value: Any) -> str:
    match op:
        case "LITERAL":
            return chr(value)
        case "RANGE":
            return "".join(map(chr, range(value[0], value[1] + 1)))
        case "CATEGORY":
            name = str(value)
            letters = {"DIGIT": string.digits, "SPACE": " ", "WORD": _ANY + "_"}
            return next((of for key, of in letters.items() if name.endswith(f"Y_{key}")), _ANY)
        case _:
            return ""


def false_positives(checkout: Path) -> Iterator[tuple[str, str]]:
    """Yield what gitleaks lists as no secret, by its rule: some of it is one by another rule."""
    listed = re.compile(r"fps := \[\]string\{(.*?)\n\t\}", re.DOTALL)
    literal = re.compile(r"`([^`]*)`,|^\s*\"((?:[^\"\\]|\\.)*)\",", re.MULTILINE)
    for path in sorted((checkout / "cmd" / "generate" / "config" / "rules").glob("*.go")):
        for block in listed.findall(path.read_text()):
            for raw, quoted in literal.findall(re.sub(r"(?m)^\s*//.*$", "", block)):
                yield path.stem, raw or quoted.replace('\\"', '"')
