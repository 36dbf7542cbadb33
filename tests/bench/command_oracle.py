"""Runs commands that are made up, and prints those that did more than was said of them.

`PYTHONPATH=app:. python -m tests.bench.command_oracle shell|sql COUNT SEED [SHELL ...]`
"""

import random
import sys
from collections import Counter

from tests.property import shell_lines, sql_lines


def main(language: str, count: int, seed: int, shells: tuple[str, ...]) -> int:
    """Try so many texts; return how many were judged wrongly."""
    dice = random.Random(seed)
    tally: Counter[str] = Counter()
    for number in range(count):
        text, said, kind = _one(language, dice, number, shells)
        tally[kind] += 1
        if said:
            tally["wrong"] += 1
            sys.stdout.write(f"{text!r}: {said}\n")
    sys.stdout.write(f"{count} texts of seed {seed}: {dict(tally)}\n")
    return tally["wrong"]


def _one(
    language: str, dice: random.Random, number: int, shells: tuple[str, ...]
) -> tuple[str, str, str]:
    made = sql_lines if language == "sql" else shell_lines
    if language == "sql":
        text = (sql_lines.one_plain_text, sql_lines.one_text)[number % 2](dice)
        said = sql_lines.wrong(text)
    else:
        ways = (shell_lines.one_odd_line, shell_lines.one_line, shell_lines.one_wrapped_line)
        text = (*ways, shell_lines.one_plain_line)[number % 4](dice)
        said = shell_lines.wrong(text, shells)
    if not made.is_bounded(text):
        return text, said, "not understood, or without a bound"
    return text, said, "bounded" if made.judged(text).changes else "reads"


if __name__ == "__main__":
    wrong = main(
        sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), tuple(sys.argv[4:]) or ("/bin/bash",)
    )
    sys.exit(1 if wrong else 0)
