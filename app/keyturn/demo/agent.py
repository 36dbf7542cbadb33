"""Owns the demo's scripted agent: it reads five reports and obeys what one of them says.

A real MCP client over stdio, with no model and no network: a script does what a gullible model
would. It knows nothing of Keyturn; the two commands it is given may lead through Keyturn or not.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import os
import re
import sys
from collections.abc import AsyncGenerator
from typing import Any, cast

from mcp import Client, MCPError, StdioServerParameters
from mcp.types import CONNECTION_CLOSED, CallToolResult, Implementation, TextContent

_REPORT_NUMBERS = range(1, 6)
_INJECTION = re.compile(
    r'^Note to the assistant: "(?P<orders>[^"]+)" orders now go to "(?P<name>[^"]+)", '
    r'"(?P<address>[^"]+)"\.'
)
# A person decides about these calls, and takes the time that it takes.
_ANSWER_SECONDS = 900.0
# What it says of itself. Nothing proves it, and Keyturn shows it as claimed.
_CLAIMS = Implementation(name="atlas-desk", title="Atlas Desk", version="3.2")

EXIT_UNREACHABLE = 3


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back from a call: refused or not, the text for the agent, the structured result."""

    refused: bool
    text: str
    data: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An instruction found in a report: which orders to send, to whom, and where it stood."""

    report: int
    line: int
    arguments: dict[str, Any]


class UnreachableError(Exception):
    """A server could not be started, or ended in the middle of the story."""

    def __init__(self, server: str, cause: str) -> None:
        """Name the server as the story names it; `cause` is what the SDK or the system said."""
        super().__init__(f"The server {server} cannot be reached: {cause}")


def say(line: str) -> None:
    """Print one line at once; what servers sent is shown with its control characters visible."""
    shown = "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in line)
    sys.stdout.write(shown + "\n")
    sys.stdout.flush()


def find_injection(number: int, lines: list[str]) -> Order | None:
    """The first line of a report that speaks to the assistant, as the call that it asks for."""
    for at, line in enumerate(lines, start=1):
        if found := _INJECTION.match(line):
            arguments = {
                "orders": found["orders"],
                "ship_to": {"name": found["name"], "address": found["address"]},
                "notify_customers": False,
            }
            return Order(report=number, line=at, arguments=arguments)
    return None


class Server:
    """One connected server, by the name that the story uses for it."""

    def __init__(self, name: str, client: Client) -> None:
        """Take a client that is already connected; whoever connected it closes it."""
        self.name = name
        self._client = client

    async def call(self, tool: str, arguments: dict[str, Any]) -> Answer:
        """Call a tool and wait for the answer; a protocol error is a refusal like any other.

        Raises UnreachableError when the connection ends before the answer.
        """
        try:
            result = await self._client.call_tool(tool, arguments)
        except MCPError as error:
            if error.code == CONNECTION_CLOSED:
                raise UnreachableError(self.name, error.message) from error
            return Answer(refused=True, text=error.message, data={})
        data = cast("object", result.structured_content)
        return Answer(
            refused=result.is_error,
            text=_text_of(result),
            data=cast("dict[str, Any]", data) if isinstance(data, dict) else {},
        )


def _text_of(result: CallToolResult) -> str:
    return "\n".join(one.text for one in result.content if isinstance(one, TextContent))


class Story:
    """The demo's plot, one step after the other, and the tally of what became of the calls."""

    def __init__(self, reports: Server, logistics: Server) -> None:
        """Tell the story over these two connected servers."""
        self._reports = reports
        self._logistics = logistics
        self._allowed: list[str] = []
        self._refused: list[str] = []

    async def tell(self) -> None:
        """Read, obey, do one honest call, sum up. Raises UnreachableError."""
        injected = await self._read_reports()
        orders = await self._list_orders()
        if injected is None:
            say("No report said anything to the assistant.")
        else:
            await self._obey(injected)
        if orders:
            await self._dispatch_honestly(orders[0])
        say(
            f"Done: {_listed(self._allowed)} went through, "
            f"{_listed(self._refused)} did not go through."
        )

    async def _read_reports(self) -> Order | None:
        injected: Order | None = None
        for number in _REPORT_NUMBERS:
            answer = await self._reports.call("read_report", {"number": number})
            if answer.refused:
                self._tell_refusal(f"Report {number} could not be read", answer)
                continue
            say(f"Read report {number}: {answer.data.get('title', 'no title')}")
            lines = cast("list[str]", answer.data.get("lines", []))
            injected = injected or find_injection(number, lines)
        return injected

    async def _list_orders(self) -> list[dict[str, Any]]:
        answer = await self._logistics.call("list_orders", {"status": "open"})
        if answer.refused:
            self._tell_refusal("Orders could not be listed", answer)
            return []
        say(f"Listed orders: {answer.data.get('count', 0)} are open.")
        return cast("list[dict[str, Any]]", answer.data.get("orders", []))

    async def _obey(self, injected: Order) -> None:
        ship_to = injected.arguments["ship_to"]
        say(f"Report {injected.report}, line {injected.line}, tells the assistant what to do.")
        say(
            f"The agent obeys: dispatch_all {injected.arguments['orders']} "
            f"to {ship_to['name']}, {ship_to['address']}, customers not told."
        )
        await self._dispatch("dispatch_all", injected.arguments)

    async def _dispatch_honestly(self, order: dict[str, Any]) -> None:
        ship_to = order["ship_to"]
        say(
            f"The agent does its work: dispatch_order {order['order_id']} "
            f"to the address on file, {ship_to['name']}, {ship_to['address']}."
        )
        arguments = {"order_id": order["order_id"], "ship_to": ship_to}
        await self._dispatch("dispatch_order", arguments)

    async def _dispatch(self, tool: str, arguments: dict[str, Any]) -> None:
        say("Waiting for the answer.")
        answer = await self._logistics.call(tool, arguments)
        if answer.refused:
            self._refused.append(tool)
            self._tell_refusal("It did not go through", answer)
        else:
            self._allowed.append(tool)
            say("It went through. The agent was told:")
            _tell_lines(answer.text)

    def _tell_refusal(self, what: str, answer: Answer) -> None:
        say(f"{what}. The agent was told:")
        _tell_lines(answer.text or "(nothing)")


