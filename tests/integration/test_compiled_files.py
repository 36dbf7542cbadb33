"""A compiled file that somebody planted beside a source does not run, or it asks."""

import marshal
import os
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from keyturn.broker.server_environment import without_compiled
from keyturn.desktop.closures import CommandClosures
from keyturn.desktop.resources import find_resources
from keyturn.desktop.runners import load_runners
from keyturn.domain.closure import Closure
from keyturn.domain.launch import LaunchIdentity

pytestmark = [
    pytest.mark.requirement("LAUNCH-CLOSURE"),
    pytest.mark.skipif(os.name != "posix", reason="elsewhere compiled files stay covered"),
]

MODULE = (sys.executable, "-m", "pkg.main")
SCRIPT = (sys.executable, "run.py")
ISOLATED = (sys.executable, "-E", "run.py")
FIRST = "print('the source')"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a package and a script that imports it, both compiled once."""
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "near.py").write_text(FIRST)
    (package / "main.py").write_text("import pkg.near")
    (tmp_path / "run.py").write_text(
        "import os, sys\nsys.path.append(os.getcwd())\nimport pkg.near"
    )
    assert said(SCRIPT, tmp_path, dict(os.environ, PYTHONDONTWRITEBYTECODE="")) == "the source"
    return tmp_path


def said(argv: tuple[str, ...], folder: Path, environment: dict[str, str]) -> str:
    run = subprocess.run(
        argv, cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return run.stdout.strip()


def plant(folder: Path) -> Path:
    """Put other code in the place of what Python compiled, under the same header."""
    compiled = Path(cache_from_source(str(folder / "pkg" / "near.py")))
    header = compiled.read_bytes()[:16]
    compiled.write_bytes(header + marshal.dumps(compile("print('planted')", "near.py", "exec")))
    return compiled


def look(argv: tuple[str, ...], folder: Path) -> Closure:
    closures = CommandClosures(load_runners(find_resources() / "runners.toml"))
    launch = LaunchIdentity(
        argv=argv, executable=os.path.realpath(argv[0]), sha256="", cwd=str(folder), env=()
    )
    return closures.look(launch, dict(os.environ), anew=True)


@pytest.mark.parametrize("argv", [MODULE, SCRIPT], ids=["module", "script"])
def test_a_planted_file_does_not_run_and_need_not_be_covered(
    folder: Path, argv: tuple[str, ...]
) -> None:
    before = look(argv, folder)
    assert before.python
    plant(folder)
    plain = dict(os.environ)
    assert said(argv, folder, plain) == "planted"
    # Whatever the configuration says.
    named = {**plain, "PYTHONPYCACHEPREFIX": str(folder / "elsewhere")}
    assert said(argv, folder, without_compiled(named)) == "the source"
    after = look(argv, folder)
    assert after.closure_hash == before.closure_hash
    assert after.compiled != before.compiled


def test_where_python_ignores_the_variables_it_is_covered(folder: Path) -> None:
    before = look(ISOLATED, folder)
    compiled = plant(folder)
    assert said(ISOLATED, folder, without_compiled(os.environ)) == "planted"
    after = look(ISOLATED, folder)
    assert after.closure_hash != before.closure_hash
    assert any(file.path.endswith(compiled.name) for file in after.files)


def test_a_start_writes_no_compiled_file(folder: Path) -> None:
    compiled = plant(folder)
    compiled.unlink()
    said(SCRIPT, folder, without_compiled(os.environ))
    assert not compiled.exists()
