"""What Python would load: distributions and what they require, scripts, environments of tools."""

import base64
import hashlib
from pathlib import Path

import pytest

from keyturn.domain.closure import Gap
from keyturn.domain.closure_change import change_between
from tests.unit.desktop.launch_machine import Machine, change

pytestmark = pytest.mark.requirement("LAUNCH-CLOSURE")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def environment(machine: Machine, folder: Path) -> Path:
    """Make a virtual environment and return where its distributions are."""
    machine.write(folder / "pyvenv.cfg", "home = /usr/bin\n")
    machine.write(folder / "bin" / "python", "\x7fELF", 0o755)
    site = folder / "lib" / "python3.12" / "site-packages"
    site.mkdir(parents=True)
    return site


def install(machine: Machine, site: Path, name: str, *requires: str, command: str = "") -> Path:
    """Install a distribution with one module of its own name; return the module's folder."""
    module = name.replace("-", "_")
    source = machine.write(site / module / "__init__.py", f"# {name}")
    info = site / f"{module}-1.2.dist-info"
    lines = [
        f"Name: {name}",
        "Version: 1.2",
        "Author: Ada",
        "Project-URL: Homepage, https://example.org/home",
        "Project-URL: Repository, https://example.org/source",
        *(f"Requires-Dist: {one}" for one in requires),
    ]
    machine.write(info / "METADATA", "\n".join(lines) + "\n\nText.")
    digest = base64.urlsafe_b64encode(hashlib.sha256(source.read_bytes()).digest()).rstrip(b"=")
    record = [f"{module}/__init__.py,sha256={digest.decode()},1", f"{info.name}/RECORD,,"]
    machine.write(info / "RECORD", "\n".join(record))
    if command:
        machine.write(info / "entry_points.txt", f"[console_scripts]\n{command} = {module}:main\n")
    return site / module


@pytest.fixture
def venv(machine: Machine) -> tuple[Machine, Path, str]:
    folder = machine.root / "venv"
    site = environment(machine, folder)
    install(machine, site, "mcp-server-git", 'click>=8; extra == "cli"', "Pydantic (>=2)")
    install(machine, site, "click")
    install(machine, site, "pydantic", "pydantic-core")
    install(machine, site, "pydantic-core")
    install(machine, site, "unrelated")
    return machine, site, str(folder / "bin" / "python")


def test_a_module_is_its_distribution_and_what_that_requires(
    venv: tuple[Machine, Path, str],
) -> None:
    machine, _, python = venv
    paths = {file.path for file in machine.look(python, "-I", "-m", "mcp_server_git").files}
    for name in ("mcp_server_git", "click", "pydantic", "pydantic_core"):
        assert f"site-packages/{name}/__init__.py" in paths
    assert "environment/pyvenv.cfg" in paths
    assert not any("unrelated" in path for path in paths)


def test_a_changed_script_is_one_file_at_its_path_on_disk(machine: Machine) -> None:
    """Though it is listed for itself, and as one of its folder's."""
    script = machine.write(machine.project / "orders.py", "print(1)")
    argv = ("python3", "orders.py")
    before = machine.look(*argv)
    assert before.twice == ("script/orders.py",) or before.twice == ("folder/orders.py",)
    script.write_text("print(2)")
    after = machine.look(*argv)
    change = change_between(before, after)
    assert change.changed == (str(script.resolve()),)
    assert (change.added, change.removed) == ((), ())


def test_a_distribution_says_what_it_claims_and_whether_it_is_as_recorded(
    venv: tuple[Machine, Path, str],
) -> None:
    machine, site, python = venv
    argv = (python, "-m", "mcp_server_git")
    (claims,) = machine.look(*argv).packages
    assert (claims.name, claims.version, claims.publisher) == ("mcp-server-git", "1.2", "Ada")
    assert (claims.repository, claims.differing) == ("https://example.org/source", 0)
    (site / "click" / "__init__.py").write_text("other")
    differing = {one.name: one.differing for one in machine.look(*argv).packages}
    assert differing == {"mcp-server-git": 0, "click": 1}


