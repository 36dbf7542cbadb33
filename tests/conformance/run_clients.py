"""Runs the suite's scenarios for clients with the SDK's client, directly and through Keyturn.

Run: python -m tests.conformance.run_clients [--folder FOLDER] [--scenario WORD]

Each scenario is run alone, on each revision that it exists in. Through Keyturn the scenario's
server is behind a broker of its own, so that what is scored is Keyturn's client side. What is not
finished in time failed. Exit code 0: every check ended as it did directly, but for the rows of
DIFFERENCES.
"""

import argparse
import shlex
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conformance import suite
from tests.conformance.npm_folder import NotInstalled, NpmFolder, npm_folder
from tests.conformance.suite_client import DIRECT, HTTP, SHIM
from tests.conformance.table import table

WAYS = (DIRECT, HTTP, SHIM)
SECONDS = 90.0
NOT_RUN = {
    "auth/pre-registration": "the client's secret would have to be in a keychain, and these "
    "brokers have none; tests/integration/test_oauth.py has the same story",
}
"""By the beginning of their names, and why. The suite's extensions are of no revision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A scenario that ends otherwise through Keyturn, and why."""

    scenario: str
    way: str
    reason: str


_NULL = (
    "the scenario calls a tool with null where its schema says boolean, and Keyturn refuses what "
    "does not fit a schema; that the header of a null is left out has a unit test"
)
_PROMPTS = (
    "Keyturn lists the prompts too, to pin them, so that the header of one request more is looked "
    "at, and is as it must be"
)
DIFFERENCES = (
    Difference(scenario="http-standard-headers", way=HTTP, reason=_PROMPTS),
    Difference(scenario="http-standard-headers", way=SHIM, reason=_PROMPTS),
    Difference(scenario="http-custom-headers", way=HTTP, reason=_NULL),
    Difference(scenario="http-custom-headers", way=SHIM, reason=_NULL),
)
"""All that may differ. A row that no longer occurs fails the run, so that the list stays true."""

Outcomes = Mapping[tuple[str, str], Mapping[str, suite.Outcome]]
"""By scenario and revision: by way."""


def main() -> int:
    """Run everything and print it."""
    options = argparse.ArgumentParser(prog="conformance")
    options.add_argument("--folder", type=Path, help="where npm installs; kept")
    options.add_argument("--scenario", default="", help="only scenarios with this in their name")
    chosen = options.parse_args()
    try:
        with npm_folder(chosen.folder) as folder:
            suite.install(folder)
            known = suite.client_scenarios(folder)
            excused = {name for name in known if name.startswith(tuple(NOT_RUN))}
            found = {
                (name, revision): {way: _scored(folder, name, revision, way) for way in WAYS}
                for name in known
                if name not in excused and chosen.scenario in name
                for revision in known[name]
            }
    except NotInstalled as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return _report(found, sorted(excused))


def _scored(folder: NpmFolder, scenario: str, revision: str, way: str) -> suite.Outcome:
    sys.stderr.write(f"{scenario} {revision} {way}\n")
    sys.stderr.flush()
    module = "tests.conformance.suite_client"
    command = shlex.join((sys.executable, "-m", module, way))
    return suite.score_client(folder, command, scenario, revision, SECONDS)


def _report(found: Outcomes, excused: list[str]) -> int:
    rows = [["passed/failed", "revision", *WAYS]]
    rows += [
        [scenario, revision, *(str(ways[way]) for way in WAYS)]
        for (scenario, revision), ways in found.items()
    ]
    rows += [[scenario, "", *("not run" for _ in WAYS)] for scenario in excused]
    sys.stdout.write(table(rows))
    for beginning, reason in NOT_RUN.items():
        sys.stdout.write(f"{beginning}* is not run: {reason}\n")
    listed = {(row.scenario, row.way): row.reason for row in DIFFERENCES}
    differing = list(_differing(found))
    unexpected = [row for row in differing if row[:2] not in listed]
    for scenario, way, text in differing:
        reason = listed.get((scenario, way), "UNEXPECTED")
        sys.stdout.write(f"{scenario}, {way}: {text}\n  {reason}\n")
    ran = {scenario for scenario, _ in found}
    gone = {row for row in listed if row[0] in ran} - {row[:2] for row in differing}
    for scenario, way in sorted(gone):
        sys.stdout.write(f"{scenario}, {way}: is listed and no longer differs\n")
    # A client that fails on its own would hide what is lost on the way.
    sound = bool(found) and all(w[DIRECT].passed and not w[DIRECT].failed for w in found.values())
    sys.stdout.write(f"{len(unexpected)} unexpected differences, {len(differing)} in all\n")
    return 0 if sound and not unexpected and not gone else 1


def _differing(found: Outcomes) -> Iterator[tuple[str, str, str]]:
    for (scenario, revision), ways in found.items():
        for way in (HTTP, SHIM):
            text = suite.differences(ways[DIRECT], ways[way])
            if text:
                yield scenario, way, f"{revision} {text}"


if __name__ == "__main__":
    sys.exit(main())
