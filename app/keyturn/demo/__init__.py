"""The demo's own programs: two real MCP servers and the scripted agent that uses them.

Run as `python -I -m keyturn.demo.reports`, `.logistics` and `.agent`; nothing of Keyturn imports
them and they import nothing of Keyturn: what the demo shows is what any other server would get.
"""

import gc
from importlib import import_module

# The SDK makes thousands of classes, all of which stay: to look through them for garbage meanwhile
# takes a fifth of each program's start. Loaded here, it is there when a program asks for it.
_collecting = gc.isenabled()
gc.disable()
try:
    import_module("mcp")
finally:
    if _collecting:
        gc.enable()
