"""Owns what the matrix tries: which clients, which servers, and what is asked of each."""

import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conformance.npm_folder import NotInstalled, NpmFolder

CLIENTS = Path(__file__).with_name("matrix_clients")
FEATURES = (
    "list", "call", "progress", "cancel", "sampling", "elicitation", "roots", "subscribe",
)  # fmt: skip
SERVER_VERSION = "2026.8.31"
SCOPE = "@modelcontextprotocol"
NPM = (
    *(f"{SCOPE}/server-{name}@{SERVER_VERSION}" for name in ("everything", "filesystem", "memory")),
    f"{SCOPE}/sdk@1.32.2",
    f"{SCOPE}/client@2.4.0",
    f"{SCOPE}/inspector@2.12.0",
)
"""What npm installs; with pip come the clients that cannot live beside `mcp` 2.3."""
PIP = {"mcp1": "mcp==1.30.0", "fastmcp": "fastmcp==4.2.3"}
SCRIPT = "typescript_client.mjs"
FORM = {"name": "matrix"}
_ROOT_TOOL: dict[str, Any] = {"tool": "get-roots-list", "arguments": {}}
_LONG = "trigger-long-running-operation"
_ECHO: dict[str, Any] = {"tool": "echo", "arguments": {"message": "hello"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A real server and what is asked of it, by feature."""

    name: str
    command: tuple[str, ...]
    asks: Mapping[str, Mapping[str, Any]]
    env: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKind:
    """A client, in a mode, and the command that runs it with a plan."""

    name: str
    command: tuple[str, ...]
    mode: str = "auto"
    features: tuple[str, ...] = FEATURES
    """What it has."""
    is_command_line: bool = False
    """It has arguments instead of a plan."""

    def asks(self, server: Server) -> dict[str, Mapping[str, Any]]:
        """Return what it asks of a server."""
        return {name: ask for name, ask in server.asks.items() if name in self.features}


def servers(folder: NpmFolder, work: Path) -> list[Server]:
    """Return the servers, over a folder of their own with a repository in it."""
    repository = work / "repository"
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    (repository / "a.txt").write_text("a\n")
    time = {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"}
    memory = {"MEMORY_FILE_PATH": str(work / "memory.json")}
    return [
        Server(name="everything", command=_npm(folder, "everything", "stdio"), asks=_everything()),
        Server(
            name="filesystem",
            command=_npm(folder, "filesystem", str(work)),
            asks=_two("read_text_file", path=str(repository / "a.txt")),
        ),
        Server(
            name="memory",
            command=_npm(folder, "memory"),
            asks=_two("search_nodes", query="nothing"),
            env=memory,
        ),
        Server(
            name="time",
            command=(sys.executable, "-m", "mcp_server_time"),
            asks=_two("convert_time", **time),
        ),
        Server(
            name="git",
            command=(sys.executable, "-m", "mcp_server_git", "--repository", str(repository)),
            asks=_two("git_status", repo_path=str(repository)),
        ),
    ]


def clients(folder: NpmFolder) -> list[ClientKind]:
    """Return the clients; what they need is installed."""
    python = str(CLIENTS / "python_client.py")
    script = str(folder.path / SCRIPT)
    node = str(folder.modules / ".bin" / "node")
    node = node if Path(node).exists() else "node"
    inspector = str(folder.modules / ".bin" / "mcp-inspector")
    own = sys.executable
    return [
        ClientKind(name="mcp 2.3", command=(own, python, "mcp2")),
        ClientKind(name="mcp 2.3, handshake", command=(own, python, "mcp2"), mode="legacy"),
        ClientKind(name="mcp 1.30", command=(_python(folder, "mcp1"), python, "mcp1")),
        ClientKind(name="fastmcp 4.2", command=(_python(folder, "fastmcp"), python, "fastmcp")),
        ClientKind(name="TypeScript SDK 1.32", command=(node, script, "sdk1"), mode="legacy"),
        ClientKind(name="TypeScript client 2.4", command=(node, script, "client2")),
        ClientKind(
            name="TypeScript client 2.4, handshake",
            command=(node, script, "client2"),
            mode="legacy",
        ),
        ClientKind(
            name="Inspector 2.12, command line",
            command=(inspector, "--cli"),
            features=("list", "call"),
            is_command_line=True,
        ),
    ]


def install(folder: NpmFolder) -> None:
    """Install what the clients need; raises NotInstalled."""
    folder.install(*NPM)
    folder.install_node()
    shutil.copy(CLIENTS / SCRIPT, folder.path)
    for name, spec in PIP.items():
        place = folder.path / name
        if not place.exists():
            venv.create(place, with_pip=True, symlinks=True)
            _pip(folder, name, spec)


def _pip(folder: NpmFolder, name: str, spec: str) -> None:
    words = ("-I", "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check", spec)
    done = subprocess.run(
        [_python(folder, name), *words], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        shutil.rmtree(folder.path / name)
        raise NotInstalled(f"pip install {spec}\n{done.stderr[-2000:]}")


def _everything() -> dict[str, Mapping[str, Any]]:
    return {
        "list": {},
        "call": _ECHO,
        "progress": {"tool": _LONG, "arguments": {"duration": 0.4, "steps": 4}},
        "cancel": {"tool": _LONG, "arguments": {"duration": 5, "steps": 50}, "then": _ECHO},
        "sampling": {"tool": "trigger-sampling-request", "arguments": {"prompt": "say"}},
        "elicitation": {"tool": "trigger-elicitation-request", "arguments": {}},
        "roots": _ROOT_TOOL,
        "subscribe": {
            "uri": "demo://resource/dynamic/text/1",
            "tool": "toggle-subscriber-updates",
            "arguments": {},
        },
    }


def _two(tool: str, **arguments: str) -> dict[str, Mapping[str, Any]]:
    return {"list": {}, "call": {"tool": tool, "arguments": arguments}}


def _npm(folder: NpmFolder, server: str, *words: str) -> tuple[str, ...]:
    script = folder.modules / SCOPE / f"server-{server}" / "dist" / "index.js"
    return ("node", str(script), *words)


def _python(folder: NpmFolder, name: str) -> str:
    return str(folder.path / name / "bin" / "python")
