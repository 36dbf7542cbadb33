"""The demo's programs as real processes over stdio, in both protocol eras.

Run as a program it writes `resources/demo/definitions.json` anew from what the servers list:
`python tests/integration/test_demo_servers.py`. Look at the difference before committing it.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[2] / "resources" / "demo"
RAW_SERVER = Path(__file__).parent / "servers" / "raw_server.py"
DEFINITIONS = DATA / "definitions.json"
ERAS = ("legacy", "2026-07-28")
WAIT_SECONDS = 30.0
# What Keyturn leaves out of a pin.
UNPINNED = ("_meta", "icons", "execution")
PROPOSED = {
    "reports": {
        "list_reports": {"tier": "T0", "labels": ["U"]},
        "read_report": {"tier": "T0", "labels": ["U"]},
    },
    "logistics": {
        "list_orders": {"tier": "T0", "labels": ["P"]},
        "dispatch_order": {"tier": "T2", "labels": ["X"]},
        "dispatch_all": {"tier": "T2", "labels": ["X"]},
    },
}
HANGAR = {"name": "R. Talbot", "address": "14 Quarry Road, Hangar 9"}
ON_FILE = {"name": "Ines Albrecht", "address": "8 Rope Walk, Lindholm"}
Call = tuple[str, dict[str, Any]]
BROKEN: tuple[Call, ...] = (
    ("dispatch_all", {"orders": "all", "ship_to": HANGAR}),
    ("dispatch_all", {"orders": "all_open"}),
    ("dispatch_all", {"orders": "all_open", "ship_to": {"name": "R. Talbot"}}),
)
OPEN: Call = ("list_orders", {"status": "open"})
ONE: Call = ("dispatch_order", {"order_id": "NW-1041", "ship_to": ON_FILE})
ALL: Call = (
    "dispatch_all",
    {"orders": "all_open", "ship_to": HANGAR, "notify_customers": False},
)
READS: tuple[Call, ...] = tuple(("read_report", {"number": number}) for number in range(1, 7))
"""Each report there is, and one that is not."""
ORDERS = (*BROKEN, OPEN, ONE, ONE, OPEN, ALL, OPEN, ALL)


def command(server: str, ledger: Path) -> list[str]:
    """The argv of a demo server as Keyturn launches it."""
    argv = [sys.executable, "-I", "-m", f"keyturn.demo.{server}", "--data", str(DATA)]
    return [*argv, "--ledger", str(ledger)] if server == "logistics" else argv


class Wire:
    """JSON-RPC by hand over a server's stdio, so that no library reshapes what is compared."""

    def __init__(self, process: asyncio.subprocess.Process, era: str) -> None:
        """Speak this era with a process that was started with pipes."""
        self._process = process
        self._era = era
        self._last_id = 0

    @classmethod
    async def open(cls, argv: list[str], era: str) -> "Wire":
        """Start the server; in the legacy era also shake hands."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            limit=2**22,
        )
        wire = cls(process, era)
        if era == "legacy":
            await wire.request(
                "initialize",
                {
                    "protocolVersion": "2025-11-25",
                    "capabilities": {},
                    "clientInfo": {"name": "test", "version": "1"},
                },
            )
            wire._write({"method": "notifications/initialized"})
        return wire

    async def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send one request and return its whole answer: `result` or `error`."""
        if self._era != "legacy":
            meta: dict[str, Any] = {
                "io.modelcontextprotocol/protocolVersion": self._era,
                "io.modelcontextprotocol/clientCapabilities": {},
            }
            params = {**params, "_meta": meta}
        self._last_id += 1
        self._write({"id": self._last_id, "method": method, "params": params})
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), WAIT_SECONDS)
        answer: dict[str, Any] = json.loads(line)
        assert answer["id"] == self._last_id
        return answer

    async def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call a tool and return its result object."""
        answer = await self.request("tools/call", {"name": tool, "arguments": arguments})
        return answer["result"]

    async def close(self) -> str:
        """End the server by closing its stdin; return what it wrote on stderr."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        _, stderr = await asyncio.wait_for(self._process.communicate(), WAIT_SECONDS)
        assert self._process.returncode == 0
        return stderr.decode()

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")


async def listed(wire: Wire) -> dict[str, dict[str, Any]]:
    """The tool objects that the server lists, as they are pinned, by name."""
    answer = await wire.request("tools/list", {})
    assert "nextCursor" not in answer["result"]
    return {
        tool["name"]: {key: value for key, value in tool.items() if key not in UNPINNED}
        for tool in answer["result"]["tools"]
    }


