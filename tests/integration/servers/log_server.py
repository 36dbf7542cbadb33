"""A server made with the SDK that returns a log as it is, and says what it must not in every way.

Run as `python log_server.py LOG`.
"""

import sys
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

LOG = Path(sys.argv[1])
server = MCPServer("logs")


@server.tool(structured_output=False)
def read_log(times: int = 1) -> str:
    """Return the log, so many times over."""
    return LOG.read_text(encoding="utf-8") * times


@server.tool(structured_output=False)
def send(body: str) -> str:
    """Send a text to somebody: it is written down."""
    with LOG.with_suffix(".sent").open("a", encoding="utf-8") as sent:
        sent.write(body)
    return "sent"


@server.tool()
def read_state() -> dict[str, Any]:
    """Return the last line of the log under a name."""
    return {"last": LOG.read_text(encoding="utf-8").splitlines()[-1], "lines": 4}


@server.tool()
def fail() -> str:
    """Fail with the log."""
    raise ToolError(LOG.read_text(encoding="utf-8"))


@server.resource("log://all")
def all_of_it() -> bytes:
    """Return the log as bytes, which go in base64."""
    return LOG.read_bytes()


@server.prompt()
def explain() -> str:
    """Return a prompt with the log in it."""
    return f"Explain this:\n{LOG.read_text(encoding='utf-8')}"


if __name__ == "__main__":
    server.run("stdio")