@pytest.mark.parametrize(
    "place",
    [
        "click/__init__.py",
        "pydantic_core/new.py",
        "click/__init__.pyc",
        "click/__pycache__/named.pyc",
        "evil.pth",
        "sitecustomize.py",
        "usercustomize.py",
        "sitecustomize/__init__.py",
        "mcp_server_git-1.2.dist-info/METADATA",
    ],
)
def test_what_is_changed_or_added_among_them(venv: tuple[Machine, Path, str], place: str) -> None:
    machine, site, python = venv
    argv = (python, "-I", "-m", "mcp_server_git")
    if place == "sitecustomize/__init__.py":
        # A package of that name counts by being there; what is in it is read when it is loaded.
        (site / "sitecustomize").mkdir()
    found = change(machine, argv, lambda: machine.write(site / place, "evil"))
    assert [*found.changed, *found.added] == [f"site-packages/{place}"]


COMPILED = "click/__pycache__/__init__.cpython-312.pyc"


@pytest.mark.parametrize(
    "words",
    [
        ("-I", "-m", "mcp_server_git"),
        ("-sE", "-m", "mcp_server_git"),
        ("-X", "pycache_prefix=/x", "-m", "mcp_server_git"),
    ],
)
def test_compiled_files_are_covered_where_python_reads_them(
    venv: tuple[Machine, Path, str], words: tuple[str, ...]
) -> None:
    machine, site, python = venv
    found = change(machine, (python, *words), lambda: machine.write(site / COMPILED, "evil"))
    assert found.added == (f"site-packages/{COMPILED}",)


@pytest.mark.parametrize("before", [("nice",), ("env", "-i"), ("env", "PYTHONPYCACHEPREFIX=")])
def test_compiled_files_are_covered_behind_what_may_drop_the_variables(
    venv: tuple[Machine, Path, str], before: tuple[str, ...]
) -> None:
    machine, site, python = venv
    machine.program(before[0])
    argv = (*before, python, "-m", "mcp_server_git")
    assert change(machine, argv, lambda: machine.write(site / COMPILED, "evil")).added


@pytest.mark.parametrize("before", [(), ("env", "A=1")])
def test_compiled_files_are_left_out_where_python_does_not_read_them(
    venv: tuple[Machine, Path, str], before: tuple[str, ...]
) -> None:
    machine, site, python = venv
    machine.program("env")
    argv = (*before, python, "-m", "mcp_server_git")
    first = machine.look(*argv)
    machine.write(site / COMPILED, "evil")
    after = machine.look(*argv)
    assert first.python
    assert (first.compiled, after.closure_hash) == ("", first.closure_hash)
    machine.write(site / COMPILED, "other")
    assert "" != machine.look(*argv).compiled != after.compiled


def test_an_old_python_and_a_script_that_drops_the_variables_are_seen(machine: Machine) -> None:
    machine.program("uvx")
    argv = ("uvx", "mcp-server-git==1.2")
    folder = machine.home / ".cache/uv/archive-v0/abc"
    site = environment(machine, folder)
    install(machine, site, "mcp-server-git", "click")
    install(machine, site, "click")
    first = machine.look(*argv)
    machine.write(site / COMPILED, "evil")
    assert machine.look(*argv).closure_hash == first.closure_hash
    machine.write(folder / "bin" / "tool", "#!/x/python -E\n", 0o755)
    (site / COMPILED).unlink()
    assert change(machine, argv, lambda: machine.write(site / COMPILED, "evil")).added
    (folder / "bin" / "tool").unlink()
    site.parent.rename(site.parent.with_name("python3.7"))
    site = site.parent.with_name("python3.7") / site.name
    assert change(machine, argv, lambda: (site / COMPILED).unlink()).removed