def recorded() -> dict[str, Any]:
    """The definitions in resources/demo."""
    return json.loads(DEFINITIONS.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a server of the demo answered on one connection, and what had left after each answer.

    One start for all that is asked of it: each takes a second or two to load the SDK.
    """

    tools: dict[str, dict[str, Any]]
    results: tuple[dict[str, Any], ...]
    sent: tuple[list[dict[str, Any]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What both servers answered in one era."""

    reports: Told
    logistics: Told


async def told(server: str, era: str, ledger: Path, calls: Sequence[Call]) -> Told:
    """Start the server, list its tools and make the calls."""
    wire = await Wire.open(command(server, ledger), era)
    tools = await listed(wire)
    results: list[dict[str, Any]] = []
    sent: list[list[dict[str, Any]]] = []
    for tool, arguments in calls:
        results.append(await wire.call(tool, arguments))
        sent.append(dispatched(ledger))
    assert await wire.close() == ""
    return Told(tools=tools, results=tuple(results), sent=tuple(sent))


def dispatched(ledger: Path) -> list[dict[str, Any]]:
    """What really left, in order."""
    if not ledger.exists():
        return []
    return [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module", params=ERAS)
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """What the servers say and do in one era, each started once."""
    folder = tmp_path_factory.mktemp("demo")

    async def ask() -> Demo:
        return Demo(
            reports=await told("reports", request.param, folder / "none", READS),
            logistics=await told("logistics", request.param, folder / "ledger", ORDERS),
        )

    return asyncio.run(ask())


@pytest.mark.parametrize("server", ["reports", "logistics"])
def test_recorded_definitions_are_what_the_server_lists(server: str, demo: Demo) -> None:
    expected = recorded()["servers"][server]["tools"]
    found: Told = getattr(demo, server)
    assert found.tools == {name: entry["definition"] for name, entry in expected.items()}


def test_recorded_tiers_are_those_of_the_headless_configuration(tmp_path: Path) -> None:
    text = (DATA / "demo.toml").read_text(encoding="utf-8")
    ledger = tmp_path / "ledger"
    filled = {"{python}": sys.executable, "{data}": str(DATA), "{ledger}": str(ledger)}
    for placeholder, value in filled.items():
        text = text.replace(placeholder, value)
    configured = tomllib.loads(text)["servers"]
    tiers = {
        server: {
            name: {"tier": tool["tier"], "labels": tool["labels"]}
            for name, tool in entry["tools"].items()
        }
        for server, entry in recorded()["servers"].items()
    }
    assert {name: entry["tools"] for name, entry in configured.items()} == tiers == PROPOSED
    for server, entry in configured.items():
        assert entry["command"] == command(server, ledger)


def test_a_report_is_text_line_by_line_and_the_same_as_data(demo: Demo) -> None:
    *results, unknown = demo.reports.results
    assert unknown["isError"] is True
    assert "list_reports names those that exist" in unknown["content"][0]["text"]
    for number, result in enumerate(results, start=1):
        lines = result["content"][0]["text"].split("\n")
        assert result["structuredContent"]["lines"] == lines
        assert result["structuredContent"]["number"] == number
        assert result["structuredContent"]["title"] == lines[0]
        assert 20 <= len(lines) <= 22


def test_arguments_that_break_the_schema_dispatch_nothing(demo: Demo) -> None:
    broken = slice(0, len(BROKEN))
    assert [result["isError"] for result in demo.logistics.results[broken]] == [True] * len(BROKEN)
    assert demo.logistics.sent[broken] == ([],) * len(BROKEN)


def test_an_order_is_dispatched_once(demo: Demo) -> None:
    _, first, second, *_ = demo.logistics.results[len(BROKEN) :]
    assert first["structuredContent"]["dispatched"] == ["NW-1041"]
    assert second["isError"] is True
    assert demo.logistics.sent[len(BROKEN) + 2] == [
        {
            "order_id": "NW-1041",
            "ship_to": ON_FILE,
            "customer_notified": True,
            "tool": "dispatch_order",
        }
    ]


def test_dispatch_all_sends_every_open_order_and_says_so_in_the_ledger(demo: Demo) -> None:
    open_orders, _, _, before, sent, after, again = demo.logistics.results[len(BROKEN) :]
    assert open_orders["structuredContent"]["count"] == 41
    numbers = [order["order_id"] for order in before["structuredContent"]["orders"]]
    assert before["structuredContent"]["count"] == len(numbers) == 40
    assert sent["structuredContent"]["dispatched"] == numbers
    assert after["structuredContent"]["count"] == 0
    assert again["isError"] is True
    _, *rows = demo.logistics.sent[-1]
    assert [row["order_id"] for row in rows] == numbers
    assert all(row["ship_to"] == HANGAR for row in rows)


@pytest.mark.parametrize("server", ["reports", "logistics"])
def test_a_server_without_its_data_ends_with_a_sentence(server: str, tmp_path: Path) -> None:
    argv = command(server, tmp_path / "ledger")
    argv[argv.index("--data") + 1] = str(tmp_path / "nowhere")
    ended = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT_SECONDS, check=False
    )
    assert ended.returncode == 2
    assert b"Give --data the folder resources/demo" in ended.stderr
    assert b"Traceback" not in ended.stderr


def run_agent(reports: list[str], logistics: list[str], mode: str) -> tuple[int, list[str]]:
    """Run the scripted agent to its end; its exit code and the lines it printed."""
    argv = [sys.executable, "-I", "-W", "error", "-X", "faulthandler", "-m", "keyturn.demo.agent"]
    argv += ["--mode", mode, "--reports", json.dumps(reports), "--logistics", json.dumps(logistics)]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe) as process:
        try:
            out, said = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            # So that the failure shows where the story stopped, and the stack.
            process.send_signal(signal.SIGABRT)
            out, said = process.communicate(timeout=10)
    assert said.decode() == "", out.decode()
    return process.returncode, out.decode().splitlines()


