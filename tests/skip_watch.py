"""A pytest plug-in that fails a run for each skip that the list does not name."""

import fnmatch
from pathlib import Path

import pytest


class SkipWatch:
    """Watches for skips; `allowed` has lines of `node id pattern | reason`, and `#` comments."""

    def __init__(self, allowed: Path) -> None:
        lines = allowed.read_text().splitlines()
        listed = [line for line in lines if line.strip() and not line.startswith("#")]
        self._patterns = [line.split("|")[0].strip() for line in listed]
        self._unlisted: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that was skipped; an expected failure is none."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self._note(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that was skipped as a whole."""
        if report.skipped:
            self._note(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Turn a passing run with unlisted skips into a failing one."""
        if self._unlisted and session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name the unlisted skips."""
        for node in self._unlisted:
            terminalreporter.write_line(f"SKIP NOT IN tests/skips.txt: {node}", red=True)

    def _note(self, node: str) -> None:
        if not any(fnmatch.fnmatchcase(node, pattern) for pattern in self._patterns):
            self._unlisted.append(node)