def test_a_module_in_the_folder_goes_before_every_other(venv: tuple[Machine, Path, str]) -> None:
    machine, _, python = venv
    argv = (python, "-m", "mcp_server_git")
    shadow = machine.project / "json.py"
    assert change(machine, argv, lambda: machine.write(shadow)).added == ("in_front/json.py",)
    package = machine.project / "click" / "__init__.py"
    assert change(machine, argv, lambda: machine.write(package)).added
    machine.write(machine.project / "mcp_server_git.py")
    marks = {mark.kind.value for mark in machine.look(*argv).marks}
    assert "module_in_folder" in marks
    isolated = machine.look(python, "-I", "-m", "mcp_server_git")
    assert not any(file.path.startswith("in_front") for file in isolated.files)


@pytest.mark.parametrize("path", ["", "project"], ids=["folder alone", "path too"])
@pytest.mark.parametrize(
    "name", ["srv/main.py", "srv/part/more.py", "near/tool.py", "near/deep/er.py"]
)
def test_a_package_needs_no_file_that_says_so(
    venv: tuple[Machine, Path, str], name: str, path: str
) -> None:
    machine, _, python = venv
    if path:
        machine.env["PYTHONPATH"] = str(machine.project)
    machine.write(machine.project / "srv" / "main.py", "import near.tool, pydantic")
    for other in ("srv/part/more.py", "near/tool.py", "near/deep/er.py"):
        machine.write(machine.project / other)
    argv = (python, "-m", "srv.main")
    code = machine.project / name
    paths = {file.path for file in machine.look(*argv).files}
    assert "site-packages/pydantic_core/__init__.py" in paths
    assert change(machine, argv, lambda: code.write_text("evil, longer")).changed


def test_a_folder_named_by_the_environment_goes_before_too(
    venv: tuple[Machine, Path, str],
) -> None:
    machine, _, python = venv
    extra = machine.root / "extra"
    extra.mkdir()
    machine.env["PYTHONPATH"] = str(extra)
    argv = (python, "-m", "mcp_server_git")
    assert change(machine, argv, lambda: machine.write(extra / "click.py")).added


def test_a_script_is_its_folder_and_what_it_imports(venv: tuple[Machine, Path, str]) -> None:
    machine, site, python = venv
    script = machine.write(
        machine.project / "server.py", "import os, near\nfrom pydantic import BaseModel\n"
    )
    near = machine.write(machine.project / "near.py", "    import click\n")
    machine.write(machine.project / "log.txt")
    argv = (python, str(script))
    paths = {file.path for file in machine.look(*argv).files}
    for name in ("click", "pydantic", "pydantic_core"):
        assert f"site-packages/{name}/__init__.py" in paths
    assert not any("mcp_server_git" in path or "log" in path for path in paths)
    assert change(machine, argv, lambda: near.write_text("import click, unrelated")).added
    data = machine.project / "state.db"
    before = machine.look(*argv)
    machine.write(data)
    assert machine.look(*argv).closure_hash == before.closure_hash
    assert change(machine, argv, lambda: (site / "click" / "__init__.py").write_text("y")).changed


def test_a_command_of_an_environment_is_found_by_its_first_line(
    venv: tuple[Machine, Path, str],
) -> None:
    machine, site, python = venv
    install(machine, site, "tool", "click", command="run-tool")
    machine.program("run-tool", f"#!{python}\nimport sys\n")
    paths = {file.path for file in machine.look("run-tool").files}
    assert {"site-packages/tool/__init__.py", "site-packages/click/__init__.py"} <= paths
    assert "bin/python" in paths


def test_an_editable_install_is_where_its_maker_works(venv: tuple[Machine, Path, str]) -> None:
    machine, site, python = venv
    source = machine.write(machine.root / "work" / "mine" / "__init__.py")
    machine.write(site / "_mine.pth", f"{machine.root / 'work'}\nimport os\n")
    machine.write(site / "mine-1.dist-info" / "METADATA", "Name: mine\nRequires-Dist: click\n")
    argv = (python, "-I", "-m", "mine")
    assert change(machine, argv, lambda: source.write_text("y")).changed == (
        "added1/mine/__init__.py",
    )
    paths = {file.path for file in machine.look(*argv).files}
    assert "site-packages/click/__init__.py" in paths


