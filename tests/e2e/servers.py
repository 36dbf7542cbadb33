"""The servers that the tests put behind Keyturn: real ones, and one that writes all down."""

import json
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from keyturn.domain.tier import Tier
from tests.e2e.desk import ROOT, Folders, wait_until
from tests.e2e.seeding import SeededServer

NPM = ROOT / "packaging" / "npm" / "node_modules" / "@modelcontextprotocol"
RAW_SERVER = ROOT / "tests" / "integration" / "servers" / "raw_server.py"
PLAIN_SERVER = ROOT / "tests" / "integration" / "servers" / "plain_server.py"


def files_server(folders: Folders, write: Tier | None = Tier.T2) -> SeededServer:
    """Return the npm filesystem server over the work folder; its other tools are reads."""
    return SeededServer(
        name="files", command=files_command(folders), tiers={"write_file": write, "*": Tier.T0}
    )


def files_command(folders: Folders) -> tuple[str, ...]:
    """Return the command of the npm filesystem server."""
    return ("node", str(NPM / "server-filesystem" / "dist" / "index.js"), str(folders.work))


def everything_command(transport: str = "stdio") -> tuple[str, ...]:
    """Return the command of the npm server that has every feature."""
    return ("node", str(NPM / "server-everything" / "dist" / "index.js"), transport)


@contextmanager
def everything_over_sse(folders: Folders) -> Generator[str]:
    """Run it over HTTP+SSE, and return its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = folders.root / "everything.log"
    with (
        said.open("wb") as log,
        subprocess.Popen(
            everything_command("sse"), env={**folders.env(), "PORT": str(port)}, stderr=log
        ) as process,
    ):
        try:
            wait_until(lambda: "Server is running" in said.read_text(), "the server that listens")
            yield f"http://localhost:{port}/sse"
        finally:
            process.kill()


def raw_server(folders: Folders, tier: Tier | None = Tier.T1) -> SeededServer:
    """Return a server that writes down every line it reads."""
    return SeededServer(
        name="raw",
        command=(sys.executable, str(RAW_SERVER), str(seen_file(folders))),
        tiers={"*": tier},
    )


def seen_file(folders: Folders) -> Path:
    """Return what the raw server read."""
    return folders.work / "seen"


def calls_seen(folders: Folders) -> list[dict[str, Any]]:
    """Return the tool calls that reached the raw server."""
    return [frame for frame in frames_seen(folders) if frame.get("method") == "tools/call"]


def frames_seen(folders: Folders) -> list[dict[str, Any]]:
    """Return every frame that reached the raw server."""
    path = seen_file(folders)
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
