"""Makes the sessions of a coding agent that the prompt budget replays, from a seed alone.

A session is a row of tasks as such an agent works: it looks round, reads, changes files and reads
them again, runs the tests, looks at the difference, commits, and pushes now and then. The tools are
named as those of the reference servers (filesystem, git) and of a shell server. Nothing in it is
taken from a person's work; its mix is stated by the constants here, and `mix_of` counts it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from tests.bench.attention_suites import MadeCall, Suite

SEED: Final = 20261129
"""Chosen before the first figure was seen, and not to be turned."""
PROJECT: Final = "/home/ada/work/site"
CALLS_AN_HOUR: Final = 120
"""A call each half a minute, with the model's own time: 1,000 calls are a long day."""
_FOLDERS: Final = ("src", "src/cart", "src/pay", "tests", "docs")
_NAMES: Final = ("index", "total", "pricing", "client", "errors", "format", "dates", "routes")
_CHECKS: Final = ("npm test", "npm test", "npm run lint", "npm run build")
_OTHERS: Final = (
    "npm install left-pad@1.3.0",
    "rm -rf dist",
    "docker compose up -d db",
    "node scripts/migrate.js --dry-run",
)
"""Commands of which each is seldom, and each another: what a rule cannot foresee."""
_PUSHES: Final = 4
"""One task in so many is pushed, and one in so many runs a command of the rest."""


def _tool(name: str, *takes: str) -> dict[str, Any]:
    properties = {one: {"type": "string"} for one in takes}
    schema = {"type": "object", "properties": properties, "required": list(takes)}
    return {"name": name, "inputSchema": schema}


TOOLS: Final = (
    _tool("read_text_file", "path"),
    _tool("list_directory", "path"),
    _tool("search_files", "path", "pattern"),
    _tool("edit_file", "path", "old_text", "new_text"),
    _tool("write_file", "path", "content"),
    _tool("get_status", "repo_path"),
    _tool("get_diff", "repo_path"),
    _tool("commit", "repo_path", "message"),
    _tool("push", "repo_path", "remote"),
    _tool("run_command", "command"),
)


@dataclass(frozen=True, slots=True)
class Timed:
    """One call, and the hour of its session in which it is made."""

    call: MadeCall
    hour: int


def session(calls: int, seed: int = SEED) -> tuple[Timed, ...]:
    """Return the first so many calls of the session of a seed: always the same ones."""
    dice = Random(f"{SEED} {seed}")
    made: list[MadeCall] = []
    while len(made) < calls:
        made.extend(_task(dice, len(made)))
    return tuple(Timed(call, number // CALLS_AN_HOUR) for number, call in enumerate(made[:calls]))


def suite() -> Suite:
    """Return the tools as one server lists them."""
    return Suite(name="workbench", tools=TOOLS, tasks=(), attacks=())


def mix_of(calls: Iterable[Timed]) -> Counter[str]:
    """Count the calls by tool."""
    return Counter(timed.call.tool for timed in calls)


def _task(dice: Random, number: int) -> Iterator[MadeCall]:
    yield _call("get_status", f"On branch main, {number} files", repo_path=PROJECT)
    for _ in range(dice.randint(1, 3)):
        folder = f"{PROJECT}/{dice.choice(_FOLDERS)}"
        yield _call("list_directory", "index.ts total.ts", path=folder)
    for _ in range(dice.randint(1, 4)):
        yield _call("search_files", "3 found", path=PROJECT, pattern=dice.choice(_NAMES))
    for _ in range(dice.randint(5, 14)):
        yield _read(dice)
    for place in range(dice.randint(2, 8)):
        yield _change(dice, number + place)
        if dice.random() < 0.5:
            yield _read(dice)
        if dice.random() < 0.4:
            yield _call("run_command", "42 passed", command=dice.choice(_CHECKS))
    yield _call("run_command", "42 passed", command=_CHECKS[0])
    if dice.randrange(_PUSHES) == 0:
        yield _call("run_command", "done", command=dice.choice(_OTHERS))
    for _ in range(dice.randint(1, 2)):
        yield _call("get_diff", "+1 -1", repo_path=PROJECT)
    yield _call("commit", "1 file changed", repo_path=PROJECT, message=f"Step {number}")
    if dice.randrange(_PUSHES) == 0:
        yield _call("push", "main -> main", repo_path=PROJECT, remote="origin")


def _read(dice: Random) -> MadeCall:
    line = f"export const limit = {dice.randint(1, 10_000)};"
    return _call("read_text_file", line, path=_path(dice))


def _change(dice: Random, number: int) -> MadeCall:
    if dice.random() < 0.15:
        text = f"export const made = {number};"
        return _call("write_file", "written", path=_path(dice), content=text)
    old, new = f"const step = {number};", f"const step = {number + 1};"
    return _call("edit_file", "edited", path=_path(dice), old_text=old, new_text=new)


def _path(dice: Random) -> str:
    return f"{PROJECT}/{dice.choice(_FOLDERS)}/{dice.choice(_NAMES)}.ts"


def _call(tool: str, result: str, **arguments: str) -> MadeCall:
    return MadeCall(tool=tool, arguments=dict(arguments), result=result)
