"""A server that got a secret: it tells its fingerprint, never itself.

Run as `python token_server.py`; it looks at the variable TOKEN.
"""

import hashlib
import os

from mcp.server.mcpserver import MCPServer

server = MCPServer("shop")


@server.tool()
def fingerprint() -> str:
    """Return the SHA-256 of TOKEN, or of nothing."""
    return hashlib.sha256(os.environ.get("TOKEN", "").encode()).hexdigest()


if __name__ == "__main__":
    server.run()
