"""The guard around every test: no keychain, no home, no network but loopback; and the layers.

A test runs in exactly one layer, chosen by its markers and its folder; `--layer NAME` runs one.
"""

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import keyring
import keyring.core
import pytest
from hypothesis import settings

from tests.refusing_keyring import RefusingKeyring
from tests.skip_watch import SkipWatch

HERE = Path(__file__).parent
SESSION = "KEYTURN_TEST_SESSION"
"""Names the folder of a private session that packaging/dev.py has made, session bus included."""

LAYERS = ("core", "unit", "integration", "crashing", "gui", "headless", "display", "alone")
"""`alone`: times of its own; `display`: other windows on a display; `headless`: real processes.

`core`: what covers the domain and the use cases, less what Hypothesis draws and what is marked
`unmeasured`: measuring doubles their time, and covers nothing more.
"""
USUAL_EXAMPLES = 40
"""Of a property that asks for no number of its own."""
REFUSING = RefusingKeyring()
"""One for all: a new one looks through the whole environment."""
BUS = ("headless", "display", "alone")
"""Layers whose tests may see the private session bus."""
COVERED = (HERE / "unit" / "domain", HERE / "unit" / "application")
UNMEASURED = ("hypothesis", "mark.unmeasured")
"""What stands in a file of those with tests that nothing is measured of."""
LAYERS_OF_FOLDER = {
    "unit": ("unit", "core"),
    "property": ("unit",),
    "contracts": ("unit", "gui", "headless"),
    "gui": ("gui",),
    "e2e": ("headless", "display", "alone"),
    "integration": ("integration", "gui", "headless"),
    "crashing": ("crashing",),
}
"""Folders whose tests belong to some layers only, first that of a test without marks.

A test of another layer would run nowhere, so it is refused.
"""
WORDS_OF_LAYER = {
    "gui": ("mark.gui",),
    "headless": ("mark.e2e", "mark.keychain"),
    "alone": ("mark.alone",),
}
"""What stands in a file with tests of a layer that is not its folder's first.

Other files are not imported for that layer: a test of it there would run nowhere, so it is refused.
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--layer` and `--thorough`."""
    parser.addoption("--layer", choices=LAYERS, help="run the tests of one layer only")
    parser.addoption(
        "--thorough",
        type=int,
        default=1,
        metavar="FACTOR",
        help="run so many times the examples of properties, and of tests against a model",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Give the process folders of its own before anything of Keyturn is imported."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    examples = USUAL_EXAMPLES * int(config.getoption("--thorough") or 1)
    # A deadline would say how busy the machine is.
    settings.register_profile("keyturn", max_examples=examples, deadline=None)
    settings.load_profile("keyturn")
    if SESSION not in os.environ:
        _leave_the_desktop(config)
    sys.addaudithook(_refuse_the_network)
    config.pluginmanager.register(SkipWatch(HERE / "skips.txt"))


@pytest.fixture(autouse=True)
def keychain_guard(request: pytest.FixtureRequest) -> Iterator[None]:
    """Put a refusing back end in place of the keychain, except for tests of the real one."""
    node: pytest.Item = request.node
    if node.get_closest_marker("keychain") is None:
        keyring.set_keyring(REFUSING)
    elif SESSION in os.environ:
        keyring.core.init_backend()
    else:
        pytest.fail("It needs a private session bus: python3 packaging/dev.py test -m keychain")
    yield
    keyring.set_keyring(REFUSING)


@pytest.fixture
def thorough(request: pytest.FixtureRequest) -> int:
    """By what to multiply the number of examples."""
    return int(request.config.getoption("--thorough") or 1)


@pytest.fixture(autouse=True)
def bus_guard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the session bus from tests that are not of it: a bus starts a keychain when asked."""
    node: pytest.Item = request.node
    if _layer_of(node) not in BUS:
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> Literal[True] | None:
    """Leave out the folders and files that have nothing for the chosen layer."""
    layer = config.getoption("--layer")
    return None if layer is None or _may_hold(collection_path, layer) else True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by their folder, then keep those of the chosen layer."""
    for item in items:
        folder = _folder_of(item.path)
        if folder in ("gui", "e2e"):
            item.add_marker(folder)
        if not _may_hold(item.path, _layer_of(item)):
            raise pytest.UsageError(f"{item.nodeid} is {_layer_of(item)}: no such layer looks here")
    layer = config.getoption("--layer")
    if layer is not None:
        config.hook.pytest_deselected(items=[item for item in items if _layer_of(item) != layer])
        items[:] = [item for item in items if _layer_of(item) == layer]


def pytest_collection_finish() -> None:
    """Spare the collector what was imported and collected: it lives until the end."""
    gc.collect()
    gc.freeze()
    # What thousands of tests leave in pytest's reports lives as long, and is looked through often.
    gc.set_threshold(50_000, 20, 50)


def _folder_of(path: Path) -> str:
    inside = path.relative_to(HERE).parts if path.is_relative_to(HERE) else ()
    return inside[0] if inside else ""


def _may_hold(path: Path, layer: str) -> bool:
    """Tell whether there can be tests of a layer in a folder or file."""
    layers = LAYERS_OF_FOLDER.get(_folder_of(path), LAYERS)
    if layer not in layers:
        return False
    if path.is_dir() or not path.name.startswith("test_"):
        return True
    if any(path.is_relative_to(folder) for folder in COVERED):
        return layer == "core" or any(word in _text_of(path) for word in UNMEASURED)
    if layer == "core":
        return False
    words = WORDS_OF_LAYER.get(layer)
    return layer == layers[0] or words is None or any(word in _text_of(path) for word in words)


@cache
def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _layer_of(item: pytest.Item) -> str:
    names = {marker.name for marker in item.iter_markers()}
    if "alone" in names:
        return "alone"
    if "screen" in getattr(item, "fixturenames", ()):
        return "display"
    if names & {"e2e", "keychain"}:
        return "headless"
    if "gui" in names:
        return "gui"
    folder = _folder_of(item.path)
    if folder == "crashing":
        return "crashing"
    if any(item.path.is_relative_to(covered) for covered in COVERED):
        # What Hypothesis's own function of that name looks at, without importing it everywhere.
        drawn = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        return "unit" if drawn or "unmeasured" in names else "core"
    return "integration" if "npm" in names or folder == "integration" else "unit"


def _leave_the_desktop(config: pytest.Config) -> None:
    folder = Path(tempfile.mkdtemp(prefix="kt-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    for name in ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"):
        os.environ.pop(name, None)
    folders = {"HOME": "home", "XDG_RUNTIME_DIR": "run"} | {
        f"XDG_{name.upper()}_HOME": name for name in ("config", "data", "state", "cache")
    }
    for variable, name in folders.items():
        (folder / name).mkdir(mode=0o700)
        os.environ[variable] = str(folder / name)


def _refuse_the_network(event: str, arguments: tuple[Any, ...]) -> None:
    # An address is (host, port, ...) for IP, and a path for a Unix socket.
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])  # pyright: ignore[reportUnknownArgumentType]  # an audit event
        if not _is_loopback(host):
            raise PermissionError(f"tests use no network: {host}")


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host in ("::1", "localhost")
