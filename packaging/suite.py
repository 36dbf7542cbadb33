"""The steps of `dev.py test`, in order, each with its duration, and one closing line for all.

Every step runs even when an earlier one failed, so that one run shows everything; any failure
makes the run fail.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STEP_SECONDS = 600.0
"""A step that takes longer is ended, with all that it started."""

FEWEST_COVERED = 85
"""Per cent of the domain's and the use cases' lines and branches that the unit layer must reach."""

LAYERS = ("unit", "integration", "gui", "session")
"""The layers of tests/conftest.py; `session` holds what needs the private session bus."""

_CLOSING = re.compile(r"^=* ?\d+ (passed|failed|skipped|deselected|error).* in [\d.]+s")
_COUNT = re.compile(r"(\d+) (passed|failed|skipped|xfailed|errors?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of the run."""

    name: str
    command: tuple[str, ...]
    passing: frozenset[int] = frozenset({0})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a step ended: seconds, whether it passed, and the closing line of pytest or nothing."""

    name: str
    seconds: float
    passed: bool
    closing: str


def run(root: Path, python: str, without: frozenset[str], arguments: Sequence[str]) -> int:
    """Run all steps, or with arguments only pytest with these, and return the exit code."""
    # Short: the path of a Unix socket may have 107 bytes.
    private = Path(tempfile.mkdtemp(prefix="kt-"))
    try:
        environment = private_environment(os.environ, private)
        if arguments:
            steps = [_pytest(python, "chosen", arguments, session="keychain" not in without)]
        else:
            steps = [*static_steps(python), *test_steps(python, without)]
        outcomes = [run_step(step, root, environment) for step in steps]
    finally:
        shutil.rmtree(private, ignore_errors=True)
    sys.stdout.write(summary(outcomes))
    sys.stdout.flush()
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def static_steps(python: str) -> list[Step]:
    """The steps that run nothing of Keyturn."""
    tools = Path(python).parent
    return [
        Step(name="ruff check", command=(str(tools / "ruff"), "check", "--no-cache")),
        Step(name="ruff format", command=(str(tools / "ruff"), "format", "--check", "--no-cache")),
        Step(name="basedpyright", command=(str(tools / "basedpyright"),)),
        Step(name="lint-imports", command=(str(tools / "lint-imports"), "--no-logo")),
    ]


def test_steps(python: str, without: frozenset[str]) -> list[Step]:
    """One step a layer, and the coverage of the first."""
    steps: list[Step] = []
    for layer in LAYERS:
        if layer in without:
            continue
        options = ["--layer", layer, "--durations", "5"]
        if without:
            options += ["-m", " and ".join(f"not {name}" for name in sorted(without))]
        if "gui" in without:
            # Without Qt's libraries its plug-in cannot even be loaded.
            options += ["-p", "no:pytest-qt", "-o", "strict_config=false"]
            options += ["-W", "ignore::pytest.PytestConfigWarning"]
        session = layer == "session" and "keychain" not in without
        steps.append(_pytest(python, layer, options, session=session, covered=layer == "unit"))
        if layer == "unit":
            report = ("-m", "coverage", "report", f"--fail-under={FEWEST_COVERED}")
            steps.append(Step(name="coverage", command=(python, *report)))
    return steps


def private_environment(outer: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the environment of the steps: nothing of the developer's desktop, folders of its own.

    `KEYTURN_TEST_SESSION` names the folder; tests/conftest.py takes it for its word that HOME, the
    XDG folders and the session bus are private.
    """
    kept = {
        name: value
        for name, value in outer.items()
        if not name.startswith(("PYTHON", "QT_", "XDG_", "KEYTURN_", "DBUS_", "WAYLAND_"))
        and name not in {"DISPLAY", "XAUTHORITY", "LD_PRELOAD", "SSH_AUTH_SOCK"}
    }
    kept["HOME"] = str(folder / "home")
    kept["KEYTURN_TEST_SESSION"] = str(folder)
    for name in ("config", "data", "state", "cache"):
        kept[f"XDG_{name.upper()}_HOME"] = str(folder / name)
        (folder / name).mkdir()
    (folder / "home").mkdir()
    (folder / "run").mkdir(mode=0o700)
    kept["XDG_RUNTIME_DIR"] = str(folder / "run")
    return kept


def run_step(step: Step, folder: Path, environment: Mapping[str, str]) -> Outcome:
    """Run one step, pass on what it writes, and end whatever it leaves behind."""
    sys.stdout.write(f"\n--- {step.name}\n")
    sys.stdout.flush()
    started = time.monotonic()
    closing = ""
    with subprocess.Popen(
        step.command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        watch = threading.Timer(STEP_SECONDS, _end_group, [process.pid])
        watch.start()
        try:
            for line in process.stdout or ():
                sys.stdout.write(line)
                sys.stdout.flush()
                found = _CLOSING.match(line)
                closing = line.strip(" =\n") if found else closing
            code = process.wait()
        finally:
            watch.cancel()
            _end_group(process.pid)
    seconds = time.monotonic() - started
    return Outcome(name=step.name, seconds=seconds, passed=code in step.passing, closing=closing)


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return a line for each step and a last one that adds up the counts of pytest."""
    lines = [""]
    total: Counter[str] = Counter()
    for outcome in outcomes:
        word = "passed" if outcome.passed else "FAILED"
        line = f"{word}  {outcome.seconds:6.1f} s  {outcome.name:<14}{outcome.closing}"
        lines.append(line.rstrip())
        for count, word in _COUNT.findall(outcome.closing):
            total[word] += int(count)
    counts = ", ".join(f"{count} {word}" for word, count in sorted(total.items()))
    failed = sum(not outcome.passed for outcome in outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes)
    steps = f"{len(outcomes)} steps, {failed} failed"
    lines.append(f"===== {counts or 'no tests'} in {seconds:.2f}s ({steps}) =====\n")
    return "\n".join(lines)


def _pytest(
    python: str, name: str, options: Sequence[str], *, session: bool, covered: bool = False
) -> Step:
    module = ("-m", "coverage", "run", "-m", "pytest") if covered else ("-m", "pytest")
    bus = ("dbus-run-session", "--") if session else ()
    # pytest's 5: no test was selected, which a young layer may have.
    return Step(name=name, command=(*bus, python, *module, *options), passing=frozenset({0, 5}))


def _end_group(group: int) -> None:
    try:
        os.killpg(group, 9)
    except (ProcessLookupError, PermissionError):
        return
