"""A client of the matrix on a Python SDK: python python_client.py mcp2|mcp1|fastmcp PLAN.

PLAN is a JSON file that `matrix_cells.py` writes. Prints one JSON object: what became of each
feature, as a text that is the same whenever the same happened. Stands alone: it runs in an
environment of the SDK that it uses, so that none of these is known to the type checker here.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

ANSWER_SECONDS = 20.0
MOST_STEPS = 4
Plan = dict[str, Any]
Ask = dict[str, Any]


@dataclass
class Answers:
    """What the client's side answers, made of an SDK's own types."""

    types: Any
    plan: Plan
    updates: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)

    async def sampling(self, *_: Any) -> Any:
        """Answer as a model would."""
        content = self.types.TextContent(type="text", text="a model said so")
        return self.types.CreateMessageResult(role="assistant", model="none", content=content)

    async def elicitation(self, *_: Any) -> Any:
        """Fill in the form."""
        return self.types.ElicitResult(action="accept", content=self.plan["form"])

    async def roots(self, *_: Any) -> Any:
        """Name one folder."""
        root = self.types.Root(uri=self.plan["root"], name="root")
        return self.types.ListRootsResult(roots=[root])

    async def heard(self, message: Any) -> None:
        """Keep which resource was updated."""
        inner = getattr(message, "root", message)
        if getattr(inner, "method", "") == "notifications/resources/updated":
            self.updates.put_nowait(str(inner.params.uri))


@dataclass
class Client:
    """One SDK's client, connected."""

    version: str
    tools: Callable[[], Awaitable[Any]]
    call: Callable[..., Awaitable[Any]]
    """(tool, arguments, what hears of progress)"""
    subscribe: Callable[[str], Awaitable[Any]]
    updates: "asyncio.Queue[str]"


# ---------------------------------------------------------------- the SDKs


def _stdio(plan: Plan) -> Any:
    stdio = import_module("mcp.client.stdio")
    command, *words = plan["command"]
    return stdio.StdioServerParameters(command=command, args=words, env=plan["env"])


def _headers(plan: Plan) -> dict[str, str]:
    return {"Authorization": f"Bearer {plan['token']}"}


@asynccontextmanager
async def mcp2(plan: Plan) -> AsyncGenerator[Client]:
    """Connect with `mcp` 2.x, whose client speaks both eras."""
    mcp, httpx = import_module("mcp"), import_module("httpx2")
    http = import_module("mcp.client.streamable_http")
    answers = Answers(mcp.types, plan)
    async with AsyncExitStack() as stack:
        where = _stdio(plan) if plan["command"] else None
        if where is None:
            own = httpx.AsyncClient(headers=_headers(plan), timeout=ANSWER_SECONDS)
            through = await stack.enter_async_context(own)
            where = http.streamable_http_client(plan["url"], http_client=through)
        client = await stack.enter_async_context(
            mcp.Client(
                where,
                mode=plan["mode"],
                sampling_callback=answers.sampling,
                elicitation_callback=answers.elicitation,
                list_roots_callback=answers.roots,
                message_handler=answers.heard,
            )
        )

        async def call(tool: str, arguments: Any, heard: Any) -> Any:
            return await client.call_tool(tool, arguments, progress_callback=heard)

        async def tools() -> Any:
            return (await client.list_tools()).tools

        version = client.protocol_version
        yield Client(version, tools, call, client.subscribe_resource, answers.updates)


@asynccontextmanager
async def mcp1(plan: Plan) -> AsyncGenerator[Client]:
    """Connect with `mcp` 1.x, which knows the handshake only."""
    mcp, stdio = import_module("mcp"), import_module("mcp.client.stdio")
    http, pydantic = import_module("mcp.client.streamable_http"), import_module("pydantic")
    answers = Answers(mcp.types, plan)
    async with AsyncExitStack() as stack:
        where = (
            stdio.stdio_client(_stdio(plan))
            if plan["command"]
            else http.streamablehttp_client(plan["url"], headers=_headers(plan))
        )
        streams = await stack.enter_async_context(where)
        session = await stack.enter_async_context(
            mcp.ClientSession(
                *streams[:2],
                sampling_callback=answers.sampling,
                elicitation_callback=answers.elicitation,
                list_roots_callback=answers.roots,
                message_handler=answers.heard,
            )
        )
        hello = await session.initialize()

        async def call(tool: str, arguments: Any, heard: Any) -> Any:
            return await session.call_tool(tool, arguments, progress_callback=heard)

        async def tools() -> Any:
            return (await session.list_tools()).tools

        async def subscribe(uri: str) -> Any:
            return await session.subscribe_resource(pydantic.AnyUrl(uri))

        yield Client(hello.protocolVersion, tools, call, subscribe, answers.updates)


