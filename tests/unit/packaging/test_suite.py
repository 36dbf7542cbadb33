"""The steps of `dev.py test`: what fails, what is counted, what is left behind."""

import os
import select
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

import suite


def step(text: str, *, passing: frozenset[int] = frozenset({0})) -> suite.Step:
    return suite.Step(name="step", command=(sys.executable, "-c", text), passing=passing)


def outcome(closing: str, *, passed: bool = True) -> suite.Outcome:
    return suite.Outcome(name="unit", seconds=1.5, passed=passed, closing=closing)


@pytest.mark.parametrize(("code", "passed"), [(0, True), (1, False), (5, False), (-9, False)])
def test_a_step_passes_by_its_exit_code(code: int, passed: bool, tmp_path: Path) -> None:
    text = f"import os; os.kill(os.getpid(), {-code})" if code < 0 else f"raise SystemExit({code})"
    assert suite.run_step(step(text), tmp_path, os.environ).passed is passed


def test_what_a_step_leaves_behind_is_ended(tmp_path: Path) -> None:
    text = (
        "import subprocess, sys; from pathlib import Path\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'],"
        " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "Path('pid').write_text(str(child.pid))"
    )
    assert suite.run_step(step(text), tmp_path, os.environ).passed
    try:
        ending = os.pidfd_open(int((tmp_path / "pid").read_text()))
    except ProcessLookupError:
        return
    with os.fdopen(ending, "rb", buffering=0):
        assert select.select([ending], [], [], 10)[0], "it outlived its step by ten seconds"


def test_a_step_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite, "STEP_SECONDS", 0.2)
    assert not suite.run_step(step("import signal; signal.pause()"), tmp_path, os.environ).passed


def test_the_closing_line_of_pytest_is_found_among_the_rest(tmp_path: Path) -> None:
    text = "for line in ('5 passed days', '=== 7 passed, 1 failed in 0.50s ===', 'x'): print(line)"
    assert suite.run_step(step(text), tmp_path, os.environ).closing == "7 passed, 1 failed in 0.50s"


def test_the_summary_adds_up_the_layers() -> None:
    text = suite.summary(
        [outcome("7 passed, 1 failed in 0.50s", passed=False), outcome("3 passed in 1.00s")], 2.0
    )
    assert text.endswith("===== 1 failed, 10 passed in 2.00s (2 steps, 1 failed) =====\n")


def test_nothing_of_the_desktop_reaches_the_tests(tmp_path: Path) -> None:
    outer = {
        "PATH": "/bin",
        "HOME": "/nowhere",
        "DISPLAY": ":0",
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere",
        "QT_QPA_PLATFORM": "xcb",
        "PYTHONPATH": "/nowhere",
        "XDG_CONFIG_HOME": "/nowhere",
        "KEYTURN_HOME": "/nowhere",
    }
    inner = suite.private_environment(outer, tmp_path)
    assert inner.pop("PATH") == "/bin"
    assert all(value.startswith(str(tmp_path)) for value in inner.values())
    assert not inner.keys() & {"DISPLAY", "PYTHONPATH", "KEYTURN_HOME"}


def test_every_layer_runs_unless_left_out() -> None:
    everything = suite.test_steps("python", frozenset())
    gui = ["gui h-z", "gui a-g"]
    parts = [name for name in suite.PARTS if name not in gui]
    names = ["unit", "headless", "display", *gui, *parts, "core", "coverage", "crashing", "alone"]
    assert [s.name for s in everything] == names
    assert everything[-1].command[0] == "dbus-run-session"
    rest = suite.test_steps("python", frozenset({"gui", "keychain"}))
    assert [s.name for s in rest] == [name for name in names if name not in gui]
    assert "not gui and not keychain" in rest[0].command
    assert rest[-1].command[0] == "python"


def test_only_the_layers_of_the_window_load_qt() -> None:
    everything = suite.test_steps("python", frozenset())
    loading = {
        s.name for s in everything if "pytest" in s.command and "no:pytest-qt" not in s.command
    }
    assert loading == {"gui a-g", "gui h-z", "display"}
    assert not [
        s.name
        for s in suite.test_steps("python", frozenset({"gui"}))
        if "pytest" in s.command and "no:pytest-qt" not in s.command
    ]


def test_what_is_measured_apart_is_run_once() -> None:
    by_name = {step.name: step.command for step in suite.test_steps("python", frozenset())}
    measured = [name for name, command in by_name.items() if command[2:4] == ("coverage", "run")]
    assert measured == [suite.MEASURED]


@pytest.mark.parametrize(("layer", "folder"), [("integration", "integration"), ("gui", "")])
def test_each_part_runs_what_the_others_leave_out(layer: str, folder: str) -> None:
    """Also what stands in another folder: some of the window's tests take real processes."""
    root = Path(__file__).parents[3]
    files = [path.relative_to(root) for path in (root / "tests" / folder).rglob("test_*.py")]
    files = [path for path in files if len(path.parts) > 2]
    assert files
    parts = suite.parts_of(layer)
    assert len(parts) > 1
    for path in files:
        taken = [name for name, left in parts if not any(fnmatch(str(path), one) for one in left)]
        assert len(taken) == 1, path


def test_side_by_side_runs_what_shares_nothing_and_what_has_times_comes_alone() -> None:
    together, alone = suite.plan("python", frozenset())
    assert [[s.name for s in chain] for chain in together] == [
        ["unit"],
        ["headless"],
        ["display"],
        ["gui h-z"],
        ["gui a-g"],
        ["integration a-k"],
        ["integration l-o"],
        ["integration p-z"],
        ["core", "coverage"],
        ["crashing"],
        ["ruff check", "ruff format", "basedpyright", "lint-imports"],
    ]
    assert [s.name for s in alone] == ["alone"]


def test_a_chain_goes_on_after_a_failure_and_keeps_its_order(tmp_path: Path) -> None:
    left = tmp_path / "left"
    chain = [step(f"open({str(left)!r}, 'w'); raise SystemExit(1)"), step(f"open({str(left)!r})")]
    assert [done.passed for done in suite.run_chain(chain, tmp_path)] == [False, True]
