"""Use cases and ports: what Keyturn does, without Qt, SQL, sockets or the MCP SDK."""
