"""The guard around the tests holds: no keychain, no home, no network, no unlisted skip."""

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import keyring
import keyring.errors
import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_keychain_refuses() -> None:
    with pytest.raises(keyring.errors.KeyringError):
        keyring.get_password("keyturn", "anything")


def test_only_loopback_can_be_reached() -> None:
    with socket.socket() as client, pytest.raises(PermissionError, match=r"192\.0\.2\.1"):
        client.connect(("192.0.2.1", 9))


def test_home_and_runtime_folder_are_temporary_and_private() -> None:
    temporary = Path(tempfile.gettempdir())
    assert Path.home().is_relative_to(temporary)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        assert Path(os.environ[name]).is_relative_to(temporary)
    assert Path(os.environ["XDG_RUNTIME_DIR"]).stat().st_mode & 0o077 == 0
    assert "DISPLAY" not in os.environ


@pytest.mark.parametrize(("listed", "code"), [("", 1), ("test_it.py::* | no such device\n", 0)])
def test_a_skip_fails_the_run_unless_it_is_listed(listed: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "skips.txt").write_text(listed)
    (tmp_path / "conftest.py").write_text(
        "from pathlib import Path\nfrom tests.skip_watch import SkipWatch\n"
        "def pytest_configure(config):\n"
        "    config.pluginmanager.register(SkipWatch(Path(__file__).with_name('skips.txt')))\n"
    )
    (tmp_path / "test_it.py").write_text(
        "import pytest\ndef test_a():\n    pytest.skip('no such device')\ndef test_b(): ...\n"
    )
    without = ("-p", "no:cacheprovider", "-p", "no:pytest-qt")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *without, "-c", os.devnull, "."],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code, done.stdout
    assert ("SKIP NOT IN" in done.stdout) == bool(code)
