"""Setting up: which Python is taken, which system packages are named, when an install is due."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import commands
import dev
import environment
import system_needs

ROOT = Path(__file__).resolve().parents[3]


def test_only_a_python_that_answers_is_taken(tmp_path: Path) -> None:
    version = sys.version_info[:2]
    assert dev.answers(sys.executable, version)
    assert not dev.answers(sys.executable, (version[0], version[1] - 1))
    stand_in = tmp_path / "python3.12"
    stand_in.write_text("#!/bin/sh\nexit 127\n")
    stand_in.chmod(0o700)
    assert not dev.answers(str(stand_in), (3, 12))


def test_the_running_python_is_one_of_the_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sys.version_info[:2] in dev.USABLE
    monkeypatch.setenv("PATH", "")
    assert dev.find_interpreter() is None


def test_the_table_of_packages_is_read() -> None:
    needs = system_needs.read_table("# why\n\n[window]\nlibegl1  libEGL.so.1\n[npm]\nnodejs node\n")
    assert [(need.section, need.package, need.provides) for need in needs] == [
        ("window", "libegl1", "libEGL.so.1"),
        ("npm", "nodejs", "node"),
    ]


def test_what_is_missing_is_named_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "table.txt"
    table.write_text(
        "[gui]\nxvfb no-such-program\nlibnone1 libnone.so.1\nsh sh\n[npm]\nnpm nor-this"
    )
    monkeypatch.setattr(system_needs, "TABLE", table)
    missing = system_needs.missing("gui")
    assert [need.package for need in missing] == ["xvfb", "libnone1"]
    sentence = system_needs.sentence(missing)
    assert "no-such-program, libnone.so.1" in sentence
    assert "apt-get install -y --no-install-recommends xvfb libnone1\n" in sentence


def test_every_section_of_the_table_is_asked_for() -> None:
    needs = system_needs.read_table(system_needs.TABLE.read_text())
    assert {need.section for need in needs} == {"window", "tests", *commands.OPTIONAL}


def test_an_unknown_layer_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        commands.main(["test", "--without", "window"])
    assert ended.value.code == 2
    assert "window is none of gui, keychain, npm" in capsys.readouterr().err


def test_what_follows_setup_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["setup", "now"]) == 2
    assert "setup takes no arguments: now" in capsys.readouterr().err


def test_a_lock_names_every_package_with_hashes_and_no_other_index() -> None:
    for purpose in (environment.RUN, environment.DEVELOP):
        lines = (ROOT / "packaging" / purpose.lock).read_text().splitlines()
        names = [line for line in lines if line and not line.startswith(("#", " "))]
        assert names
        assert all("==" in line and line.endswith("\\") for line in names)
        assert not [line for line in lines if "://" in line or line.startswith("-")]


def test_the_locks_agree_with_each_other() -> None:
    run, develop = (
        {line for line in (ROOT / "packaging" / lock).read_text().splitlines() if "==" in line}
        for lock in (environment.RUN.lock, environment.DEVELOP.lock)
    )
    assert run < develop


_ENDS_SLOWLY = """
import os, signal, sys, time
def end(*_):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    time.sleep(0.6)
    os.write(1, b"ended by itself\\n")
    sys.exit(7)
signal.signal(signal.SIGINT, end)
print("ready", flush=True)
while True:
    signal.pause()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")
def test_ctrl_c_lets_the_demo_end_by_itself_and_its_window_with_it() -> None:
    script = "import sys; from handing_over import hand_over; sys.exit(hand_over(sys.argv[1:]))"
    with subprocess.Popen(
        [sys.executable, "-c", script, sys.executable, "-c", _ENDS_SLOWLY],
        env={**os.environ, "PYTHONPATH": str(ROOT / "packaging")},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.read() == "ended by itself\n"
    assert process.returncode == 7
