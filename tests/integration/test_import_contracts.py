"""Every import contract of pyproject.toml turns red on a seeded fault, in a throw-away tree."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]

SOUND = {
    "__init__": "",
    "__main__": "from keyturn.cli import main",
    "cli.main": "from keyturn import __name__\nfrom keyturn import bootstrap",
    "bootstrap": "from keyturn.gui import window\nfrom keyturn.broker import link\nimport mcp",
    "shim": "import socket",
    "domain.rule": "import dataclasses\nimport msgspec, rfc8785, re2",
    "application.gate": "import msgspec\nfrom keyturn.application.ports import clock",
    "application.ports.clock": "from keyturn.domain import rule",
    "inspection.schema": "import jsonschema_rs\nfrom keyturn.application.ports import clock",
    "presentation.card": "from keyturn.application import gate",
    "broker.link": "import mcp\nfrom keyturn.application import gate",
    "approvers.terminal": "from keyturn.presentation import card",
    "storage.queries": "import sqlite3",
    "storage.database": "import sqlite_utils\nfrom keyturn.application.ports import clock",
    "credentials.keychain": "import keyring",
    "desktop.processes": "import psutil, jeepney",
    "demo.reports": "import mcp",
    "gui.window": "import PySide6, qasync\nfrom keyturn.storage import queries",
}
"""Modules of a small tree that keeps every contract, each with its text."""

FAULTS = (
    ("Arrows point inwards", "helpers.text", ""),
    ("Arrows point inwards", "application.a", "from keyturn.presentation import card"),
    ("Arrows point inwards", "broker.a", "from keyturn.storage import database"),
    (
        "No cycles between siblings",
        "application.ports.clock",
        "from keyturn.application import gate",
    ),
    ("The command line only chooses", "cli.a", "from keyturn.gui import window"),
    ("The command line only chooses", "cli.b", "import psutil"),
    ("The shim runs alone", "shim", "from keyturn import domain"),
    ("The shim runs alone", "shim", "import msgspec"),
    ("The domain is pure", "domain.a", "import time"),
    ("The domain is pure", "domain.b", "import asyncio"),
    ("The domain is pure", "domain.c", "import pydantic"),
    ("Use cases know no adapter", "application.b", "import PySide6"),
    ("Use cases know no adapter", "application.c", "def late():\n    import sqlite_utils"),
    ("Inspection stands on the ports", "inspection.a", "from keyturn.application import gate"),
    ("Presentation knows no window", "presentation.c", "import PySide6"),
    ("Only the broker speaks MCP", "broker.b", "from keyturn.presentation import card"),
    ("Only the broker speaks MCP", "broker.c", "import requests"),
    ("Approvers are one port", "approvers.a", "import mcp"),
    ("Only storage knows SQLite's library", "storage.a", "from keyturn.application import gate"),
    ("Only credentials know the keychain", "credentials.a", "import requests"),
    ("Hosts' files stand on the ports", "hosts.a", "from keyturn.application import gate"),
    ("The desktop stands on the ports", "desktop.a", "import keyring"),
    ("Receipts stand alone", "receipts.a", "from keyturn.domain import rule"),
    ("The demo is an outsider", "demo.a", "from keyturn.domain import rule"),
    ("The window shows and asks, nothing else", "gui.a", "from keyturn.storage import database"),
    (
        "The window shows and asks, nothing else",
        "gui.b",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from keyturn.broker import link",
    ),
)
"""For each contract at least one: its name, and the module with the text that breaks it."""

IN_EACH = """
import contextlib, io, json, os, sys
from importlinter import cli

outputs = []
for folder in sys.argv[1:]:
    os.chdir(folder)
    with contextlib.redirect_stdout(io.StringIO()) as written:
        cli.lint_imports(no_cache=True, no_logo=True)
    outputs.append(written.getvalue())
json.dump(outputs, sys.stdout)
"""
"""What `lint-imports` does, in each folder that it is given."""


def plant(folder: Path, modules: dict[str, str]) -> None:
    (folder / "tests").mkdir()
    for name in ("pyproject.toml", "tests/__init__.py", "tests/import_rows.py"):
        shutil.copy(ROOT / name, folder / name)
    for module, text in modules.items():
        path = folder.joinpath("keyturn", *module.split(".")).with_suffix(".py")
        for parent in (folder / "keyturn", path.parent):
            parent.mkdir(parents=True, exist_ok=True)
            (parent / "__init__.py").touch()
        path.write_text(text)


def verdicts(folders: Sequence[Path]) -> list[tuple[dict[str, str], str]]:
    """Run import-linter in each folder; return KEPT or BROKEN for each contract, and its output.

    One process for all: its start takes longer than a tree.
    """
    done = subprocess.run(
        [sys.executable, "-c", IN_EACH, *map(str, folders)],
        env={"COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    outputs = [output + done.stderr for output in json.loads(done.stdout)]
    return [
        (dict(re.findall(r"^(.+) (KEPT|BROKEN)$", output, re.MULTILINE)), output)
        for output in outputs
    ]


@pytest.fixture(scope="module")
def bitten(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[dict[str, str], str]]:
    """Return what was found in a tree for each fault, in their order."""
    folders = [tmp_path_factory.mktemp("fault") for _ in FAULTS]
    for folder, (_, module, text) in zip(folders, FAULTS, strict=True):
        plant(folder, SOUND | {module: f"{SOUND.get(module, '')}\n{text}\n"})
    return verdicts(folders)


def test_a_sound_tree_keeps_every_contract(tmp_path: Path) -> None:
    plant(tmp_path, SOUND)
    ((found, output),) = verdicts([tmp_path])
    assert found == {contract["name"]: "KEPT" for contract in CONTRACTS}, output


@pytest.mark.parametrize(
    "number", range(len(FAULTS)), ids=[f"{row}-{module}" for row, module, _ in FAULTS]
)
def test_a_contract_bites(number: int, bitten: list[tuple[dict[str, str], str]]) -> None:
    found, output = bitten[number]
    assert found.get(FAULTS[number][0]) == "BROKEN", output


def test_every_contract_has_a_fault_that_breaks_it() -> None:
    assert {contract["name"] for contract in CONTRACTS} == {contract for contract, _, _ in FAULTS}


def test_every_package_of_the_layers_has_a_row() -> None:
    layers = " ".join(next(c["layers"] for c in CONTRACTS if c["type"] == "layers"))
    packages = {f"keyturn.{name}" for name in re.findall(r"\w+", layers)}
    rows = {module for c in CONTRACTS if c["type"] == "row" for module in c["modules"]}
    assert packages - rows == {"keyturn.bootstrap"}, "only bootstrap may import everything"
