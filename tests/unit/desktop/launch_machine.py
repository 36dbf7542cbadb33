"""A home, a project and a PATH that a test fills, and the look at what a command would load."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from keyturn.desktop.closures import CommandClosures
from keyturn.desktop.executables import find_executable
from keyturn.desktop.resources import find_resources
from keyturn.desktop.runners import load_runners
from keyturn.domain.closure import Closure
from keyturn.domain.closure_change import ClosureChange, change_between
from keyturn.domain.launch import LaunchIdentity


class Machine:
    """A home, a project and a PATH that a test fills."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home, self.project, self.bin = root / "home", root / "project", root / "bin"
        for folder in (self.home, self.project, self.bin):
            folder.mkdir()
        self.env = {"HOME": str(self.home), "PATH": str(self.bin)}
        self.closures = CommandClosures(load_runners(find_resources() / "runners.toml"))

    def write(self, path: Path, text: str = "x", mode: int = 0o644) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def program(self, name: str, text: str = "\x7fELF") -> Path:
        return self.write(self.bin / name, text, 0o755)

    def look(self, *argv: str, anew: bool = True) -> Closure:
        cwd = str(self.project)
        found = find_executable(argv[0], cwd, self.env)
        launch = LaunchIdentity(
            argv=argv, executable=os.path.realpath(found), sha256="", cwd=cwd, env=()
        )
        return self.closures.look(launch, self.env, anew=anew)


def change(machine: Machine, argv: tuple[str, ...], attack: Callable[[], object]) -> ClosureChange:
    """Look, attack, look: anything but another hash is a way in."""
    before = machine.look(*argv)
    assert before.closure_hash == machine.look(*argv).closure_hash
    attack()
    after = machine.look(*argv)
    assert after.closure_hash != before.closure_hash
    # As the closure lists them: where they lie on disk is another question.
    return change_between(before, replace(after, places=()))
