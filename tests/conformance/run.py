"""Runs the official suite against a server directly and behind Keyturn, and compares the checks.

Run: python -m tests.conformance.run [--folder FOLDER] [--revision REVISION]

Needs npm; the suite and, where it is too old, node are installed into FOLDER, or into one that is
taken away again. The server is `fixture_server.py`, on HTTP and on stdio. Exit code 0: every check
ended behind Keyturn as it did directly, but for the rows of DIFFERENCES, which all occurred.
"""

import argparse
import socket
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conformance import suite
from tests.conformance.npm_folder import NotInstalled, NpmFolder, npm_folder
from tests.conformance.rig import broker, module, relay
from tests.conformance.table import table
from tests.e2e.desk import ROOT, wait_until

DIRECT, TO_HTTP, TO_STDIO = "direct", "HTTP to HTTP", "HTTP to stdio"
FIXTURE = "tests.conformance.fixture_server"
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A scenario that ends otherwise behind Keyturn, and why."""

    scenario: str
    way: str
    reason: str


_POLLING = "a server on stdio has no stream that it could close for the client to take up again"
DIFFERENCES = (Difference(scenario="server-sse-polling", way=TO_STDIO, reason=_POLLING),)
"""All that may differ. A row that no longer occurs fails the run, so that the list stays true."""

Runs = Mapping[str, suite.Outcomes]
"""By way."""


def main() -> int:
    """Run everything and print it."""
    options = argparse.ArgumentParser(prog="conformance")
    options.add_argument("--folder", type=Path, help="where npm installs; kept")
    options.add_argument("--revision", choices=suite.REVISIONS, action="append")
    chosen = options.parse_args()
    revisions: list[str] = chosen.revision or list(suite.REVISIONS)
    try:
        with npm_folder(chosen.folder) as folder:
            suite.install(folder)
            runs = {revision: _run(folder, revision) for revision in revisions}
    except NotInstalled as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return _report(runs)


def _run(folder: NpmFolder, revision: str) -> Runs:
    """Score the three ways, one after the other, on servers of their own."""
    with _fixture_on_http() as url:
        program = (sys.executable, "-m", FIXTURE, "--stdio")
        with (
            broker(
                programs={"program": program}, urls={"remote": url}, env={"PYTHONPATH": str(ROOT)}
            ) as behind,
            relay(behind) as port,
        ):
            endpoint = f"http://localhost:{port}/s/"
            return {
                DIRECT: suite.score_server(folder, url, revision),
                TO_HTTP: suite.score_server(folder, endpoint + "remote", revision),
                TO_STDIO: suite.score_server(folder, endpoint + "program", revision),
            }


@contextmanager
def _fixture_on_http() -> Generator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with module(FIXTURE, "--http", str(port)):
        wait_until(lambda: _listens(port), "the fixture server", START_SECONDS)
        yield f"http://localhost:{port}/mcp"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# ---------------------------------------------------------------- what is printed


def _report(runs: Mapping[str, Runs]) -> int:
    rows = [["passed/failed", *(f"{rev} {way}" for rev, ways in runs.items() for way in ways)]]
    scenarios = dict.fromkeys(
        name for ways in runs.values() for outcomes in ways.values() for name in outcomes
    )
    for scenario in scenarios:
        cells = [_cell(out, scenario) for ways in runs.values() for out in ways.values()]
        rows.append([scenario, *cells])
    rows.append(["all", *(_total(out) for ways in runs.values() for out in ways.values())])
    sys.stdout.write(table(rows))
    found = list(_differing(runs))
    listed = {(row.scenario, row.way): row.reason for row in DIFFERENCES}
    unexpected = [row for row in found if row[:2] not in listed]
    for scenario, way, text in found:
        reason = listed.get((scenario, way), "UNEXPECTED")
        sys.stdout.write(f"{scenario}, {way}: {text}\n  {reason}\n")
    gone = listed.keys() - {row[:2] for row in found} if len(runs) == len(suite.REVISIONS) else ()
    for scenario, way in sorted(gone):
        sys.stdout.write(f"{scenario}, {way}: is listed and no longer differs\n")
    # A server that fails on its own would hide what is lost on the way.
    sound = all(ways[DIRECT] and not _failed(ways[DIRECT]) for ways in runs.values())
    sys.stdout.write(f"{len(unexpected)} unexpected differences, {len(found)} in all\n")
    return 0 if sound and not unexpected and not gone else 1


def _cell(outcomes: suite.Outcomes, scenario: str) -> str:
    return str(outcomes[scenario]) if scenario in outcomes else ""


def _total(outcomes: suite.Outcomes) -> str:
    passed = sum(outcome.passed for outcome in outcomes.values())
    return f"{passed}/{_failed(outcomes)}"


def _failed(outcomes: suite.Outcomes) -> int:
    return sum(outcome.failed for outcome in outcomes.values())


def _differing(runs: Mapping[str, Runs]) -> Iterator[tuple[str, str, str]]:
    """Yield scenario, way and what differs from direct."""
    for revision, ways in runs.items():
        for way, scenario in ((way, name) for way in (TO_HTTP, TO_STDIO) for name in ways[DIRECT]):
            through = ways[way].get(scenario, suite.Outcome())
            text = suite.differences(ways[DIRECT][scenario], through)
            if text:
                yield scenario, way, f"{revision} {text}"


if __name__ == "__main__":
    sys.exit(main())
