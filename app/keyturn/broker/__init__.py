"""Owns MCP on the wire: frames, envelopes, links, server processes and Keyturn's own answers."""