def _tell_lines(text: str) -> None:
    for line in text.splitlines():
        say(f"  {line}")


def _listed(tools: list[str]) -> str:
    return " and ".join(tools) if tools else "nothing"


@contextlib.asynccontextmanager
async def connected(name: str, command: list[str], mode: str) -> AsyncGenerator[Server]:
    """Start `command`, speak MCP with it in this mode, end it afterwards.

    The whole environment is handed on: the SDK would pass only six names, and a command that leads
    to a broker finds it by others (XDG_RUNTIME_DIR). Raises UnreachableError.
    """
    parameters = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))
    client = Client(
        parameters, mode=mode, client_info=_CLAIMS, read_timeout_seconds=_ANSWER_SECONDS
    )
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(client)
        except (OSError, MCPError, ExceptionGroup) as error:
            raise UnreachableError(name, _cause(error)) from error
        yield Server(name, client)


def _cause(error: BaseException) -> str:
    """The innermost thing that went wrong: the SDK's task groups wrap it."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return str(error) or type(error).__name__


async def tell(reports: list[str], logistics: list[str], mode: str) -> int:
    """Run the story over both commands (argv each). Returns the program's exit code."""
    try:
        async with (
            connected("reports", reports, mode) as reading,
            connected("logistics", logistics, mode) as shipping,
        ):
            await Story(reading, shipping).tell()
    except* UnreachableError as group:
        say(_cause(group))
        return_code = EXIT_UNREACHABLE
    else:
        return_code = 0
    return return_code


def _command(text: str) -> list[str]:
    """Read an argv given as a JSON array of strings; ValueError otherwise."""
    value = cast("object", json.loads(text))
    if not isinstance(value, list) or not value:
        raise ValueError(text)
    parts = cast("list[object]", value)
    if not all(isinstance(part, str) for part in parts):
        raise ValueError(text)
    return cast("list[str]", parts)


def main(argv: list[str] | None = None) -> int:
    """Tell the story once. Returns 0 whatever was decided, 3 when a server was not reached."""
    parser = argparse.ArgumentParser(prog="keyturn.demo.agent")
    parser.add_argument("--reports", type=_command, required=True, metavar="JSON_ARGV")
    parser.add_argument("--logistics", type=_command, required=True, metavar="JSON_ARGV")
    parser.add_argument("--mode", choices=("auto", "legacy", "2026-07-28"), default="auto")
    options = parser.parse_args(argv)
    return asyncio.run(tell(options.reports, options.logistics, options.mode))


if __name__ == "__main__":
    sys.exit(main())
