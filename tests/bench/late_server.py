"""A dual-era MCP server whose one tool writes down each of its runs; part of `late_answer`.

Run: python late_server.py FILE  (on stdio)
"""

import sys
from pathlib import Path

from mcp.server.mcpserver import MCPServer

server = MCPServer("orders")


@server.tool()
def place_order(text: str) -> str:
    """Write a line for every run."""
    with Path(sys.argv[1]).open("a", encoding="utf-8") as runs:
        runs.write(f"{text}\n")
    return f"placed {text}"


if __name__ == "__main__":
    server.run("stdio")