@asynccontextmanager
async def fastmcp(plan: Plan) -> AsyncGenerator[Client]:
    """Connect with fastmcp."""
    fast, transports = import_module("fastmcp"), import_module("fastmcp.client.transports")
    answers = Answers(import_module("mcp.types"), plan)
    if plan["command"]:
        command, *words = plan["command"]
        where = transports.StdioTransport(command=command, args=words, env=plan["env"])
    else:
        where = transports.StreamableHttpTransport(plan["url"], headers=_headers(plan))
    async with fast.Client(
        where,
        sampling_handler=answers.sampling,
        elicitation_handler=answers.elicitation,
        roots=[plan["root"]],
        message_handler=answers.heard,
    ) as client:

        async def call(tool: str, arguments: Any, heard: Any) -> Any:
            return await client.call_tool_mcp(tool, arguments, progress_handler=heard)

        async def subscribe(uri: str) -> Any:
            return await client.session.subscribe_resource(uri)

        version = getattr(client, "protocol_version", "") or ""
        yield Client(version, client.list_tools, call, subscribe, answers.updates)


SDKS = {"mcp2": mcp2, "mcp1": mcp1, "fastmcp": fastmcp}

# ---------------------------------------------------------------- the features


async def _listed(client: Client, _: Ask) -> str:
    return " ".join(sorted(tool.name for tool in await client.tools()))


async def _called(client: Client, ask: Ask, heard: Any = None) -> str:
    result = await client.call(ask["tool"], ask["arguments"], heard)
    wrong = getattr(result, "is_error", None) or getattr(result, "isError", None)
    parts = (getattr(part, "text", part.type) for part in result.content)
    return ("error: " if wrong else "") + "\n".join(parts)


async def _progressed(client: Client, ask: Ask) -> str:
    steps: list[float] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        steps.append(progress)

    text = await _called(client, ask, heard)
    # The last one may come with the answer, and some clients then leave it out.
    rising = len(steps) >= MOST_STEPS - 1 and steps == sorted(set(steps))
    return f"{'rising' if rising else steps}; {text}"


async def _cancelled(client: Client, ask: Ask) -> str:
    begun = asyncio.Event()

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        begun.set()

    async with asyncio.TaskGroup() as group:
        call = group.create_task(_called(client, ask, heard))
        await begun.wait()
        call.cancel()
    return f"cancelled; then {await _called(client, ask['then'])}"


async def _subscribed(client: Client, ask: Ask) -> str:
    await client.subscribe(ask["uri"])
    await _called(client, ask)
    return f"updated {await client.updates.get()}"


FEATURES: dict[str, Callable[[Client, Ask], Awaitable[str]]] = {
    "list": _listed,
    "call": _called,
    "progress": _progressed,
    "cancel": _cancelled,
    "sampling": _called,
    "elicitation": _called,
    "roots": _called,
    "subscribe": _subscribed,
}


async def _outcome(client: Client, feature: str, ask: Ask) -> str:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await FEATURES[feature](client, ask)
    except Exception as error:  # noqa: BLE001  each SDK has its own; what it says is the result
        return f"error: {type(error).__name__}: {error}"


async def main(sdk: str, plan: Plan) -> None:
    """Connect, use each feature and print what became of it."""
    async with SDKS[sdk](plan) as client:
        outcomes = {"version": client.version}
        for feature, ask in plan["asks"].items():
            outcomes[feature] = await _outcome(client, feature, ask)
        sys.stdout.write(json.dumps(outcomes) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))))
