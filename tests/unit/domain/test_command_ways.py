"""Ways to hand a command over that are none of a command's name, and texts that are no commands."""

import pytest

from keyturn.bootstrap.reading_commands import read_commands
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.command_shapes import shapes_of
from keyturn.domain.command_texts import runs_commands
from keyturn.domain.commands import Command, tier_with
from keyturn.domain.tier import Tier
from keyturn.domain.touches import touches_of
from keyturn.domain.written_files import written_in


def read(tool: str, arguments: JsonObject, description: str = "") -> tuple[Command, ...]:
    """Read as the gate does."""
    runs = runs_commands(tool, description)
    return read_commands(shapes_of(arguments, runs=runs, tool=tool))


@pytest.mark.requirement("REACH-TIER")
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("do", {"script": "cd /srv && rm -rf ."}),
        ("do", {"input": "X=1 rm -rf a"}),
        ("do", {"code": "cd /srv\nrm -rf ."}),
        ("do", {"run": "ls; rm -r a"}),
        ("do", {"Command": "rm -r a"}),
        ("do", {"CMDLINE": "rm -r a"}),
        ("do", {"commandLine": "rm -r a"}),
        ("do", {"task": {"command": {"value": "deploy it now"}}}),
        ("do", {"steps": [{"cmd": {"line": "rm -r a"}}]}),
        ("do", {"executable": "rm", "args": ["-r", "a"]}),
        ("do", {"bin": "rm", "args": "-r a"}),
        ("do", {"file": "rm", "args": ["-r", "a"]}),
        ("do", {"thing": "rm", "args": ["-r", "a"]}),
        ("do", {"words": ["rm", "-r", "a"]}),
        ("do", {"words": ["python3", "x.py"]}),
        ("do", {"run": "python3 x.py"}),
        ("do", {"run": "node ./x arg"}),
        ("run_command", {"x": "reboot"}),
        ("run_command", {"x": "rm"}),
        ("run_command", {"x": "./deploy"}),
        ("run_command", {"x": ["./deploy"]}),
        ("run_command", {"x": ["reboot"]}),
        ("do", {"method": "DELETE\u200b", "url": "https://e.com"}),
        ("do", {"operation": "DELETE", "url": "https://e.com"}),
        ("do", {"type": "delete", "url": "https://e.com"}),
        ("do", {"argv": ["ls", ";", "rm", "a"]}),
        ("do", {"command": "ls", "args": ["$(rm a)"]}),
        ("do", {"command": "ls", "args": ["a", "|", "sh"]}),
        ("run_shell", {"anything": "foo bar"}),
        ("execute_command", {"text": "foo --bar"}),
        ("run_script", {"content": "import os; os.remove('a')"}),
        ("x", {"q": "ls\nrm a"}),
        ("x", {"q": "echo $(rm a)"}),
        ("x", {"q": "find . -delete"}),
        ("x", {"q": "sudo rm a"}),
        ("x", {"q": "A=1 B='c d' rm a"}),
        ("x", {"script": "./x.sh"}),
        ("x", {"script": "import os\nos.remove('a')"}),
        ("x", {"args": ["rm", "-r", "a"]}),
        ("x", {"q": "if true; then rm a; fi"}),
        ("x", {"q": "{ rm a; }"}),
        ("x", {"q": "(rm a)"}),
        ("x", {"q": "for f in a; do rm a; done"}),
        ("x", {"q": "while :; do rm a; done"}),
    ],
)
def test_a_command_is_found_however_it_is_handed_over(tool: str, arguments: JsonObject) -> None:
    commands = read(tool, arguments)
    assert tier_with(Tier.T0, commands) is Tier.T2
    assert touches_of(arguments, commands).count is None or any(c.destroys for c in commands)


@pytest.mark.requirement("REACH-TIER")
@pytest.mark.parametrize(
    "variables",
    [{"PATH": "/tmp/x"}, {"LD_PRELOAD": "/tmp/x.so"}, ["BASH_ENV=/tmp/x"], "IFS=x", {"a b": ";"}],
)
def test_variables_beside_a_command_rule_it(variables: JsonValue) -> None:
    ways: tuple[JsonObject, ...] = (
        {"command": "ls -l"},
        {"command": "ls", "args": ["-l"]},
        {"argv": ["ls", "-l"]},
    )
    for given in ways:
        harmless: JsonObject = {**given, "env": {"LANG": "C", "NODE_ENV": "test"}}
        assert tier_with(Tier.T0, read("do", harmless)) is Tier.T0
        ruled: tuple[JsonObject, ...] = (
            {**given, "env": variables},
            {**given, "options": {"env": variables}},
            {"options": {"deep": [{"vars": variables}]}, **given},
            {"step": given, "environment": variables},
        )
        for one in ruled:
            assert tier_with(Tier.T0, read("do", one)) is Tier.T2


