"""What agents' hands could steer is dropped, and the process cannot be read."""

import ctypes
import platform
import subprocess
import sys

import pytest

from keyturn.desktop import hardening
from keyturn.desktop.hardening import clean_environment, make_undumpable, set_process_name

REPORT = """
import sys
from pathlib import Path
from keyturn.desktop.hardening import make_undumpable, set_process_name
assert "psutil" not in sys.modules and "keyturn.domain" not in sys.modules
assert make_undumpable() and set_process_name("keyturn-broker-of-a-profile")
import ctypes
sys.stdout.write(f"{ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)} {Path('/proc/self/comm').read_text()}")
"""


@pytest.mark.parametrize(
    "name",
    [
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "PYTHON_KEYRING_BACKEND",
        "QT_PLUGIN_PATH",
        "QT_QPA_PLATFORM",
        "QML2_IMPORT_PATH",
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "DYLD_INSERT_LIBRARIES",
        "GTK_MODULES",
        "OPENSSL_CONF",
        "SSL_CERT_FILE",
        "SSLKEYLOGFILE",
        "GLIBC_TUNABLES",
        "KEYRING_PROPERTY_SCHEME",
        "NODE_OPTIONS",
        "ld_preload",
    ],
)
def test_it_is_dropped(name: str) -> None:
    assert clean_environment({name: "x", "HOME": "/people/ana"}) == {"HOME": "/people/ana"}


def test_what_says_where_things_are_stays() -> None:
    kept = {
        "PATH": "/bin",
        "HOME": "/people/ana",
        "TMPDIR": "/tmp",
        "LANG": "de_DE.UTF-8",
        "LC_ALL": "C",
        "LOCALAPPDATA": "x",
        "DISPLAY": ":1",
        "WAYLAND_DISPLAY": "wayland-0",
        "XAUTHORITY": "x",
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=x",
        "XDG_RUNTIME_DIR": "/run/user/7",
        "KEYTURN_HOME": "/kt",
        "SSH_AUTH_SOCK": "x",
        "http_proxy": "x",
    }
    assert clean_environment(kept) == kept


def test_a_process_makes_itself_unreadable_and_takes_a_name() -> None:
    # In a process of its own: the test's must stay as it is.
    done = subprocess.run(
        [sys.executable, "-c", REPORT], capture_output=True, text=True, check=True
    )
    assert done.stdout == "0 keyturn-broker-\n"


def test_elsewhere_it_does_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardening.sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", None)
    assert not make_undumpable()
    assert not set_process_name("keyturn")
    assert not hardening.keep_large_blocks_apart()


def test_threads_let_the_loop_go_first() -> None:
    report = (
        "import sys; from keyturn.desktop.hardening import prefer_the_loop;"
        "prefer_the_loop(); print(round(sys.getswitchinterval(), 6))"
    )
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{hardening.SWITCH_SECONDS}\n"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="its allocator alone is asked")
def test_a_large_block_grows_where_it_is_and_is_given_back() -> None:
    report = (
        "import psutil; from keyturn.desktop.hardening import LARGE_BLOCK, keep_large_blocks_apart;"
        "done = keep_large_blocks_apart(); held = psutil.Process().memory_info;"
        # What was freed before would have others of that size come out of the heap from now on.
        "first = b'x' * (7 * LARGE_BLOCK); del first;"
        "low = held().rss; apart = b'x' * (4 * LARGE_BLOCK); del apart;"
        "print(done, held().rss - low < LARGE_BLOCK)"
    )
    done = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True True\n"
