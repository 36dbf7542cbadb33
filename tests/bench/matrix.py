"""Tries real clients on real servers, directly and through Keyturn, and writes the help page of it.

Run: python -m tests.bench.matrix [--folder FOLDER] [--client WORD]

Needs npm and a network: the clients that are not of this project are installed into FOLDER, or into
one that is taken away again. Every feature that works directly must work through the shim, and for
`everything` and `time` over HTTP, with the same answer and the same revision of the protocol; what
is not finished counts as failed. Without --client it writes resources/help/matrix.md.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.bench.matrix_cells import VERSION, Outcomes, by_http, by_shim, directly, outcomes
from tests.bench.matrix_plan import FEATURES, ClientKind, Server, clients, install, servers
from tests.conformance.npm_folder import NotInstalled, NpmFolder, npm_folder
from tests.conformance.rig import Broker, broker
from tests.conformance.table import table
from tests.e2e.desk import ROOT

PAGE = ROOT / "resources" / "help" / "matrix.md"
DIRECT, SHIM, HTTP = "directly", "shim", "HTTP"
OVER_HTTP = ("everything", "time")
WORKS, ABSENT, NEITHER, LOST = "yes", "-", "no", "LOST"

Cells = Mapping[tuple[str, str], Mapping[str, Outcomes]]
"""By client and server: by way."""


def main() -> int:
    """Try everything, print it and write the page."""
    options = argparse.ArgumentParser(prog="matrix")
    options.add_argument("--folder", type=Path, help="where the clients are installed; kept")
    options.add_argument("--client", default="", help="only clients with this in their name")
    chosen = options.parse_args()
    try:
        with npm_folder(chosen.folder) as folder:
            install(folder)
            cells = _tried(folder, chosen.client)
    except NotInstalled as error:
        sys.stderr.write(f"{error}\n")
        return 2
    rows = [["client", "server", "revision", "way", *FEATURES], *_rows(cells)]
    sys.stdout.write(table(rows))
    lost = list(_lost(cells))
    for line in lost:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{len(cells)} pairs of client and server, {len(lost)} faults\n")
    if not chosen.client:
        PAGE.write_text(_page(rows), encoding="utf-8")
    return 1 if lost or not cells else 0


def _tried(folder: NpmFolder, word: str) -> Cells:
    with tempfile.TemporaryDirectory(prefix="kt-matrix-") as name:
        work = Path(name)
        known = servers(folder, work)
        programs = {server.name: server.command for server in known}
        env = {key: value for server in known for key, value in server.env.items()}
        with broker(programs=programs, env=env) as behind:
            pairs = [(c, s) for c in clients(folder) if word in c.name for s in known]
            return {
                (client.name, server.name): dict(_ways(folder, work, client, server, behind))
                for client, server in pairs
            }


def _ways(
    folder: NpmFolder, work: Path, client: ClientKind, server: Server, behind: Broker
) -> Iterator[tuple[str, Outcomes]]:
    sys.stderr.write(f"{client.name}: {server.name}\n")
    sys.stderr.flush()
    direct = outcomes(folder, work, client, server, directly(server))
    if any(text.startswith("error") for text in direct.values()):
        # On a busy machine a client may give up a server that starts slowly.
        direct = outcomes(folder, work, client, server, directly(server))
    yield DIRECT, direct
    yield SHIM, outcomes(folder, work, client, server, by_shim(server, behind))
    if server.name in OVER_HTTP:
        yield HTTP, outcomes(folder, work, client, server, by_http(server, behind))


# ---------------------------------------------------------------- what is printed


def _rows(cells: Cells) -> Iterator[list[str]]:
    for (client, server), ways in cells.items():
        through = [way for way in ways if way != DIRECT]
        for way in through:
            cell = [_verdict(ways, way, feature) for feature in FEATURES]
            yield [client, server, ways[way].get(VERSION) or ABSENT, way, *cell]


def _verdict(ways: Mapping[str, Outcomes], way: str, feature: str) -> str:
    direct = ways[DIRECT].get(feature, "")
    if not direct:
        return ABSENT
    if direct.startswith("error"):
        return NEITHER
    return WORKS if ways[way].get(feature) == direct else LOST


def _lost(cells: Cells) -> Iterator[str]:
    """Yield what works directly and not through Keyturn, and what does not even work directly."""
    for (client, server), ways in cells.items():
        for feature, text in ways[DIRECT].items():
            if text.startswith("error"):
                yield f"{client}, {server}, {feature}: does not even work directly: {text}"
        for way, feature in ((w, f) for w in ways for f in (VERSION, *FEATURES)):
            direct, through = ways[DIRECT].get(feature, ""), ways[way].get(feature, "")
            if direct != through and not direct.startswith("error"):
                yield f"{client}, {server}, {way}, {feature}: {direct!r} became {through!r}"


def _page(rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, "| " + " | ".join("---" for _ in rows[0]) + " |")
    return _HEAD + "\n".join(lines) + "\n"


_HEAD = """# Clients and servers that were tried

Written by `python -m tests.bench.matrix`; do not edit it. Each row is a real client that uses a
real server through Keyturn, which allows everything it asks. *yes*: it works, with the same answer
as without Keyturn. *no*: it does not work without Keyturn either. *-*: this client or this server
does not have it. *LOST*: it works without Keyturn and not with it. The revision of the protocol is
the same with and without; some clients do not tell it.

"""

if __name__ == "__main__":
    sys.exit(main())
