"""Every import contract of pyproject.toml turns red on a seeded fault, in a throw-away tree."""

import re
import shutil
import subprocess
import sys
import tomllib
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


def verdicts(folder: Path) -> tuple[dict[str, str], str]:
    """Run import-linter in the folder; return KEPT or BROKEN for each contract, and its output."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    output = done.stdout + done.stderr
    return dict(re.findall(r"^(.+) (KEPT|BROKEN)$", output, re.MULTILINE)), output


def test_a_sound_tree_keeps_every_contract(tmp_path: Path) -> None:
    plant(tmp_path, SOUND)
    found, output = verdicts(tmp_path)
    assert found == {contract["name"]: "KEPT" for contract in CONTRACTS}, output


@pytest.mark.parametrize(("contract", "module", "text"), FAULTS)
def test_a_contract_bites(contract: str, module: str, text: str, tmp_path: Path) -> None:
    plant(tmp_path, SOUND | {module: f"{SOUND.get(module, '')}\n{text}\n"})
    found, output = verdicts(tmp_path)
    assert found.get(contract) == "BROKEN", output


def test_every_contract_has_a_fault_that_breaks_it() -> None:
    assert {contract["name"] for contract in CONTRACTS} == {contract for contract, _, _ in FAULTS}


def test_every_package_of_the_layers_has_a_row() -> None:
    layers = " ".join(next(c["layers"] for c in CONTRACTS if c["type"] == "layers"))
    packages = {f"keyturn.{name}" for name in re.findall(r"\w+", layers)}
    rows = {module for c in CONTRACTS if c["type"] == "row" for module in c["modules"]}
    assert packages - rows == {"keyturn.bootstrap"}, "only bootstrap may import everything"