@pytest.mark.parametrize(
    ("argv", "folder"),
    [
        (("uvx", "mcp-server-git==1.2"), ".cache/uv/archive-v0/abc"),
        (("uv", "tool", "run", "mcp-server-git==1.2"), ".local/share/uv/tools/mcp-server-git"),
        (("pipx", "run", "mcp-server-git==1.2"), ".local/share/pipx/.cache/abc"),
    ],
)
def test_a_tool_is_every_environment_that_has_it(
    machine: Machine, argv: tuple[str, ...], folder: str
) -> None:
    machine.program(argv[0])
    assert machine.look(*argv).fetches == "pypi.org"
    site = environment(machine, machine.home / folder)
    install(machine, site, "mcp-server-git")
    install(machine, environment(machine, machine.home / ".cache/uv/archive-v0/b"), "other")
    closure = machine.look(*argv)
    assert closure.fetches == ""
    assert [claims.name for claims in closure.packages] == ["mcp-server-git"]
    assert change(machine, argv, lambda: machine.write(site / "new.py")).added
    second = environment(machine, machine.home / ".cache/uv/archive-v0/c")
    assert change(machine, argv, lambda: install(machine, second, "mcp-server-git"))


def test_a_project_of_uv_is_its_code_and_its_environment(machine: Machine) -> None:
    machine.program("uv")
    machine.write(machine.project / "pyproject.toml")
    code = machine.write(machine.project / "src" / "server.py")
    argv = ("uv", "run", "server")
    assert machine.look(*argv).fetches == "pypi.org"
    site = environment(machine, machine.project / ".venv")
    install(machine, site, "click")
    assert machine.look(*argv).fetches == ""
    assert change(machine, argv, lambda: code.write_text("y")).changed == ("project/src/server.py",)
    assert change(machine, argv, lambda: machine.write(site / "evil.pth")).added


def test_what_pythons_own_files_are_is_not_covered(venv: tuple[Machine, Path, str]) -> None:
    machine, _, python = venv
    gaps = machine.look(python, "-I", "-m", "mcp_server_git").gaps
    assert gaps == ((Gap.OF_INTERPRETER, "python"),)


def test_more_environments_than_are_read_is_a_gap(machine: Machine) -> None:
    machine.program("uvx")
    argv = ("uvx", "mcp-server-git==1.2")
    for number in range(21):
        site = environment(machine, machine.home / f".cache/uv/archive-v0/{number:02}")
        install(machine, site, "mcp-server-git")
        gap = (Gap.TOO_MUCH, "environments") in machine.look(*argv).gaps if number > 18 else False
        assert gap is (number == 20)


@pytest.mark.parametrize("kind", ["scripts", "paths"])
def test_more_than_is_read_of_python_is_a_gap(venv: tuple[Machine, Path, str], kind: str) -> None:
    machine, site, python = venv
    script = machine.write(machine.project / "server.py", "import near")
    gaps = machine.look(python, str(script)).gaps
    if kind == "scripts":
        for number in range(210):
            machine.write(machine.project / "near" / f"m{number}.py")
    else:
        lines = (str(machine.root / str(number)) for number in range(210))
        machine.write(site / "many.pth", "\n".join(lines))
    more = set(machine.look(python, str(script)).gaps) - set(gaps)
    assert more == {(Gap.TOO_MUCH, "import" if kind == "scripts" else "*.pth")}


def test_a_distribution_that_records_nothing_is_a_gap(venv: tuple[Machine, Path, str]) -> None:
    machine, site, python = venv
    (site / "click-1.2.dist-info" / "RECORD").unlink()
    gap = (Gap.UNREADABLE, "site-packages/click-1.2.dist-info/RECORD")
    assert gap in machine.look(python, "-m", "mcp_server_git").gaps


@pytest.mark.parametrize("record", ["\0", '"' * 200_000, "a,sha256=zz,1\n", ""])
def test_a_record_that_is_none_breaks_nothing(venv: tuple[Machine, Path, str], record: str) -> None:
    machine, site, python = venv
    machine.write(site / "click-1.2.dist-info" / "RECORD", record)
    assert machine.look(python, "-I", "-m", "mcp_server_git").files
