"""MCP servers written line by line, so that they can do what no library would let them."""