@pytest.mark.requirement("REACH-TIER")
@pytest.mark.parametrize(
    "variables",
    [
        [{"name": "PATH", "value": "/tmp/x"}],
        [["PATH", "/tmp/x"]],
        {"set": {"PATH": "/tmp/x"}},
        {"all": ["LD_PRELOAD=/tmp/x.so"]},
    ],
)
def test_variables_in_any_shape_rule_a_command(variables: JsonValue) -> None:
    for given in ({"env": variables}, {"options": {"env": variables}}):
        arguments: JsonObject = {"command": "ls -l", **given}
        assert tier_with(Tier.T0, read("do", arguments)) is Tier.T2


def test_variables_where_no_command_is_say_nothing() -> None:
    assert read("do", {"name": "site", "environment": {"PATH": "/a", "b": ["X=1"]}}) == ()


@pytest.mark.requirement("REACH-TIER")
def test_a_header_that_names_another_method_makes_a_request_a_change() -> None:
    request: JsonObject = {"method": "GET", "url": "https://e.com/orders/7"}
    assert not any(command.changes for command in read("do", request))
    named = "X-HTTP-Method-Override"
    shapes: tuple[JsonValue, ...] = (
        {named: "DELETE"},
        {named.lower().replace("-", "_"): "DELETE"},
        [f"{named}: DELETE"],
        [[named, "DELETE"]],
        [{"name": named, "value": "DELETE"}],
        f"Accept: a\r\n{named}: DELETE",
        "x-method-override: DELETE",
        {"X-HTTP-Method": "DELETE"},
        "A: " + "b" * 5_000 + f"\n{named}: DELETE",
    )
    for headers in shapes:
        around: tuple[JsonObject, ...] = ({"headers": headers}, {"options": {"headers": headers}})
        for beside in around:
            for method in ("GET", "POST"):
                arguments: JsonObject = {**request, **beside, "method": method}
                commands = read("do", arguments)
                assert all(command.changes for command in commands)
                assert tier_with(Tier.T0, commands) is Tier.T2
    harmless: JsonObject = {**request, "headers": ["Accept: text/html"], "body": "b" * 5_000}
    assert not any(command.changes for command in read("do", harmless))


@pytest.mark.requirement("REACH-TIER")
@pytest.mark.parametrize(
    "arguments",
    [
        {"powershell": 'echo "\\"; rm -r x; \\""'},
        {"pwsh": "ls -l"},
        {"runPowershell": {"line": "ls -l"}},
        {"powerShell": "ls -l"},
        {"power_shell_command": "ls -l"},
        {"shell": "powershell", "command": "ls -l"},
        {"shell": "C:\\x\\PowerShell.exe -NoProfile", "command": "ls -l"},
        {"command": "ls -l", "options": {"shell": "/usr/bin/fish"}},
        {"interpreter": "cmd.exe", "command": "ls -l"},
        {"shell_type": "nu", "argv": ["ls", "-l"]},
    ],
)
def test_a_line_for_a_shell_that_is_not_like_bash_is_not_understood(arguments: JsonObject) -> None:
    commands = read("do", arguments)
    assert commands and not any(command.understood for command in commands)
    assert tier_with(Tier.T0, commands) is Tier.T2


@pytest.mark.requirement("REACH-TIER")
@pytest.mark.parametrize("tool", ["PowerShell", "run_pwsh", "powershell-exec", "power_shell"])
def test_a_line_for_a_tool_that_is_called_like_such_a_shell_is_not_understood(tool: str) -> None:
    given: tuple[JsonObject, ...] = (
        {"command": 'echo "\\"; rm -r x; \\""'},
        {"argv": ["ls", "-l"]},
    )
    for arguments in given:
        commands = read(tool, arguments)
        assert commands and not any(command.understood for command in commands)
        assert tier_with(Tier.T0, commands) is Tier.T2
    request: JsonObject = {"method": "GET", "url": "https://e.com"}
    assert tier_with(Tier.T0, read("PowerShell", request)) is Tier.T0


