"""A server made with the SDK, over the transport that it is told; over HTTP it prints its port."""

import os
import socket
import sys
from pathlib import Path

import anyio
import uvicorn
from mcp.server.mcpserver import Context, MCPServer

server = MCPServer("sdk")
given_up: list[str] = []


@server.tool()
def echo(text: str) -> str:
    """Return a text."""
    return text


@server.tool()
def note(text: str) -> str:
    """Write a text down in the folder that it runs in."""
    with Path("notes").open("a", encoding="utf-8") as notes:
        notes.write(f"{text}\n")
    return text


@server.tool()
async def work(name: str, context: Context) -> str:
    """Say that it began, and never end."""
    try:
        await context.report_progress(1, 2)
        await anyio.sleep_forever()
        return name
    finally:
        given_up.append(name)


@server.tool()
def cancelled() -> str:
    """Name the works that were given up."""
    return ",".join(given_up)


@server.tool()
def leave() -> str:
    """End the process in the middle of the call."""
    os._exit(1)


def main(transport: str) -> None:
    """Serve."""
    if transport == "stdio":
        server.run("stdio")
        return
    app = server.sse_app() if transport == "sse" else server.streamable_http_app()
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(app, log_config=None)).run([listener])


if __name__ == "__main__":
    main(sys.argv[1])
