"""Where the sources raise what a person may read, and with which texts."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.sources import APP, sources_in

ERRORS = frozenset(
    {
        "AlreadyRunning",
        "BothWanted",
        "ConfigurationError",
        "DamagedDatabase",
        "DamagedPin",
        "KeyturnError",
        "LogUnavailable",
        "PinWanted",
        "SecretStoreUnavailable",
        "ServerUnavailable",
        "StaleApproval",
        "IllegalTransition",
        "UnknownWords",
    }
)
"""Every leaf of KeyturnError; a test holds them against the sources."""
_INSIDE = frozenset({"BadPattern", "ConditionFault", "Said", "TwoReadings", "filled"})
"""What says a part of a sentence."""
_HELPERS = frozenset({"_broken_end", "_fault", "_unreadable"})
"""Functions that make such an error of a text."""

BEFORE_A_WINDOW = (
    "approvers/exec.py",
    "approvers/terminal_lines.py",
    "bootstrap/checking_input.py",
    "bootstrap/commands.py",
    "bootstrap/headless.py",
    "bootstrap/rule_tests.py",
    "bootstrap/window.py",
    "broker/downstream_socket.py",
    "broker/http_endpoint.py",
    "cli/",
    "demo/",
    "desktop/control_client.py",
    "desktop/launchers.py",
    "desktop/paths.py",
    "desktop/resources.py",
    "desktop/runners.py",
    "desktop/single_instance.py",
    "gui/app.py",
    "gui/fonts.py",
    "gui/icons.py",
    "gui/picture.py",
    "inspection/",
    "presentation/verbs.py",
    "presentation/words.py",
    "storage/database.py",
    "storage/verification.py",
    "storage/verification_deep.py",
    "shim.py",
)
"""At the start or from a command line, where no window listens: English, as the logs are."""
OF_COMMANDS = (
    "application/configuration_file.py",
    "application/control.py",
    "application/proposals.py",
    "application/proposed_rules.py",
)
"""Answers to the command line alone, which may only propose."""
NEVER_SHOWN = (
    "broker/envelope.py",
    "domain/approval.py",
    "inspection/",
    "presentation/argument_edit.py",
    "presentation/arming.py",
)
"""Mistakes of the code itself, and a value of that name that is no error."""
APART = (*BEFORE_A_WINDOW, *OF_COMMANDS, *NEVER_SHOWN)


@dataclass(frozen=True, slots=True)
class Site:
    """One text at one place; `text` is None for what is no literal, `code` is how it is written."""

    place: str
    text: str | None
    code: str


def is_apart(path: str) -> bool:
    """Tell whether what a module raises cannot reach a window."""
    return path.startswith(APART)


@cache
def sites() -> tuple[Site, ...]:
    """Return every text of every error that can reach a window."""
    return tuple(_sites())


def literals() -> frozenset[str]:
    """Return every text that the sources hold."""
    nodes = (node for source in sources_in(APP) for node in source.nodes)
    constants = (node.value for node in nodes if isinstance(node, ast.Constant))
    return frozenset(value for value in constants if isinstance(value, str))


def leaves() -> frozenset[str]:
    """Return the names of KeyturnError and of all that derive from it."""
    nodes = (node for source in sources_in(APP) for node in source.nodes)
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    found, before = {"KeyturnError"}, 0
    while len(found) > before:
        before = len(found)
        found |= {one.name for one in classes if found & {ast.unparse(base) for base in one.bases}}
    return frozenset(found)


def _sites() -> Iterator[Site]:
    for source in sources_in(APP):
        path = source.path.removeprefix(APP)
        if is_apart(path):
            continue
        constants = _constants(source.tree)
        for node in source.nodes:
            if isinstance(node, ast.Call) and _name(node) in ERRORS | _INSIDE | _HELPERS:
                yield from _texts(path, node, constants)


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _constants(module: ast.Module) -> dict[str, tuple[str, ...]]:
    """Return the texts, and tables of texts, that a module gives names to."""
    found: dict[str, tuple[str, ...]] = {}
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
            texts = [one.value for one in values if isinstance(one, ast.Constant)]
            if texts and len(texts) == len(values):
                found[node.targets[0].id] = tuple(text for text in texts if isinstance(text, str))
    return found


def _texts(path: str, call: ast.Call, constants: dict[str, tuple[str, ...]]) -> Iterator[Site]:
    inside = _name(call) in _INSIDE
    args = call.args[:1] if inside else [*call.args, *(one.value for one in call.keywords)]
    for arg in args:
        for part in (arg.body, arg.orelse) if isinstance(arg, ast.IfExp) else (arg,):
            if isinstance(part, ast.Call) and _name(part) in _INSIDE:
                continue  # it is a call of its own
            text = part.value if isinstance(part, ast.Constant) else None
            named = part.value if isinstance(part, ast.Subscript) else part
            known = constants.get(named.id, ()) if isinstance(named, ast.Name) else ()
            for one in known or (text if isinstance(text, str) else None,):
                yield Site(
                    place=f"{path}:{call.lineno}", text=one, code=f"{path} {ast.unparse(part)}"
                )
