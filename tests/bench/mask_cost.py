"""Prints what masking costs (`python -m tests.bench.mask_cost`): milliseconds of CPU a KiB."""

import random
import sys
import time

from keyturn.application.ports.payloads import LARGE_BYTES
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
_WORDS = ("order", "pallet", "lorry", "north", "yard", "depot", "week", "token", "dock", "permit")


def main() -> None:
    """Measure texts of the size that is still masked on the broker's loop."""
    chance = random.Random(7)
    texts = {
        "words": " ".join(chance.choices(_WORDS, k=LARGE_BYTES // 6)),
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
