"""What a server's variables make it load is covered as what its command names is."""

from pathlib import Path

import pytest

from keyturn.desktop.closures import CommandClosures
from keyturn.desktop.manifests import Bounds
from keyturn.desktop.resources import find_resources
from keyturn.desktop.runners import load_runners
from keyturn.domain.closure import NOT_AGREED, Gap
from tests.unit.desktop.launch_machine import Machine, change

pytestmark = pytest.mark.requirement("LAUNCH-CLOSURE")
SERVER = ("node", "server.js")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.program("node")
    machine.write(machine.project / "server.js")
    machine.write(machine.project / "package.json", "{}")
    return machine


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NODE_OPTIONS", "--max-old-space-size=200 --require {root}/hook/first.cjs"),
        ("NODE_OPTIONS", '--import "file://{root}/hook/first.cjs"'),
        ("NODE_OPTIONS", "-r ../hook/first.cjs"),
        ("NODE_PATH", "/nowhere:{root}/hook"),
        ("LD_PRELOAD", "{root}/hook/first.cjs"),
        ("BASH_ENV", "{root}/hook/first.cjs"),
    ],
)
def test_a_changed_byte_of_what_a_variable_names_shows(
    machine: Machine, name: str, value: str
) -> None:
    hook = machine.write(machine.root / "hook" / "first.cjs", "require('./second.cjs')")
    machine.env[name] = value.format(root=machine.root)
    assert (Gap.NOT_UNDERSTOOD, name) not in machine.look(*SERVER).gaps
    found = change(machine, SERVER, lambda: hook.write_text("other"))
    assert any(name in path for path in found.changed)


def test_what_a_variable_of_node_loads_is_covered_with_what_it_reaches(machine: Machine) -> None:
    machine.write(machine.root / "hook" / "first.cjs", "require('./second.cjs')")
    second = machine.write(machine.root / "hook" / "second.cjs")
    machine.env["NODE_OPTIONS"] = f"--require={machine.root}/hook/first.cjs"
    change(machine, SERVER, lambda: second.write_text("other"))


def test_a_variable_that_the_command_sets_counts_too(machine: Machine) -> None:
    machine.program("env")
    hook = machine.write(machine.root / "hook.cjs")
    argv = ("env", f"NODE_OPTIONS=--require={hook}", *SERVER)
    change(machine, argv, lambda: hook.write_text("other"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("NODE_COMPILE_CACHE", "/nowhere"), ("GIT_SSH_COMMAND", "ssh -i key"), ("RUBYOPT", "-rx")],
)
def test_what_names_no_file_is_a_gap(machine: Machine, name: str, value: str) -> None:
    machine.env[name] = value
    assert (Gap.NOT_UNDERSTOOD, name) in machine.look(*SERVER).gaps


@pytest.mark.parametrize("bounds", [Bounds(files=4), Bounds(files=9, bytes=40)])
def test_compiled_files_that_somebody_heaps_up_ask_nobody_and_are_not_read(
    tmp_path: Path, bounds: Bounds
) -> None:
    """They count for no bound of the sources, so that these stay covered."""
    machine = Machine(tmp_path)
    machine.program("python3.11")
    package = machine.project / "pkg"
    for name in ("__init__.py", "main.py"):
        machine.write(package / name, "")
    machine.closures = CommandClosures(load_runners(find_resources() / "runners.toml"), bounds)
    argv = ("python3.11", "-m", "pkg.main")
    before = machine.look(*argv)
    for number in range(12):
        machine.write(package / "__pycache__" / f"m{number}.cpython-311.pyc", "123456789")
    after = machine.look(*argv)
    assert after.closure_hash == before.closure_hash
    assert after.gaps == before.gaps
    assert (before.compiled == NOT_AGREED, after.compiled) == (False, NOT_AGREED)