# Each era alone is told of by the next one.
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_agent_obeys_report_three_when_nothing_stops_it(mode: str, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    code, lines = run_agent(command("reports", ledger), command("logistics", ledger), mode)
    assert code == 0
    assert "Report 3, line 14, tells the assistant what to do." in lines
    assert [row["ship_to"] for row in dispatched(ledger)] == [HANGAR] * 41
    assert lines[-1] == "Done: dispatch_all went through, dispatch_order did not go through."


# What an agent is told depends on the era alone, not on how it was found.
@pytest.mark.parametrize("mode", ERAS)
def test_the_agent_is_refused_told_why_and_goes_on(mode: str, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    guarded = [sys.executable, "-I", str(refusing_server(tmp_path)), *command("logistics", ledger)]
    code, lines = run_agent(command("reports", ledger), guarded, mode)
    assert code == 0
    assert "  Not this one." in lines
    assert [row["tool"] for row in dispatched(ledger)] == ["dispatch_order"]
    assert dispatched(ledger)[0]["ship_to"] == ON_FILE
    assert lines[-1] == "Done: dispatch_order went through, dispatch_all did not go through."


@pytest.mark.parametrize("program", [["no-such-program-here"], [sys.executable, "-c", "pass"]])
def test_the_agent_says_which_server_it_cannot_reach(program: list[str], tmp_path: Path) -> None:
    # Any server will do for the one that it reaches.
    reached = [sys.executable, str(RAW_SERVER), str(tmp_path / "seen")]
    code, lines = run_agent(reached, program, "auto")
    assert code == 3
    assert lines[-1].startswith("The server logistics cannot be reached: ")


def refusing_server(folder: Path) -> Path:
    """A line relay in front of a server that answers `dispatch_all` itself, as a gate would."""
    program = folder / "refusing.py"
    program.write_text(
        """
import json, subprocess, sys, threading

inner = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
writing = threading.Lock()


def answer(line):
    with writing:
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


def back():
    for line in inner.stdout:
        answer(line)


returning = threading.Thread(target=back)
returning.start()
for line in sys.stdin.buffer:
    request = json.loads(line)
    if request.get("params", {}).get("name") == "dispatch_all":
        content = [{"type": "text", "text": "Not this one."}]
        result = {"content": content, "isError": True, "resultType": "complete"}
        reply = {"jsonrpc": "2.0", "id": request["id"], "result": result}
        answer(json.dumps(reply).encode() + b"\\n")
    else:
        inner.stdin.write(line)
        inner.stdin.flush()
inner.stdin.close()
returning.join()
inner.wait()
""",
        encoding="utf-8",
    )
    return program


def main() -> None:
    """Write the definitions anew; both eras must agree."""
    servers: dict[str, Any] = {}
    for server, proposed in PROPOSED.items():
        per_era = [asyncio.run(told(server, era, Path(os.devnull), ())).tools for era in ERAS]
        assert per_era[0] == per_era[1], f"{server} lists differently by era"
        servers[server] = {
            "tools": {
                name: {**proposed[name], "definition": definition}
                for name, definition in per_era[0].items()
            }
        }
    text = json.dumps({"v": 1, "servers": servers}, indent=2, sort_keys=True)
    DEFINITIONS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
