"""Owns how the official conformance suite is run and what it found, check by check.

The suite is `@modelcontextprotocol/conformance`, installed from npm when a command runs. Its last
line is not believed: with nobody listening some of its checks pass. What counts is which checks of
which scenario ended how, and that they are the same ones with Keyturn in between.
"""

import json
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.npm_folder import NpmFolder

PACKAGE = "@modelcontextprotocol/conformance@0.2.0-alpha.12"
REVISIONS = ("2025-11-25", "2026-07-28")
RUN_SECONDS = 300.0
PASSED, FAILED, NOTE = "SUCCESS", "FAILURE", "INFO"
_FOLDER = re.compile(r"(?:server-)?(.+)-\d{4}-\d\d-\d\dT[\d-]+Z")
_LISTED = re.compile(r"^  - (\S+) \[(.+)\]$", re.MULTILINE)


@dataclass(slots=True)
class Outcome:
    """What became of one scenario."""

    checks: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """How often each check ended how; notes are not checks."""

    @property
    def passed(self) -> int:
        """How many checks passed."""
        return self._ended(PASSED)

    @property
    def failed(self) -> int:
        """How many failed."""
        return self._ended(FAILED)

    def __str__(self) -> str:
        return f"{self.passed}/{self.failed}"

    def _ended(self, how: str) -> int:
        return sum(count for (_, status), count in self.checks.items() if status == how)


Outcomes = Mapping[str, Outcome]
"""By scenario."""


def install(folder: NpmFolder) -> None:
    """Install the suite, and a node that it runs on."""
    folder.install_node()
    folder.install(PACKAGE)


def score_server(folder: NpmFolder, url: str, revision: str) -> Outcomes:
    """Run every scenario for servers of a revision against a URL."""
    with tempfile.TemporaryDirectory(prefix="keyturn-suite-") as results:
        words = ("server", "--url", url, "--suite", "all", "--spec-version", revision)
        _run(folder, (*words, "-o", results))
        return dict(read_results(Path(results)))


def client_scenarios(folder: NpmFolder) -> Mapping[str, Sequence[str]]:
    """Return the scenarios for clients and the revisions, of those here, that each exists in."""
    program = str(folder.modules / ".bin" / "conformance")
    done = subprocess.run(
        [program, "list"], env=folder.env(), capture_output=True, text=True, check=True
    )
    _, _, rest = done.stdout.partition("Client scenarios")
    ours, _, _ = rest.partition("\n\n")
    listed = {row[1]: row[2].split(",") for row in _LISTED.finditer(ours)}
    return {
        name: [revision for revision in REVISIONS if revision in exists]
        for name, exists in listed.items()
        if not set(exists).isdisjoint(REVISIONS)
    }


def score_client(
    folder: NpmFolder, command: str, scenario: str, revision: str, seconds: float
) -> Outcome:
    """Run one scenario for clients with a command that is given the URL as its last word."""
    with tempfile.TemporaryDirectory(prefix="keyturn-suite-") as results:
        words = ("client", "--command", command, "--scenario", scenario)
        limit = ("--timeout", str(int(seconds * 1000)))
        _run(folder, (*words, "--spec-version", revision, *limit, "-o", results))
        return next((outcome for _, outcome in read_results(Path(results))), Outcome())


PER_REQUEST = frozenset({"valid-bearer-token"})
"""Checks that are made of each request, of which a broker that lists on its own makes more."""


def differences(direct: Outcome, through: Outcome) -> str:
    """Say which checks ended differently; empty when none did."""
    lost = _counted(direct) - _counted(through)
    gained = _counted(through) - _counted(direct)
    parts = [f"without {name} ({status})" for name, status in sorted(lost)]
    parts += [f"with {name} ({status})" for name, status in sorted(gained)]
    return ", ".join(parts)


def _counted(outcome: Outcome) -> Counter[tuple[str, str]]:
    return Counter(
        {check: 1 if check[0] in PER_REQUEST else n for check, n in outcome.checks.items()}
    )


def _run(folder: NpmFolder, words: Sequence[str]) -> None:
    program = str(folder.modules / ".bin" / "conformance")
    subprocess.run(
        [program, *words],
        env=folder.env(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=RUN_SECONDS,
        check=False,
    )


def read_results(results: Path) -> Iterator[tuple[str, Outcome]]:
    """Yield each scenario in the folder of a run and what became of it."""
    for file in sorted(results.rglob("checks.json")):
        name = _FOLDER.fullmatch(file.parent.relative_to(results).as_posix())
        outcome = Outcome()
        for check in json.loads(file.read_bytes()):
            if check["status"] != NOTE:
                outcome.checks[check["id"], check["status"]] += 1
        yield (name[1] if name else file.parent.name), outcome
