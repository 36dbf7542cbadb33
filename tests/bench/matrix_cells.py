"""Owns one cell of the matrix: a client that uses a server in one way, and what became of it."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.matrix_plan import FORM, ClientKind, Server
from tests.conformance.npm_folder import NpmFolder
from tests.conformance.rig import Broker
from tests.e2e.desk import shim_argv

CELL_SECONDS = 240.0
VERSION = "version"
UNFINISHED = "error: unfinished"

Outcomes = Mapping[str, str]
"""By feature: a text that is the same whenever the same happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How a client gets to a server: a command to start, or a URL."""

    command: tuple[str, ...] = ()
    env: Mapping[str, str] | None = None
    url: str = ""
    token: str = ""


def directly(server: Server) -> Reached:
    """Start the server itself."""
    return Reached(command=server.command, env=server.env)


def by_shim(server: Server, broker: Broker) -> Reached:
    """Start the shim instead of it, as a host is told to."""
    return Reached(command=tuple(shim_argv(server.name)), env=broker.keyturn.env)


def by_http(server: Server, broker: Broker) -> Reached:
    """Ask the broker's endpoint."""
    url = f"http://127.0.0.1:{broker.port}/s/{server.name}"
    return Reached(url=url, token=broker.token_file.read_text(encoding="ascii").strip())


def outcomes(
    folder: NpmFolder, work: Path, client: ClientKind, server: Server, reached: Reached
) -> Outcomes:
    """Run a client and return what became of each feature; what is missing is unfinished."""
    asks = client.asks(server)
    if client.is_command_line:
        return {feature: _inspected(folder, client, feature, asks, reached) for feature in asks}
    plan = {
        "command": reached.command,
        "env": dict(reached.env or {}),
        "url": reached.url,
        "token": reached.token,
        "mode": client.mode,
        "root": work.as_uri(),
        "form": FORM,
        "asks": asks,
    }
    file = work / "plan.json"
    file.write_text(json.dumps(plan))
    said = _said(folder, (*client.command, str(file)))
    return {feature: str(said.get(feature, UNFINISHED)) for feature in (VERSION, *asks)}


def _inspected(
    folder: NpmFolder,
    client: ClientKind,
    feature: str,
    asks: Mapping[str, Mapping[str, Any]],
    reached: Reached,
) -> str:
    """Run the Inspector once: it has a command line instead of a plan."""
    words = ["--method", f"tools/{feature}"]
    if feature == "call":
        words += ["--tool-name", asks[feature]["tool"]]
        for name, value in asks[feature]["arguments"].items():
            words += ["--tool-arg", f"{name}={value}"]
    if reached.url:
        words += ["--transport", "http", "--server-url", reached.url]
        words += ["--header", f"Authorization: Bearer {reached.token}"]
    else:
        for name, value in (reached.env or {}).items():
            words += ["-e", f"{name}={value}"]
        words += ["--", *reached.command]
    said = _said(folder, (*client.command, *words))
    if feature == "list" and "tools" in said:
        return " ".join(sorted(tool["name"] for tool in said["tools"]))
    if "content" in said:
        wrong = "error: " if said.get("isError") else ""
        return wrong + "\n".join(part.get("text", part["type"]) for part in said["content"])
    return f"error: {said}" if said else UNFINISHED


def _said(folder: NpmFolder, command: tuple[str, ...]) -> Mapping[str, Any]:
    """Run a command and decode what it printed; nothing when it printed no JSON in time."""
    try:
        done = subprocess.run(
            command,
            env=folder.env(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CELL_SECONDS,
            check=False,
        )
        return json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return {}
