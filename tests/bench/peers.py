"""Keyturn as one more contestant of a proxy bench that lives elsewhere.

Run: PYTHON tests/bench/peers.py FOLDER run --only direct,unix-py,keyturn,clayseal --rounds 12

PYTHON is the bench's own interpreter (its set-up says which), FOLDER holds its `bench.py` and
`contestants.py`; what follows goes to the bench as it is. Keyturn runs from this checkout's
`.venv`: `keyturn` is a read that a rule allows (T0), `keyturn-t1` the same call with its record
fsynced before it is sent, `keyturn-http` the T0 call through the HTTP endpoint. Each has a profile
of its own, made anew in every round, with everything on: rule, record, tracing and inspection.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv" / "bin" / "python"
SHIM = ROOT / "app" / "keyturn" / "shim.py"
TOKEN = "bench-token-of-no-other-use-0123456789"  # of a profile that is thrown away
_CONFIGURATION = """
[policy]
posture = "ask_all"
[servers.echo]
command = {command}
review = "accept"
[servers.echo.tools."*"]
tier = "{tier}"
[[rules]]
effect = "allow"
server = "echo"
tool = "*"
"""
_AGENT = """
[agents.bench]
token_file = "bench.token"
"""
_BROKER = (
    "umask 077; chmod 600 {dir}/keyturn.toml {dir}/bench.token; "
    "%s -I -m keyturn serve --headless --home {dir}/home --config {dir}/keyturn.toml%s & "
)
# The bench takes a broker for ready once the file {sock} is there.
_READY = "while ! ls {dir}/keyturn-*/s >/dev/null 2>&1; do sleep 0.05; done; touch {sock}; wait"


def keyturn(upstream: list[str], tier: str, *, http: bool = False) -> dict[str, Any]:
    """Return the bench's entry: what is up before, what the client spawns, in which folders."""
    configuration = _CONFIGURATION.format(command=json.dumps(upstream), tier=tier)
    configuration += _AGENT if http else ""
    # The bench fills in {dir}, {sock} and {port} itself.
    broker = _BROKER % (PYTHON, " --http {port}" if http else "")
    entry: dict[str, Any] = {
        "kind": "security",
        "files": {"keyturn.toml": configuration, "bench.token": TOKEN},
        "env": {"HOME": "{dir}/h", "XDG_RUNTIME_DIR": "{dir}", "XDG_STATE_HOME": "{dir}/state"},
    }
    if http:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        more = {"front": "http", "base": "http-direct", "path": "/s/echo", "headers": headers}
        return entry | more | {"daemons": [["sh", "-c", broker + "wait"]]}
    shim = [str(PYTHON), "-I", "-S", str(SHIM), "echo", "--home", "{dir}/home"]
    more = {"front": "stdio", "base": "direct", "cmd": shim}
    return entry | more | {"daemons": [["sh", "-c", broker + _READY]]}


def main() -> None:
    """Add the entries and hand over to the bench."""
    folder, *rest = sys.argv[1:]
    sys.path.insert(0, folder)
    contestants, bench = map(importlib.import_module, ("contestants", "bench"))
    without = contestants.build

    def build(upstream: list[str]) -> dict[str, Any]:
        own = {
            "keyturn": keyturn(upstream, "T0"),
            "keyturn-t1": keyturn(upstream, "T1"),
            "keyturn-http": keyturn(upstream, "T0", http=True),
        }
        return without(upstream) | own

    setattr(contestants, "build", build)  # noqa: B010  # a module that no type checker sees
    sys.argv = ["bench.py", *rest]
    bench.main()


if __name__ == "__main__":
    main()
