"""Owns a folder that npm installs into when a command runs: the suite, SDKs, a node new enough.

Nothing of it is committed. A folder that is kept between runs is used again as it is.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NODE = "node@22"
NODE_MAJOR = 22
"""The suite needs this one at least."""
INSTALL_SECONDS = 300.0


class NotInstalled(Exception):
    """npm could not install; the text is npm's own."""


@dataclass(frozen=True, slots=True)
class NpmFolder:
    """A folder with node_modules."""

    path: Path

    @property
    def modules(self) -> Path:
        """Where the packages are."""
        return self.path / "node_modules"

    def env(self) -> dict[str, str]:
        """Return the environment in which its programs, and its node first of all, are found."""
        path = os.pathsep.join((str(self.modules / ".bin"), os.environ["PATH"]))
        return {**os.environ, "PATH": path}

    def install(self, *specs: str) -> None:
        """Install what is not there yet, without running scripts; raises NotInstalled."""
        missing = [spec for spec in specs if not self._has(spec)]
        if missing:
            self._npm("--ignore-scripts", *missing)

    def install_node(self) -> None:
        """Install a node where the one that is found is too old; its script fetches the binary."""
        if _node_major(self.env()) < NODE_MAJOR:
            self._npm(NODE)

    def _has(self, spec: str) -> bool:
        name, _, _ = spec.rpartition("@")
        return (self.modules / (name or spec) / "package.json").is_file()

    def _npm(self, *words: str) -> None:
        flags = ("--prefix", str(self.path), "--no-audit", "--no-fund", "--loglevel=error")
        done = subprocess.run(
            ["npm", "install", *flags, *words],
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise NotInstalled(f"npm install {' '.join(words)}\n{done.stderr[-2000:]}")


@contextmanager
def npm_folder(kept: Path | None) -> Generator[NpmFolder]:
    """Give the folder that is named, or a new one that is taken away again."""
    path = kept or Path(tempfile.mkdtemp(prefix="keyturn-npm-"))
    path.mkdir(parents=True, exist_ok=True)
    try:
        yield NpmFolder(path.resolve())
    finally:
        if kept is None:
            shutil.rmtree(path, ignore_errors=True)


def _node_major(env: dict[str, str]) -> int:
    program = shutil.which("node", path=env["PATH"])
    if program is None:
        return 0
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return int(done.stdout.strip().removeprefix("v").partition(".")[0] or 0)
