"""What a command would load is found without running it, and every changed byte shows.

Each attack is one that a program with the user's rights can make between an agreement and a start.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

import pytest

from keyturn.desktop.closures import CommandClosures
from keyturn.desktop.executables import ExecutableHashes, FileRead
from keyturn.desktop.manifests import Bounds
from keyturn.desktop.resources import find_resources
from keyturn.desktop.runners import load_runners
from keyturn.domain.closure import NO_CLOSURE, Gap, touched_between
from tests.unit.desktop.launch_machine import Machine, change

pytestmark = pytest.mark.requirement("LAUNCH-CLOSURE")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# --- npx and node ---------------------------------------------------------------------------------

SERVER = "@scope/server"
NPX = ("npx", "-y", f"{SERVER}@1.0.0", "/data")


def npx_cache(machine: Machine, *specs: str) -> Path:
    digest = hashlib.sha512("\n".join(specs).encode()).hexdigest()[:16]
    return machine.home / ".npm" / "_npx" / digest


@pytest.fixture
def npx(machine: Machine) -> Machine:
    machine.program("npx")
    machine.program("node")
    modules = npx_cache(machine, NPX[2]) / "node_modules"
    server = {
        "name": SERVER,
        "version": "1.0.0",
        "author": {"name": "Ada", "email": "ada@example.org"},
        "repository": {"url": "git+https://example.org/server"},
        "dependencies": {"dep": "*"},
    }
    machine.write(modules / SERVER / "package.json", json.dumps(server))
    machine.write(modules / SERVER / "index.js", "require('dep')")
    machine.write(modules / "dep" / "index.js")
    locked = {"resolved": "https://registry.example/x.tgz", "integrity": "sha512-abc"}
    lock = {"packages": {f"node_modules/{SERVER}": locked}}
    machine.write(modules / ".package-lock.json", json.dumps(lock))
    return machine


def test_a_package_of_npx_is_its_whole_tree_and_node(npx: Machine) -> None:
    paths = {file.path for file in npx.look(*NPX).files}
    assert {f"npx/{SERVER}/index.js", "npx/dep/index.js", "bin/node"} <= paths


def test_a_package_says_what_it_claims_to_be(npx: Machine) -> None:
    (claims,) = npx.look(*NPX).packages
    assert (claims.name, claims.version) == (SERVER, "1.0.0")
    assert claims.publisher == "Ada ada@example.org"
    assert claims.repository == "git+https://example.org/server"
    assert (claims.installed_from, claims.integrity) == (
        "https://registry.example/x.tgz",
        "sha512-abc",
    )


def test_what_is_not_there_yet_is_said_to_be_fetched(machine: Machine) -> None:
    machine.program("npx")
    closure = machine.look(*NPX)
    assert closure.fetches == "registry.npmjs.org"
    assert "fetches" in {mark.kind.value for mark in closure.marks}


def test_what_names_no_version_may_be_fetched_at_each_start(npx: Machine) -> None:
    modules = npx_cache(npx, SERVER) / "node_modules"
    npx.write(modules / SERVER / "package.json", json.dumps({"name": SERVER}))
    closure = npx.look("npx", SERVER)
    assert closure.fetches == ""
    assert {"fetches", "not_pinned"} <= {mark.kind.value for mark in closure.marks}
    assert "fetches" not in {mark.kind.value for mark in npx.look(*NPX).marks}


def test_one_byte_of_a_dependency(npx: Machine) -> None:
    file = npx_cache(npx, NPX[2]) / "node_modules" / "dep" / "index.js"
    found = change(npx, NPX, lambda: file.write_text("y"))
    assert found.changed == ("npx/dep/index.js",)


def test_a_file_that_keeps_its_size_and_time(npx: Machine) -> None:
    file = npx_cache(npx, NPX[2]) / "node_modules" / "dep" / "index.js"
    at = file.stat()

    def attack() -> None:
        file.write_text("y")
        os.utime(file, ns=(at.st_atime_ns, at.st_mtime_ns))

    assert change(npx, NPX, attack).changed == ("npx/dep/index.js",)


def test_a_file_put_in_the_place_of_another(npx: Machine) -> None:
    file = npx_cache(npx, NPX[2]) / "node_modules" / "dep" / "index.js"
    other = npx.write(npx.root / "other.js", "y")
    assert change(npx, NPX, lambda: other.replace(file)).changed == ("npx/dep/index.js",)


def test_a_new_file_that_is_loaded_by_name(npx: Machine) -> None:
    file = npx_cache(npx, NPX[2]) / "node_modules" / "optional" / "index.js"
    assert change(npx, NPX, lambda: npx.write(file)).added == ("npx/optional/index.js",)


def test_node_modules_in_the_folder_that_goes_before(npx: Machine) -> None:
    file = npx.project / "node_modules" / SERVER / "index.js"
    found = change(npx, NPX, lambda: npx.write(file))
    assert found.added == (f"project1/{SERVER}/index.js",)


def test_a_command_of_that_name_above_the_folder(npx: Machine) -> None:
    link = npx.root / "node_modules" / ".bin" / SERVER
    assert len(change(npx, NPX, lambda: npx.write(link)).added) == 1


def test_another_node_earlier_on_the_path(npx: Machine) -> None:
    early = npx.root / "early"
    npx.env["PATH"] = f"{early}:{npx.bin}"
    found = change(npx, NPX, lambda: npx.write(early / "node", "other", 0o755))
    assert found.changed == ("bin/node",)


def test_settings_that_name_another_registry(npx: Machine) -> None:
    file = npx.home / ".npmrc"
    assert change(npx, NPX, lambda: npx.write(file, "registry=https://x")).added == ("home/.npmrc",)


def test_a_cache_that_was_cleared_is_fetched_again(npx: Machine) -> None:
    modules = npx_cache(npx, NPX[2]) / "node_modules"
    change(npx, NPX, lambda: modules.rename(npx.root / "gone"))
    assert npx.look(*NPX).fetches


def test_a_file_of_node_is_its_package_and_what_it_reaches(machine: Machine) -> None:
    machine.program("node")
    script = machine.write(machine.project / "dist" / "index.js")
    machine.write(machine.project / "package.json", "{}")
    machine.write(machine.project / "notes.txt")
    machine.write(machine.project / "node_modules" / "dep" / "index.js")
    machine.write(machine.root / "node_modules" / "far" / "index.js")
    argv = ("node", str(script))
    paths = {file.path for file in machine.look(*argv).files}
    assert {"script/index.js", "package/dist/index.js", "package/package.json"} <= paths
    assert {"above1/node_modules/dep/index.js", "above2/node_modules/far/index.js"} <= paths
    assert not any("notes" in path for path in paths)
    shadow = machine.project / "dist" / "node_modules" / "dep" / "index.js"
    assert change(machine, argv, lambda: machine.write(shadow)).added


# --- links, bounds and what cannot be read --------------------------------------------------------


@pytest.fixture
def node(machine: Machine) -> tuple[Machine, Path, tuple[str, ...]]:
    machine.program("node")
    package = machine.project / "node_modules" / "dep"
    machine.write(package / "package.json", "{}")
    script = machine.write(package / "index.js")
    return machine, package, ("node", str(script))


def test_a_link_out_is_followed_to_a_file_and_named_for_a_folder(
    node: tuple[Machine, Path, tuple[str, ...]],
) -> None:
    machine, package, argv = node
    outside = machine.write(machine.root / "outside" / "code.js")
    file = machine.write(package / "lib.js")

    def attack() -> None:
        file.unlink()
        file.symlink_to(outside)

    change(machine, argv, attack)
    assert change(machine, argv, lambda: outside.write_text("y")).changed
    (package / "folder").symlink_to(outside.parent)
    assert Gap.LINK_OUT in {gap for gap, _ in machine.look(*argv).gaps}


def test_a_link_in_a_circle_ends(node: tuple[Machine, Path, tuple[str, ...]]) -> None:
    machine, package, argv = node
    (package / "self").symlink_to(package)
    assert machine.look(*argv).gaps == ((Gap.OF_INTERPRETER, "node"),)


def test_a_pipe_in_the_place_of_a_file_holds_nothing_up(
    node: tuple[Machine, Path, tuple[str, ...]],
) -> None:
    machine, package, argv = node
    (package / "index.js").unlink()
    os.mkfifo(package / "index.js")
    assert machine.look(*argv).files


@pytest.mark.parametrize(
    ("bounds", "gap"),
    [
        (Bounds(files=3), Gap.TOO_MUCH),
        (Bounds(bytes=3), Gap.TOO_MUCH),
        (Bounds(depth=0), Gap.TOO_MUCH),
        (Bounds(seconds=-1), Gap.TOO_SLOW),
    ],
)
def test_beyond_its_bounds_a_place_is_named_and_none_of_it_counts(
    node: tuple[Machine, Path, tuple[str, ...]], bounds: Bounds, gap: Gap
) -> None:
    machine, package, argv = node
    for number in range(5):
        machine.write(package / "deep" / f"{number}.js")
    machine.closures = CommandClosures(load_runners(find_resources() / "runners.toml"), bounds)
    closure = machine.look(*argv)
    assert gap in {one for one, _ in closure.gaps}
    assert not any("deep" in file.path for file in closure.files)


def test_what_may_not_be_read_is_named(
    node: tuple[Machine, Path, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, package, argv = node
    sealed = machine.write(package / "sealed.js")
    read = ExecutableHashes.read

    def refuse(hashes: ExecutableHashes, path: str, *, anew: bool) -> FileRead | None:
        # Root may read everything, so the file's own mode would not do.
        return None if path == str(sealed) else read(hashes, path, anew=anew)

    monkeypatch.setattr(ExecutableHashes, "read", refuse)
    assert Gap.UNREADABLE in {gap for gap, _ in machine.look(*argv).gaps}


def test_a_file_that_was_another_for_a_while_is_told_by_its_stamp(
    node: tuple[Machine, Path, tuple[str, ...]],
) -> None:
    machine, package, argv = node
    file = package / "index.js"
    before, at = machine.look(*argv, anew=False), file.stat()
    assert not touched_between(before, machine.look(*argv))
    file.write_text("evil")
    file.write_text("x")
    os.utime(file, ns=(at.st_atime_ns, at.st_mtime_ns))
    after = machine.look(*argv, anew=False)
    assert after.closure_hash == before.closure_hash
    assert touched_between(before, after)
    away = file.rename(package / "away.js")
    machine.write(file, "evil")
    away.replace(file)
    assert touched_between(after, machine.look(*argv, anew=False))


def test_gaps_beyond_those_that_are_named_are_counted(
    node: tuple[Machine, Path, tuple[str, ...]],
) -> None:
    machine, package, argv = node
    for number in range(30):
        (package / f"link{number}").symlink_to(machine.home)
    gaps = machine.look(*argv).gaps
    assert len(gaps) == 20
    assert gaps[-1] == (Gap.MORE, "12")
    found = change(machine, argv, lambda: (package / "link30").symlink_to(machine.home))
    assert found.added
    assert machine.look(*argv).gaps[-1] == (Gap.MORE, "13")


@pytest.mark.parametrize(
    "name", ["shared/x.js", "shared/deep/index.js", "shared/y.ts", "shared/far.cjs"]
)
def test_what_a_script_names_outside_its_package_is_covered(machine: Machine, name: str) -> None:
    machine.program("node")
    machine.write(machine.project / "app" / "package.json", "{}")
    script = machine.write(
        machine.project / "app" / "src" / "index.js",
        "import '../lib/a.js'; require('../../shared/deep'); require(`../../shared/y.js`)",
    )
    machine.write(machine.project / "app" / "lib" / "a.js", 'import x from "../../shared/x"')
    machine.write(machine.project / "shared" / "x.js", "require('./far')")
    for other in ("shared/deep/index.js", "shared/y.ts", "shared/far.cjs"):
        machine.write(machine.project / other)
    file = machine.project / name
    assert change(machine, ("node", str(script)), lambda: file.write_text("y ")).changed


def test_more_scripts_than_are_read_is_a_gap(machine: Machine) -> None:
    machine.program("node")
    for number in range(300):
        machine.write(machine.project / f"{number}.js", f"require('./{number + 1}')")
    assert (Gap.TOO_MUCH, "import") in machine.look("node", "0.js").gaps
    assert (Gap.TOO_MUCH, "import") not in machine.look("node", "250.js").gaps


def test_what_is_remembered_is_dropped_when_a_file_changes(
    node: tuple[Machine, Path, tuple[str, ...]],
) -> None:
    machine, package, argv = node
    before = machine.look(*argv, anew=False)
    assert machine.look(*argv, anew=False) is before
    (package / "index.js").write_text("longer")
    assert machine.look(*argv, anew=False).closure_hash != before.closure_hash


def test_names_that_are_no_text_are_covered(node: tuple[Machine, Path, tuple[str, ...]]) -> None:
    machine, package, argv = node
    (package / os.fsdecode(b"\xff.js")).write_text("x")
    assert any("\\udcff" in file.path for file in machine.look(*argv).files)


# --- others ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "gap"),
    [
        (("sh", "-c", "server"), Gap.INLINE),
        (("sh", "start.sh"), Gap.OF_SHELL),
        (("docker", "run", "image"), Gap.OF_IMAGE),
    ],
)
def test_what_cannot_be_covered_is_said(machine: Machine, argv: tuple[str, ...], gap: Gap) -> None:
    machine.write(machine.project / "start.sh")
    assert gap in {one for one, _ in machine.look(*argv).gaps}


def test_a_shells_script_is_covered(machine: Machine) -> None:
    script = machine.write(machine.project / "start.sh")
    assert change(machine, ("sh", "start.sh"), lambda: script.write_text("y")).changed


def test_what_a_wrapper_starts_is_covered(machine: Machine) -> None:
    machine.program("env")
    program = machine.program("node")
    machine.write(machine.project / "a.js")
    argv = ("env", "A=1", "node", "a.js")
    assert change(machine, argv, lambda: program.write_text("other")).changed == ("bin/node",)


def test_a_program_of_its_own_loads_nothing_that_is_known(machine: Machine) -> None:
    machine.program("server")
    assert machine.look("server", "--port", "1").closure_hash == ""


def test_keyturns_own_modules_are_not_looked_at(machine: Machine) -> None:
    assert machine.look(sys.executable, "-I", "-m", "keyturn.demo.reports") is NO_CLOSURE


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (("uv", "--directory", "sub", "run", "server.py"), "sub/server.py"),
        (("uv", "--directory", "sub", "run", "python", "server.py"), "sub/near/more.py"),
        (("uv", "--unheard", "of", "run", "server.py"), "server.py"),
        (("poetry", "run", "python", "server.py"), "near/more.py"),
        (("mcp", "run", "server.py"), "server.py"),
        (("java", "-jar", "server.jar"), "server.jar"),
        (("launch-it", "--run=server.rb"), "server.rb"),
        (("npx", "tsx", "server.ts"), "server.ts"),
        (("npx", "tsx", "server.ts"), "near/more.ts"),
        (("node", "node_modules/tsx/cli.mjs", "server.ts"), "near/more.ts"),
        (("deno", "run", "-A", "server.ts"), "near/more.ts"),
        (("bun", "run", "server.ts"), "server.ts"),
        (("tsx", "server.ts"), "node_modules/tsx/cli.mjs"),
        (("npm", "--prefix", "sub", "run", "start"), "sub/package.json"),
        (("npm", "start"), "near/more.ts"),
        (("npm", "start"), "node_modules/tsx/cli.mjs"),
        (("python", "-m", "mcp", "run", "server.py"), "near/more.py"),
    ],
)
def test_the_code_that_a_launchers_words_name_is_covered(
    machine: Machine, argv: tuple[str, ...], name: str
) -> None:
    machine.program(argv[0])
    for folder in (machine.project, machine.project / "sub"):
        for file in ("server.py", "server.jar", "server.rb", "server.ts", "near/more.py"):
            machine.write(folder / file)
        machine.write(folder / "near" / "more.ts")
        machine.write(folder / "package.json", "{}")
    machine.write(machine.project / "node_modules" / "tsx" / "cli.mjs")
    file = machine.project / name
    assert change(machine, argv, lambda: file.write_text("{} ")).changed


@pytest.mark.parametrize(
    ("argv", "gap"),
    [
        (("poetry", "run", "server"), Gap.NOT_UNDERSTOOD),
        (("uv", "--unheard", "of", "run", "server.py"), Gap.NOT_UNDERSTOOD),
        (("launch-it", "server.rb"), Gap.NOT_UNDERSTOOD),
        (("pnpm", "dlx", "server"), Gap.NOT_UNDERSTOOD),
        (("docker", "compose", "up"), Gap.NOT_UNDERSTOOD),
        (("deno", "run", "https://e.example/x.ts"), Gap.NOT_FOUND),
        (("npm", "start"), Gap.OF_SHELL),
        (("npm", "start"), Gap.NOT_FOUND),
        (("env", "-S", "node a.js"), Gap.NOT_UNDERSTOOD),
        (("sudo", "-g", "staff", "node", "a.js"), Gap.NOT_FOUND),
        (("python", "gone.py"), Gap.NOT_FOUND),
    ],
)
def test_what_is_not_understood_is_said(machine: Machine, argv: tuple[str, ...], gap: Gap) -> None:
    for name in (argv[0], "node"):
        machine.program(name)
    assert gap in {one for one, _ in machine.look(*argv).gaps}