@pytest.mark.parametrize("shell", ["bash", "/bin/zsh", "sh", "main", "1"])
def test_a_line_for_a_shell_like_bash_is_understood(shell: str) -> None:
    commands = read("do", {"shell": shell, "command": "ls -l"})
    assert any(command.understood and not command.changes for command in commands)


@pytest.mark.parametrize(
    "argv",
    [
        ["ls", "-la", "/tmp"],
        ["git", "log", "-5"],
        ["cat", "README.md"],
        ["find", ".", "-name", "x"],
        ["grep", "-r", "two words", "src/a.py"],
        ["ls", "./build.sh"],
    ],
)
def test_the_words_of_a_program_are_no_lines_of_their_own(argv: list[JsonValue]) -> None:
    for name in ("argv", "command", "cmd", "args"):
        commands = read("do", {name: argv})
        assert tier_with(Tier.T0, commands) is Tier.T0
        assert [command.path for command in commands] in ([f"/{name}"], [])


@pytest.mark.requirement("REACH-TIER")
@pytest.mark.parametrize(
    "given",
    [
        ["ls", "rm -rf x"],
        ["ls", "make deploy"],
        ["ls", "python3 x.py"],
        ["ls", ["rm", "x"]],
        ["ls", {"command": "rm x"}],
        ["ls -l", "reboot"],
    ],
)
def test_a_list_of_lines_is_read_line_by_line(given: list[JsonValue]) -> None:
    assert tier_with(Tier.T0, read("do", {"command": given})) is Tier.T2
    assert tier_with(Tier.T0, read("do", {"commands": ["ls", "reboot"]})) is Tier.T2


def test_a_tool_that_says_it_runs_commands_has_any_text_read_as_one() -> None:
    arguments: JsonObject = {"x": "foo --bar"}
    assert read("do_it", arguments) == ()
    (command,) = read("do_it", arguments, "Runs a shell command on the host.")
    assert command.destroys


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("write_file", {"path": "/srv/a.sh", "content": "#!/bin/sh\nrm -rf /"}),
        ("send_message", {"to": "ann", "body": "please run rm -rf /srv; thanks"}),
        ("create_issue", {"title": "rm -rf bug", "body": "`rm -rf x`"}),
        ("search", {"query": "how to delete from a list in python"}),
        ("edit_file", {"path": "a", "old_text": "rm a; ls", "new_text": "rm b; ls"}),
        ("edit", {"file_path": "a", "old_string": "rm a", "new_string": "rm b"}),
        ("get_weather", {"location": "Paris, France"}),
        ("fetch", {"url": "https://e.com/a?b=1;c=2"}),
        ("list_dir", {"path": "/srv/app"}),
        ("think", {"thought": "First, list the files; then find the bug in a/b, and fix it."}),
        ("filter", {"where": "id > 100 and date > 2020"}),
        ("filter", {"filter": "status=open priority=high"}),
        ("grep", {"pattern": "foo|bar", "path": "src/", "flags": "-n"}),
        ("run_tests", {"path": "tests/unit", "verbose": True}),
        ("run_report", {"name": "Q3 sales", "format": "pdf"}),
        ("run_query", {"query": "select * from t"}),
        (
            "shell",
            {"command": "ls -la", "cwd": "/srv/app", "timeout": 5, "description": "List the files"},
        ),
        ("git_commit", {"message": "Fix the thing; remove old code"}),
        ("note", {"comment": "cat is a nice animal"}),
        ("x", {"code": "USD"}),
        ("x", {"code": "12-34"}),
        ("x", {"input": "hello world"}),
        ("x", {"languages": ["python", "ruby"]}),
        ("x", {"command": "view", "path": "/a b"}),
        ("x", {"summary": "make the build faster"}),
        ("x", {"name": "kill bill", "note": "open /x"}),
        ("lint", {"code": "def f():\n    return 1"}),
        ("x", {"tool": "search", "parameters": {"q": "x"}}),
        ("x", {"app": "mail", "params": ["a", "b"]}),
        ("x", {"jql": "project = X AND status = Open"}),
        ("x", {"expr": "rate(http_requests_total[5m]) > 5"}),
        ("x", {"date": "2020-01-01", "time": "10:00"}),
        ("x", {"new_str": "rm -rf x; ls", "old_str": "rm a"}),
        ("x", {"oldString": "rm a", "insertLine": 3}),
        (
            "memory",
            {"entities": [{"name": "cat", "observations": ["likes to find mice; and touch them"]}]},
        ),
        ("list_orders", {"status": "open"}),
        (
            "dispatch_order",
            {
                "order_id": "A-1",
                "address": {"name": "R. Talbot", "address": "14 Quarry Road, Hangar 9"},
            },
        ),
        ("read_report", {"name": "2026-11 returns"}),
        ("read_text_file", {"path": "/srv/run.sh", "head": 10}),
        ("search_files", {"path": "/srv", "pattern": "*.sh", "excludePatterns": ["node_modules"]}),
        ("git_diff", {"repo_path": "/srv/a", "target": "main..dev"}),
        ("slack_post_message", {"channel_id": "C1", "text": "echo hi > a; rm b"}),
        ("browser_click", {"element": "Sort by date > newest", "ref": "e12"}),
        (
            "create_pull_request",
            {
                "title": "make install works; docs",
                "head": "feature/x",
                "base": "main",
                "body": "cp a b",
            },
        ),
    ],
)
def test_contents_and_sentences_raise_nothing(tool: str, arguments: JsonObject) -> None:
    """Of 44 ordinary calls none is raised, though contents of files and messages hold commands."""
    assert tier_with(Tier.T0, read(tool, arguments)) is Tier.T0


