"""Prints what masking costs (`python -m tests.bench.mask_cost`): milliseconds of CPU a KiB."""

import random
import sys
import time
from collections.abc import Sequence

from keyturn.application.ports.payloads import LARGE_BYTES
from keyturn.inspection.secret_context import service_facts
from keyturn.inspection.secret_shapes import shape_facts
from keyturn.inspection.secrets import DetectSecretsMask

TIMES = 5
HOSTILE = {
    "pwd=": "pwd=abcd1234 ",
    "token that is none": 'token:"a',
    "URLs": "://a:b@",
    "web tokens": "eyJhIjoxfQ.eyJhIjoxfQ.x ",
    "AWS keys": "AKIA" + "A" * 16,
}
"""What is repeated in texts that cost most: too many candidates, so that all is masked."""
COSTLY = {
    "GitHub tokens": "ghp_" + "aB3d" * 9 + " ",
    "beginnings": "glsa_ hvs.a1b2 dop_v1_ SG.a_b-c1 ",
    "names of services": "jira: ab12-cd34-ef56 ",
    "names in base64": "cGFzc3dvcmQ6YWJjZDEyMzQ ",
    "base64 that is none": "AKIA_AKIA_AKIA_AKIA_AK ",
    "percents": "%41",
    "percents, named": "%70wd=ab1d%20",
    "escapes": "\\u0041",
    "broken lines": "a" * 16 + "\n",
    "broken tokens": "ghp_aB3daB3daB3d\n",
    "elements": "<token>ab1d</token>",
    "authorizations": "bearer ab1dab1d ",
}
"""The same of what costs less each, so that more of it is looked at."""
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-=:.\"' "
_WORDS = ("order", "pallet", "lorry", "north", "yard", "depot", "week", "token", "dock", "permit")


def _cut(chance: random.Random, words: Sequence[str], after: str) -> str:
    """Return beginnings of words in a mixture: what takes a search for them most states."""
    parts: list[str] = []
    for word in chance.choices(words, k=LARGE_BYTES // 9):
        parts += word[: chance.randint(1, len(word))], chance.choice(after)
        parts += chance.choices(_LETTERS, k=chance.randint(0, 8))
    return "".join(parts)[:LARGE_BYTES]


def main() -> None:
    """Measure texts of the size that is still masked on the broker's loop."""
    chance = random.Random(7)
    beginnings = [each for _, of, _ in shape_facts() for each in of]
    services = [name for name, _, _, _ in service_facts()]
    texts = {
        "words": " ".join(chance.choices(_WORDS, k=LARGE_BYTES // 6)),
        "mixed beginnings": _cut(chance, beginnings, "._- "),
        "mixed names of services": _cut(chance, services, '=:"_ '),
        "JSON": '{"name":"value of it","n":1234,"list":[1,2,3]},' * (LARGE_BYTES // 47),
        **{
            f"hostile: {name}": unit * (LARGE_BYTES // len(unit))
            for name, unit in (HOSTILE | COSTLY).items()
        },
    }
    for name, text in texts.items():
        whole = min(_milliseconds(text) for _ in range(TIMES))
        sys.stdout.write(f"{name:30} {whole / len(text) * 1024:8.4f} ms/KiB {whole:8.2f} ms\n")


def _milliseconds(text: str) -> float:
    mask = DetectSecretsMask()
    start = time.process_time()
    mask.mask(text)
    return (time.process_time() - start) * 1e3


if __name__ == "__main__":
    main()
