"""Launchers, hosts, and those that adopt orphans."""

from pathlib import Path

import pytest

from keyturn.application.ports.processes import ObservedProcess
from keyturn.desktop.launchers import Launchers, load_launchers
from keyturn.desktop.resources import find_resources
from keyturn.domain.errors import ConfigurationError


@pytest.fixture(scope="module")
def launchers() -> Launchers:
    return load_launchers(find_resources() / "launchers.toml")


def process(executable: str, *arguments: str, name: str = "") -> ObservedProcess:
    return ObservedProcess(
        pid=77,
        started=1.0,
        executable=executable,
        name=name or Path(executable).name,
        command=(executable, *arguments),
    )


@pytest.mark.parametrize(
    "launcher",
    [
        process("/bin/bash", "-c", "x"),
        process("/usr/bin/dash"),
        process("C:\\Windows\\System32\\cmd.exe", "/c", "x"),
        process("/bin/bash (deleted)"),
        process("/opt/uv/bin/uvx", "keyturn"),
        process("/usr/bin/env", "python3"),
        process("/usr/bin/python3.11", "-I", "-S", "/opt/keyturn/shim.py", "shipments"),
        process("/usr/bin/python3.13", "-I", "-m", "keyturn", "connect", "shipments"),
        process("/opt/venv/bin/python3", "/opt/venv/bin/keyturn", "connect", "shipments"),
        process("C:\\Python\\python.exe", "-I", "C:\\keyturn\\shim.py"),
        process("/usr/bin/node", "/usr/lib/node_modules/npm/bin/npx-cli.js", "keyturn"),
        process("", name="zsh"),
    ],
    ids=lambda row: " ".join(row.command),
)
def test_these_only_start_others(launchers: Launchers, launcher: ObservedProcess) -> None:
    assert launchers.is_launcher(launcher)


@pytest.mark.parametrize(
    "host",
    [
        process("/usr/bin/node", "/opt/agent/cli.js"),
        process("/usr/bin/python3.11", "/opt/agent/agent.py", "shim.py"),
        process("/usr/bin/python3.11", "-c", "pass"),
        process("/usr/share/code/code"),
        process("/opt/agent/agent", name="bash"),
        process("/usr/bin/7"),
        process("", name=""),
    ],
    ids=lambda row: " ".join(row.command),
)
def test_these_are_hosts(launchers: Launchers, host: ObservedProcess) -> None:
    assert not launchers.is_launcher(host)


def test_npx_is_known_by_the_title_that_it_gives_itself(launchers: Launchers) -> None:
    npx = ObservedProcess(
        pid=77,
        started=1.0,
        executable="/usr/bin/node",
        name="npm exec @some/server",
        command=("npm exec @some/server",),
    )
    assert launchers.is_launcher(npx)


def test_the_first_process_and_service_managers_adopt(launchers: Launchers) -> None:
    first = ObservedProcess(pid=1, started=0.0, executable="/opt/agent/agent", name="agent")
    assert launchers.is_adopter(first)
    assert launchers.is_adopter(process("/usr/lib/systemd/systemd", "--user"))
    assert not launchers.is_adopter(process("/bin/bash"))


@pytest.mark.parametrize("content", ["", "names = 1", "names = [", "scripts = [1]"])
def test_a_broken_list_says_so(tmp_path: Path, content: str) -> None:
    path = tmp_path / "launchers.toml"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        load_launchers(path)
    with pytest.raises(ConfigurationError):
        load_launchers(tmp_path / "missing.toml")