LOOKED_FOR = (
    "python x.py not found",
    "rm command not found",
    "cp vs rsync",
    "chmod fails with operation not permitted",
    "bash script.sh isn't executable, what is missing?",
)


@pytest.mark.parametrize("name", ["query", "q", "searchQuery", "question", "keywords"])
@pytest.mark.parametrize("text", LOOKED_FOR)
def test_what_is_looked_for_in_words_raises_nothing(name: str, text: str) -> None:
    assert read("search", {name: text}) == ()
    assert read("search", {name: [text]}) == ()


@pytest.mark.requirement("REACH-TIER")
@pytest.mark.parametrize("text", LOOKED_FOR)
def test_words_are_a_line_where_any_text_may_be_one(text: str) -> None:
    assert tier_with(Tier.T0, read("run_command", {"query": text})) > Tier.T0
    assert tier_with(Tier.T0, read("do", {"query": text}, "Runs a shell command.")) > Tier.T0
    for name in ("command", "command_query", "argv"):
        assert tier_with(Tier.T0, read("do", {name: text})) > Tier.T0


@pytest.mark.requirement("REACH-TIER")
@pytest.mark.parametrize("name", ["input", "x", "task", "script", "term", "query_input"])
def test_words_make_no_line_a_sentence_under_other_names(name: str) -> None:
    for text in ("python x.py not found", "rm a is not", "node index.js with the b"):
        assert tier_with(Tier.T0, read("do", {name: text})) is Tier.T2


@pytest.mark.requirement("REACH-TIER")
@pytest.mark.parametrize("name", ["query", "q", "search"])
@pytest.mark.parametrize(
    "text",
    [
        "python x.py",
        "python x.py deploy",
        "rm a",
        "rm -r a the",
        "rm a not; x",
        "rm a not\nrm b",
        "rm a not && b",
        "rm a is $(b)",
        "rm a is `b`",
        "rm a is > b",
        "rm 'a is' b",
        'rm "a is" b',
        "rm /srv/a is not",
        "rm ~ is not",
        "rm . is not",
        "rm ../a is not",
        "rm a* is not",
        "rm [a] is not",
        "rm {a,is} not",
        "X=1 rm a is not",
        "rm a is # not",
        "rm a is \\ not",
        "rm a\tis not",
        "rm a/is b/not the/",
        "rm a is not " + "b " * 400,
        "./x.sh; rm a is not",
    ],
)
def test_what_is_looked_for_with_any_sign_of_a_shell_is_a_line(name: str, text: str) -> None:
    assert tier_with(Tier.T0, read("do", {name: text})) is Tier.T2


@pytest.mark.requirement("REACH-RUNS")
def test_files_of_steps_that_no_card_tells_are_known_all_the_same() -> None:
    line = "; ".join(f"echo x > f{n}.sh" for n in range(40))
    (command,) = read("do", {"command": line})
    assert command.more == 68 and command.understood
    assert set(written_in({}, (command,))) >= {f"f{n}.sh" for n in range(40)}


@pytest.mark.requirement("REACH-RUNS")
def test_of_more_files_than_are_known_nothing_is_understood() -> None:
    line = "touch " + " ".join(f"f{n}" for n in range(450))
    (command,) = read("do", {"command": line})
    assert not command.understood and command.destroys
