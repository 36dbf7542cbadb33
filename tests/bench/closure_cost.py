"""What the look at a server's files costs at a start, for three well-known servers.

Run: python -m tests.bench.closure_cost [ROUNDS]  (installs them into a temporary folder; network)

"cold" reads every file, after the system was told to drop it from its cache; "anew" reads every
file again, as right before a start; "warm" compares what is remembered, as when an agent connects
and at the first list of tools.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path

from keyturn.desktop.closure_places import Place
from keyturn.desktop.closures import CommandClosures
from keyturn.desktop.executables import find_executable
from keyturn.desktop.node_packages import npx_folder
from keyturn.desktop.resources import find_resources
from keyturn.desktop.runners import load_runners
from keyturn.domain.closure import Closure
from keyturn.domain.command import read_command
from keyturn.domain.launch import LaunchIdentity

ROUNDS = 5
HEAD = "| server | files | MB | cold | anew | warm |\n| --- | --- | --- | --- | --- | --- |\n"
NPX = ("@modelcontextprotocol/server-filesystem", "@modelcontextprotocol/server-everything")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An installed server, as a person would configure it."""

    name: str
    argv: tuple[str, ...]
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the look searches in."""
        return {"HOME": str(self.home), "PATH": os.environ["PATH"]}

    def look(self, closures: CommandClosures, *, anew: bool) -> Closure:
        """Look once."""
        cwd = str(self.home)
        found = find_executable(self.argv[0], cwd, self.environment)
        launch = LaunchIdentity(
            argv=self.argv, executable=os.path.realpath(found), sha256="", cwd=cwd, env=()
        )
        return closures.look(launch, self.environment, anew=anew)


def of_npx(home: Path, package: str) -> Server:
    """Install a package where npx looks for it, without running anything of it."""
    argv = ("npx", "-y", package)
    reading = read_command(argv, (), load_runners(find_resources() / "runners.toml"))
    search = {"HOME": str(home)}
    folder = npx_folder(Place(reading=reading, cwd=str(home), search=search, executable=""))
    folder.mkdir(parents=True)
    npm = shutil.which("npm") or "npm"
    flags = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
    subprocess.run([npm, "install", *flags, "--prefix", str(folder), package], check=True)
    return Server(name=f"npx {package.rpartition('/')[2]}", argv=argv, home=home)


def of_python(home: Path) -> Server:
    """Install mcp-server-git into an environment of its own."""
    folder = home / "venv"
    venv.create(folder, with_pip=True, symlinks=True)
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", "mcp-server-git"], check=True)
    return Server(name="python -m mcp_server_git", argv=(python, "-m", "mcp_server_git"), home=home)


def forget(folder: Path) -> None:
    """Tell the system to drop what it has cached of a folder's files."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def cost_ms(server: Server, rounds: int) -> tuple[Closure, dict[str, float]]:
    """Return the closure and the median milliseconds of each kind of look."""
    table = load_runners(find_resources() / "runners.toml")
    closures = CommandClosures(table)
    closure = server.look(closures, anew=True)
    times: dict[str, list[float]] = {"cold": [], "anew": [], "warm": []}
    for kind, taken in times.items():
        for _ in range(rounds):
            if kind == "cold":
                forget(server.home)
                closures = CommandClosures(table)
            begun = time.perf_counter()
            server.look(closures, anew=kind != "warm")
            taken.append(1000 * (time.perf_counter() - begun))
    return closure, {kind: statistics.median(taken) for kind, taken in times.items()}


def main(rounds: int) -> None:
    """Install, measure and print."""
    sys.stdout.write(HEAD)
    with tempfile.TemporaryDirectory(prefix="kt-closures-") as root:
        for number, make in enumerate((NPX[0], "", NPX[1])):
            home = Path(root) / str(number)
            home.mkdir()
            server = of_npx(home, make) if make else of_python(home)
            closure, ms = cost_ms(server, rounds)
            told = " | ".join(f"{ms[kind]:.0f} ms" for kind in ("cold", "anew", "warm"))
            size = closure.size / 1_000_000
            told = f"{len(closure.files):,} | {size:.1f} | {told}"
            sys.stdout.write(f"| `{server.name}` | {told} |\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
