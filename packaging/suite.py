"""The steps of `dev.py test`, each with its duration, and one closing line for all.

Steps that share nothing run four at a time, because much of them is waiting; what has times of its
own runs after them and alone. Every step runs even when an earlier one
failed, so that one run shows everything; any failure makes the run fail.
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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

STEP_SECONDS = 900.0
"""A step that takes longer is ended, with all that it started."""

FEWEST_COVERED = 95
"""Per cent of the lines and branches of domain and use cases that their own tests must reach."""

LAYERS = ("unit", "headless", "display", "gui", "integration", "core", "crashing", "alone")
"""The layers of tests/conftest.py, the longest first of those that run side by side.

What mostly waits, for processes and for times that a person would take, begins early: at the end it
would wait by itself.
"""

MEASURED = "core"
"""The layer that covers the domain and the use cases, apart because measuring doubles the time."""

BUS = frozenset({"headless", "display", "alone"})
"""Layers with tests that need a private session bus."""

QT = frozenset({"gui", "display"})
"""Layers whose tests load Qt. In the others its mere plug-in costs: once Qt is loaded, every import
statement goes through its hook, those that Hypothesis runs at every draw included."""

NO_QT = (
    *("-p", "no:pytest-qt"),
    *("-o", "strict_config=false", "-W", "ignore::pytest.PytestConfigWarning"),
)
"""Without the plug-in its settings in pyproject.toml are unknown."""

PARTS = {
    "gui h-z": ("tests/gui/test_[!h-z]*", "tests/[!g]*/*"),
    "gui a-g": ("tests/gui/test_[!a-g]*",),
    "integration a-k": ("tests/integration/test_[!a-k]*",),
    "integration l-o": ("tests/integration/test_[!l-o]*",),
    "integration p-z": ("tests/integration/test_[!p-z]*",),
}
"""A layer that takes longest is several steps, so that it is not still running when all others are
done: by the name of each, which begins with its layer's, what it leaves to the others."""

LANES = 4
"""Steps that run at the same time, where they may: with fewer, two cores wait now and then."""

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


Chain = tuple[Step, ...]
"""Steps of which each needs what the one before it left."""


def run(root: Path, python: str, without: frozenset[str], arguments: Sequence[str]) -> int:
    """Run all steps, or with arguments only pytest with these, and return the exit code."""
    started = time.monotonic()
    if arguments:
        alone = [_pytest(python, "chosen", arguments, session="keychain" not in without)]
        outcomes = run_chain(alone, root)
    else:
        together, alone = plan(python, without)
        with ThreadPoolExecutor(LANES) as lanes:
            running = [lanes.submit(run_chain, chain, root) for chain in together]
        outcomes = [outcome for chain in running for outcome in chain.result()]
        outcomes += run_chain(alone, root)
    sys.stdout.write(summary(outcomes, time.monotonic() - started))
    sys.stdout.flush()
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def plan(python: str, without: frozenset[str]) -> tuple[list[Chain], Chain]:
    """Return the chains that may run side by side, the longest first, and the one that may not."""
    chains: list[Chain] = []
    alone: list[Step] = []
    for step in test_steps(python, without):
        if step.name == "alone":
            alone.append(step)
        elif step.name == "coverage":
            chains[-1] = (*chains[-1], step)
        else:
            chains.append((step,))
    chains.append(tuple(static_steps(python)))
    return chains, tuple(alone)


def run_chain(chain: Sequence[Step], root: Path) -> list[Outcome]:
    """Run steps one after another, in folders of their own, and pass on what they write."""
    # Short: the path of a Unix socket may have 107 bytes.
    private = Path(tempfile.mkdtemp(prefix="kt-"))
    try:
        environment = private_environment(os.environ, private)
        return [run_step(step, root, environment) for step in chain]
    finally:
        shutil.rmtree(private, ignore_errors=True)


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
    """One step a layer, and one for what covers the domain and the use cases."""
    steps: list[Step] = []
    for layer in LAYERS:
        if layer in without:
            continue
        options = ["--layer", layer, "--durations", "5"]
        if without:
            options += ["-m", " and ".join(f"not {name}" for name in sorted(without))]
        if "gui" in without or layer not in QT:
            # Without Qt's libraries its plug-in cannot even be loaded.
            options += NO_QT
        session = layer in BUS and "keychain" not in without
        if layer == MEASURED:
            steps.append(_pytest(python, layer, options, covered=True))
            report = ("-m", "coverage", "report", f"--fail-under={FEWEST_COVERED}")
            steps.append(Step(name="coverage", command=(python, *report)))
            continue
        for name, left in parts_of(layer):
            apart = [word for pattern in left for word in ("--ignore-glob", pattern)]
            steps.append(_pytest(python, name, [*options, *apart], session=session))
    return steps


def parts_of(layer: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the steps of a layer: of each its name, and what it leaves to the others."""
    parts = [(name, left) for name, left in PARTS.items() if name.split()[0] == layer]
    return parts or [(layer, ())]


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
    """Run one step, write all it wrote once it has ended, and end whatever it leaves behind."""
    sys.stdout.write(f"... {step.name}\n")
    sys.stdout.flush()
    started = time.monotonic()
    written: list[str] = []
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
            written.extend(process.stdout or ())
            code = process.wait()
        finally:
            watch.cancel()
            _end_group(process.pid)
    seconds = time.monotonic() - started
    # In one piece, because another step may be writing too.
    sys.stdout.write(f"\n--- {step.name} ({seconds:.0f} s)\n{''.join(written)}")
    sys.stdout.flush()
    return Outcome(
        name=step.name,
        seconds=seconds,
        passed=code in step.passing,
        closing=closing_line(written),
    )


def closing_line(written: Sequence[str]) -> str:
    """Return the line with which pytest closed, without its frame; empty where there is none."""
    found = [line.strip(" =\n") for line in written if _CLOSING.match(line)]
    return found[-1] if found else ""


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    """Return a line for each step and a last one that adds up the counts of pytest.

    `seconds` is what the whole run took, which is less than its steps together.
    """
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
    steps = f"{len(outcomes)} steps, {failed} failed"
    lines.append(f"===== {counts or 'no tests'} in {seconds:.2f}s ({steps}) =====\n")
    return "\n".join(lines)


def _pytest(
    python: str,
    name: str,
    options: Sequence[str],
    *,
    session: bool = False,
    covered: bool = False,
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
