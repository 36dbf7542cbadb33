"""The project's own `.venv` and node_modules: made from the locks, re-used while these stay.

Nothing is installed that a lock does not name with its hash, and nothing outside the checkout.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

STAMP = ".keyturn-setup"
"""The file in `.venv` that lists what was installed, one `name digest` a line."""


class SetupFailed(Exception):
    """Setting up cannot go on; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What an environment is for: the lock it is installed from and the locks that one contains."""

    lock: str
    contains: tuple[str, ...] = ()


RUN = Purpose(lock="requirements.lock")
DEVELOP = Purpose(lock="requirements-dev.lock", contains=("requirements.lock",))


def ensure(root: Path, purpose: Purpose, name: str = ".venv") -> str:
    """Make the environment fit the purpose and return the absolute path of its interpreter.

    It is made with the Python that runs this, anew when the one that is there is another version.

    Raises:
        SetupFailed: there is no `venv` module, or pip could not install.
    """
    folder = root / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    run_lock = _mark(root, RUN.lock)
    wanted = [_mark(root, name) for name in (purpose.lock, *purpose.contains)]
    project = "project " + _digest(root / "pyproject.toml", root / "app/keyturn/__init__.py")
    present = _read_stamp(folder)
    if run_lock not in present or _version_of(python) != sys.version_info[:2]:
        _create(folder)
        present = set[str]()
    if wanted[0] not in present:
        _say(f"Installing from packaging/{purpose.lock} into {name}")
        lock = root / "packaging" / purpose.lock
        # The lock is whole (a test compares it), so that pip has nothing to resolve: a fifth less.
        _pip(python, "--no-deps", "--require-hashes", "--requirement", str(lock))
        present.update(wanted)
        _write_stamp(folder, present)
    if project not in present:
        # The build back end came with the lock, so that nothing is fetched here.
        _pip(python, "--no-deps", "--no-index", "--no-build-isolation", "--editable", str(root))
        others = (line for line in present if not line.startswith("project "))
        _write_stamp(folder, [*others, project])
    return str(python)


def ensure_npm_servers(root: Path) -> None:
    """Install the npm servers of the tests, exactly as locked and without running their scripts.

    Raises:
        SetupFailed: npm could not install.
    """
    folder = root / "packaging" / "npm"
    digest = _digest(folder / "package-lock.json")
    stamp = folder / "node_modules" / STAMP
    if stamp.is_file() and stamp.read_text() == digest:
        return
    _say("Installing the npm servers of the tests")
    flags = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    if subprocess.call(["npm", "ci", *flags], cwd=folder) != 0:
        raise SetupFailed("npm could not install packaging/npm. Leave it out: --without npm")
    stamp.write_text(digest)


def _create(folder: Path) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        version = ".".join(map(str, sys.version_info[:2]))
        raise SetupFailed(
            f"This Python {version} cannot make virtual environments. "
            f"Install what it lacks: apt install python3-venv (or python{version}-venv)"
        )
    _say(f"Creating {folder.name} with Python {sys.version.split()[0]}")
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    if sys.prefix != sys.base_prefix and base.is_file():
        # Started from an environment, perhaps the very one that is made anew.
        code = subprocess.call([str(base), "-m", "venv", "--clear", str(folder)])
        if code != 0:
            raise SetupFailed(f"{base} -m venv ended with exit code {code}.")
        return
    venv.create(folder, clear=True, with_pip=True, symlinks=os.name != "nt")


def _pip(python: Path, *arguments: str) -> None:
    flags = ("-qq", "--no-input", "--disable-pip-version-check")
    command = [str(python), "-I", "-m", "pip", "install", *flags, *arguments]
    if subprocess.call(command, env=_pip_environment()) != 0:
        raise SetupFailed("pip could not install; its own message is above. Then run this again.")


def _pip_environment() -> dict[str, str]:
    # Settings that would make pip install somewhere else than into .venv.
    elsewhere = {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV"}
    return {name: value for name, value in os.environ.items() if name not in elsewhere}


def _version_of(python: Path) -> tuple[int, int] | None:
    script = "import sys; sys.stdout.write('%d %d' % sys.version_info[:2])"
    try:
        done = subprocess.run(
            [python, "-I", "-c", script], capture_output=True, text=True, check=True, timeout=30
        )
        major, minor = done.stdout.split()
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return int(major), int(minor)


def _mark(root: Path, lock: str) -> str:
    return f"{lock} {_digest(root / 'packaging' / lock)}"


def _digest(*paths: Path) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


def _read_stamp(folder: Path) -> set[str]:
    stamp = folder / STAMP
    return set(stamp.read_text().splitlines()) if stamp.is_file() else set()


def _write_stamp(folder: Path, lines: Iterable[str]) -> None:
    (folder / STAMP).write_text("\n".join(sorted(lines)) + "\n")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
