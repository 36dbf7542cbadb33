"""Which package a command runs, and whether it only looks like a well-known one."""

import pytest

from keyturn.desktop.resources import find_resources
from keyturn.desktop.runners import load_runners
from keyturn.domain.command import read_command
from keyturn.domain.package_name import (
    KnownServer,
    Likeness,
    Package,
    Registry,
    likeness,
    package_of,
)

TABLE = load_runners(find_resources() / "runners.toml")
NPM, PYPI = Registry.NPM, Registry.PYPI


def known(registry: Registry, name: str) -> KnownServer:
    return KnownServer(package=Package(registry, name), publisher="P", repository="")


KNOWN = (
    known(NPM, "@modelcontextprotocol/server-filesystem"),
    known(NPM, "firecrawl-mcp"),
    known(PYPI, "mcp-server-git"),
)


@pytest.mark.parametrize(
    ("command", "registry", "name"),
    [
        ("npx -y @scope/server@1.2.3 /srv", NPM, "@scope/server"),
        ("/usr/bin/npx --yes server", NPM, "server"),
        ("C:\\node\\npx.cmd -y server@latest", NPM, "server"),
        ("npx -p @scope/server server-bin", NPM, "@scope/server"),
        ("npx --package=@scope/server -c server-bin", NPM, "@scope/server"),
        ("npm exec -- server", NPM, "server"),
        ("npx --loglevel other server", NPM, "server"),
        ("uvx --exclude-newer 2024 server", PYPI, "server"),
        ("npm --prefix /srv exec server", NPM, "server"),
        ("pnpm dlx server", NPM, "server"),
        ("yarn dlx server", NPM, "server"),
        ("bunx server", NPM, "server"),
        ("uvx mcp-server-git==2026.1 --repository .", PYPI, "mcp-server-git"),
        ("uvx --python 3.12 mcp_server_git@latest", PYPI, "mcp_server_git"),
        ("uvx --from mcp-server-git[all] git-server", PYPI, "mcp-server-git"),
        ("uv tool run mcp-server-git", PYPI, "mcp-server-git"),
        ("pipx run --spec mcp-server-git>=1 git-server", PYPI, "mcp-server-git"),
    ],
)
def test_a_runners_package_is_read(command: str, registry: Registry, name: str) -> None:
    assert package_of(read_command(command.split(), (), TABLE)) == Package(registry, name)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "npx",
        "npx -y",
        "python -m mcp_server_git",
        "npx ./server",
        "npx https://a.example/s.tgz",
    ],
)
def test_what_names_no_package_is_none(command: str) -> None:
    assert package_of(read_command(command.split(), (), TABLE)) is None


@pytest.mark.parametrize(
    ("registry", "name", "said"),
    [
        (NPM, "firecrawl-mcp", Likeness.LISTED),
        (PYPI, "MCP_Server.Git", Likeness.LISTED),
        (NPM, "firecrawl_mcp", Likeness.RESEMBLES),
        (NPM, "firecrawI-mcp", Likeness.RESEMBLES),
        (NPM, "firecraw1-mcp", Likeness.RESEMBLES),
        (NPM, "fircrawl-mcp", Likeness.RESEMBLES),
        (NPM, "mcp-firecrawl", Likeness.RESEMBLES),
        (NPM, "@modelcontextprotocol-io/server-filesystem", Likeness.RESEMBLES),
        (NPM, "@modelcontextprotoco1/server-filesystem", Likeness.RESEMBLES),
        (NPM, "server-filesystem", Likeness.RESEMBLES),
        (NPM, "modelcontextprotocol-server-filesystem", Likeness.RESEMBLES),
        (NPM, "mcp-server-git", Likeness.RESEMBLES),
        (PYPI, "mcp-server-gitt", Likeness.RESEMBLES),
        (NPM, "weather-tools", Likeness.UNKNOWN),
        (PYPI, "mcp-server-weather", Likeness.UNKNOWN),
    ],
)
def test_a_package_is_held_against_the_list(registry: Registry, name: str, said: Likeness) -> None:
    found, which = likeness(Package(registry, name), KNOWN)
    assert found is said
    assert (which is None) is (said is Likeness.UNKNOWN)
