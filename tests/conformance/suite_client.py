"""Owns the client that the suite runs: on the SDK, directly or with Keyturn in between.

Run by the suite: python -m tests.conformance.suite_client WAY URL, with the scenario's revision and
its context in the environment. WAY is `direct`, `HTTP` (the broker's endpoint) or `shim`.

It does what a curious client would: it lists everything, calls each tool with arguments that fit
its schema, and reads and gets what there is. A scenario that names its calls gets these.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import mcp
from mcp import StdioServerParameters, types
from mcp.client import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client

from tests.conformance.direct_auth import direct_auth, oauth_table
from tests.conformance.rig import Broker, broker
from tests.e2e.desk import shim_argv

DIRECT, HTTP, SHIM = "direct", "HTTP", "shim"
SERVER = "remote"
SECONDS = 30.0
_MODES = {"2025-11-25": "legacy"}
_ECHO, _FOCAL = "json_schema_echo", "json_schema_2020_12_tool"
_EXAMPLES: Mapping[str, Any] = {
    "number": 5, "integer": 5, "string": "us-west1", "boolean": True, "array": [], "object": {},
}  # fmt: skip


async def _elicited(
    context: ClientRequestContext, params: types.ElicitRequestParams
) -> types.ElicitResult:
    """Accept a form with its defaults, and what has none with a yes."""
    form = isinstance(params, types.ElicitRequestFormParams)
    fields: Mapping[str, Any] = params.requested_schema.get("properties", {}) if form else {}
    content = {
        name: field.get("default", True)
        for name, field in fields.items()
        if "default" in field or field.get("type") == "boolean"
    }
    return types.ElicitResult(action="accept", content=content)


async def explore(client: mcp.Client, named: Iterable[Mapping[str, Any]]) -> None:
    """Use what the server has."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    calls = {call["name"]: call["arguments"] for call in named} or {
        name: _arguments(tool, tools) for name, tool in tools.items()
    }
    for name, arguments in calls.items():
        await client.call_tool(name, arguments)
    # What a server does not have is no fault of the scenario's.
    with contextlib.suppress(mcp.MCPError):
        for resource in (await client.list_resources()).resources:
            await client.read_resource(resource.uri)
    with contextlib.suppress(mcp.MCPError):
        for prompt in (await client.list_prompts()).prompts:
            wanted = prompt.arguments or []
            await client.get_prompt(prompt.name, {one.name: "us-west1" for one in wanted})


def _arguments(tool: types.Tool, tools: Mapping[str, types.Tool]) -> dict[str, Any]:
    if tool.name == _ECHO:
        return {"schema": tools[_FOCAL].input_schema}
    required: list[str] = tool.input_schema.get("required", [])
    fields: Mapping[str, Mapping[str, Any]] = tool.input_schema.get("properties", {})
    return {name: _EXAMPLES.get(str(fields[name].get("type")), "") for name in required}


# ---------------------------------------------------------------- the ways


@asynccontextmanager
async def _over_http(
    url: str, headers: Mapping[str, str], auth: httpx2.Auth | None = None
) -> AsyncGenerator[Any]:
    async with httpx2.AsyncClient(headers=dict(headers), timeout=SECONDS, auth=auth) as http:
        yield streamable_http_client(url, http_client=http)


def _context() -> dict[str, Any]:
    return json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", "{}"))


def _signs_in() -> bool:
    return os.environ.get("MCP_CONFORMANCE_SCENARIO", "").startswith("auth/")


async def _use(where: Any) -> None:
    mode = _MODES.get(os.environ["MCP_CONFORMANCE_PROTOCOL_VERSION"], "auto")
    context = _context()
    client = mcp.Client(where, mode=mode, elicitation_callback=_elicited)
    async with asyncio.timeout(SECONDS), client:
        await explore(client, context.get("toolCalls", ()))


async def _directly(url: str) -> None:
    signing_in = _signs_in()
    async with _over_http(url, {}, direct_auth(url, _context()) if signing_in else None) as where:
        await _use(where)


async def _through(way: str, behind: Broker) -> None:
    if way == SHIM:
        command, *words = shim_argv(SERVER)
        env = dict(behind.keyturn.env)
        await _use(StdioServerParameters(command=command, args=words, env=env))
        return
    token = behind.token_file.read_text(encoding="ascii").strip()
    url = f"http://127.0.0.1:{behind.port}/s/{SERVER}"
    async with _over_http(url, {"authorization": f"Bearer {token}"}) as where:
        await _use(where)


def main() -> None:
    """Reach the scenario's server in the way that was asked for."""
    way, url = sys.argv[1:]
    if way == DIRECT:
        asyncio.run(_directly(url))
        return
    oauth = oauth_table(_context()) if _signs_in() else ""
    with broker(urls={SERVER: url}, oauth=oauth) as behind:
        asyncio.run(_through(way, behind))


if __name__ == "__main__":
    main()
