"""The demo's own programs: two real MCP servers and the scripted agent that uses them.

Run as `python -I -m keyturn.demo.reports`, `.logistics` and `.agent`; nothing of Keyturn imports
them and they import nothing of Keyturn: what the demo shows is what any other server would get.
"""
