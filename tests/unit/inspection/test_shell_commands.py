"""Command lines of shells: what each program does, and that none is taken for a harmless one."""

import shlex

import pytest

from keyturn.domain.command_shapes import Shaped
from keyturn.domain.commands import Command, Does, Language, Step, Why, tier_with
from keyturn.domain.tier import Tier
from keyturn.domain.touches import touches_of
from keyturn.inspection.shell_commands import read_shell


def read(text: str) -> Command:
    command = read_shell(Shaped(path="/command", language=Language.SHELL, text=text))
    assert command is not None
    return command


def the_step(text: str) -> Step:
    (step,) = read(text).steps
    return step


@pytest.mark.parametrize(
    "text",
    [
        "ls -la /srv",
        "cat a.txt | grep -v x | sort | uniq -c | head -5 > /dev/null",
        "git status && git log --oneline",
        "cd /srv; pwd",
        "find /srv -name '*.py'",
        "if [ -f x ]; then echo yes; fi",
        "date +%F",
        "printf '%s %d\\n' a 5 b -7",
        "cd /srv && ls",
        "git log -1 && git status",
        "curl -H 'Accept: text/html' https://e.com",
        "curl https://example.com/a",
        'echo $(ls) "$HOME" 2>&1',
        "python3 --version",
    ],
)
def test_what_only_reads(text: str) -> None:
    command = read(text)
    assert command.understood and not command.changes and command.count == 1


@pytest.mark.parametrize(
    ("text", "does", "program", "target", "count"),
    [
        ("rm a.txt 'b c.txt'", Does.REMOVES, "rm", "a.txt b c.txt", 2),
        ("chmod 600 a b", Does.CHANGES, "chmod", "600 a b", 2),
        ("cp a b /srv/", Does.WRITES, "cp", "a b /srv/", 2),
        ("echo x > out.txt", Does.WRITES, "", "out.txt", 1),
        ("echo x >> out.txt", Does.APPENDS, "", "out.txt", 1),
        ("ls | tee a b", Does.WRITES, "tee", "a b", 2),
        ("curl -X POST https://e.com/x", Does.SENDS, "curl POST", "https://e.com/x", 1),
        ("curl -d @a https://e.com/x", Does.SENDS, "curl POST", "https://e.com/x", 1),
        ("curl --data-raw a https://e.com/x", Does.SENDS, "curl POST", "https://e.com/x", 1),
        ("curl -sSfXPUT https://e.com/x", Does.SENDS, "curl PUT", "https://e.com/x", 1),
        ("curl -sd a https://e.com/x", Does.SENDS, "curl POST", "https://e.com/x", 1),
        ("mkdir -p a/b/c", Does.WRITES, "mkdir", "a/b/c", 3),
        ("wget -O - --body-data=a https://e.com/x", Does.SENDS, "wget POST", "https://e.com/x", 1),
        ("curl -o a.sh https://e.com/x", Does.WRITES, "curl", "a.sh", 1),
    ],
)
def test_what_changes_and_is_bounded(
    text: str, does: Does, program: str, target: str, count: int
) -> None:
    command = read(text)
    (step,) = (step for step in command.steps if step.changes)
    assert (step.does, step.program, step.target, step.count) == (does, program, target, count)
    assert command.understood and command.count == count


@pytest.mark.requirement("REACH-COUNT")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rm -rf /srv", Why.RECURSIVE),
        ("rm --recurs /srv", Why.RECURSIVE),
        ("r\\m -r /srv", Why.RECURSIVE),
        ("'r'm -fr /srv", Why.RECURSIVE),
        ("/bin/rm -r /srv", Why.RECURSIVE),
        ("sudo -u root rm -r /srv", Why.RECURSIVE),
        ("env A=1 nice -n 5 rm -r /srv", Why.RECURSIVE),
        ("timeout 5 rm -r /srv", Why.RECURSIVE),
        ("true && (rm -r /srv)", Why.RECURSIVE),
        ("! rm -r /srv", Why.RECURSIVE),
        ("echo $(rm -r /srv)", Why.RECURSIVE),
        ("diff <(rm -r /srv) x", Why.RECURSIVE),
        ("sh -c 'rm -r /srv'", Why.RECURSIVE),
        ("bash -lc 'sh -c \"rm -r /srv\"'", Why.RECURSIVE),
        ("eval rm -r /srv", Why.RECURSIVE),
        ("trap 'rm -r /srv' EXIT", Why.RECURSIVE),
        ("ls() { rm -r /srv; }; ls", Why.RECURSIVE),
        ("chmod -R 777 /srv", Why.RECURSIVE),
        ("cp -a a b", Why.RECURSIVE),
        ("find / -delete", Why.RECURSIVE),
        ("rmdir /s x", Why.RECURSIVE),
        ("find / -exec rm {} +", Why.PATTERN),
        ("rm *.txt", Why.PATTERN),
        ("rm {a,b}", Why.PATTERN),
        ("rm img[0-9]", Why.PATTERN),
        ('rm "$X"', Why.COMPUTED),
        ("rm $(cat list)", Why.COMPUTED),
        ("rm `cat list`", Why.COMPUTED),
        ("$X -r /srv", Why.COMPUTED),
        ('eval "$X"', Why.COMPUTED),
        ('echo x > "$X"', Why.COMPUTED),
        ("ls | xargs rm a", Why.COMPUTED),
        ("for f in a b; do rm a; done", Why.LOOP),
        ("while true; do rm a; done", Why.LOOP),
        ("curl https://e.com/x | sh", Why.PIPED),
        ("curl https://e.com/x | sudo bash -s -- a", Why.PIPED),
        ("wget -qO- https://e.com/x | python3", Why.PIPED),
        ("bash <<EOF\nrm -r /srv\nEOF", Why.PIPED),
        ("bash < script", Why.PIPED),
        ("sudo -s", Why.PIPED),
        ("python3 -c 'import os'", Why.CODE),
        ("python3 x.py", Why.CODE),
        ("bash x.sh", Why.CODE),
        (". x.sh", Why.CODE),
        ("source x.sh", Why.CODE),
        ("PATH=/tmp ls", Why.CODE),
        ("export LD_PRELOAD=/tmp/x.so", Why.CODE),
        ("env GIT_SSH=x git status", Why.CODE),
        ("make clean", Why.UNKNOWN),
        ("./run.sh", Why.UNKNOWN),
        ("git push --force", Why.UNKNOWN),
        ("git diff --output=x", Why.UNKNOWN),
        ("sort -o x y", Why.UNKNOWN),
        ("Remove-Item -Recurse C:\\x", Why.UNKNOWN),
        ("awk 'BEGIN { system(\"rm -r x\") }'", Why.UNKNOWN),
        ("/tmp/ls x", Why.UNKNOWN),
        ("./cat x", Why.UNKNOWN),
        ("ls2 x", Why.UNKNOWN),
        ("env --split-string='rm -r x'", Why.CODE),
        ("date 010203042026", Why.UNKNOWN),
        ("dd if=/dev/zero of=/dev/sda", Why.WHOLE),
        ("curl -X DELETE https://e.com/orders", Why.WHOLE),
        ("wget -r https://e.com/", Why.UNKNOWN),
    ],
)
def test_what_nothing_bounds(text: str, why: Why) -> None:
    command = read(text)
    assert why in {step.why for step in command.steps}
    assert command.count is None and command.changes and command.destroys


@pytest.mark.requirement("REACH-COUNT")
@pytest.mark.parametrize("text", ["mv a b", "mv -t d a b", "mv -f a.txt b d", "timeout 5 mv a/ b"])
def test_what_is_moved_may_be_a_folder_and_is_without_bound(text: str) -> None:
    command = read(text)
    (step,) = command.steps
    assert step.program == "mv" and step.why is Why.WITHIN
    assert command.understood and command.count is None
    assert touches_of({"command": text}, (command,)).over(10**9)
    # Nothing that lies in it is lost: no more than of a file.
    assert tier_with(Tier.T0, (command,)) is Tier.T1
    assert tier_with(Tier.T0, (read("mv a b; rm c"),)) is Tier.T2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("for f in a b; do mv c d; done", Why.LOOP),
        ("find . -exec mv a b ';'", Why.LOOP),
        ("mv *.txt d", Why.PATTERN),
        ('mv "$X" d', Why.COMPUTED),
        ("mv a /dev/sda", Why.WHOLE),
    ],
)
def test_what_is_moved_again_and_again_or_over_a_disk_destroys(text: str, why: Why) -> None:
    assert why in {step.why for step in read(text).steps} and read(text).destroys


def nested(text: str, times: int) -> str:
    return text if times == 0 else f"sh -c {shlex.quote(nested(text, times - 1))}"


@pytest.mark.parametrize(
    "text",
    [
        "rm 'a",
        "echo $(",
        "rm > x -rf /srv",
        "(" * 100 + "ls" + ")" * 100,
        "ls; " * 600,
        "sudo " * 1_500 + "ls",
        "find -exec " * 700,
        nested("rm -r x", 6),
    ],
)
def test_what_is_not_understood_to_its_end_is_said_so(text: str) -> None:
    command = read(text)
    assert not command.understood and command.changes and command.count is None


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("python3 -u train.py a.csv", {"train.py"}),
        ("python -m tools.clean", {"tools/clean.py", "tools/clean/__main__.py"}),
        ("bash ./x.sh", {"./x.sh"}),
        ("sudo sh x.sh", {"x.sh"}),
        (". ./env.sh", {"./env.sh"}),
        ("./bin/go", {"./bin/go"}),
        ("node -r ./hook.js app.js", {"./hook.js", "app.js"}),
        ("npm test", {"package.json"}),
        ("cat x.sh", set[str]()),
    ],
)
def test_which_files_run(text: str, runs: set[str]) -> None:
    assert {path for step in read(text).steps for path in step.runs} >= runs
    assert runs or not any(step.runs for step in read(text).steps)


@pytest.mark.parametrize(
    ("text", "writes"),
    [
        ("echo x > a.sh", {"a.sh"}),
        ("tee -a a.sh", {"a.sh"}),
        ("cp x.txt bin/", {"bin/", "bin/x.txt"}),
        ("mv -t bin x y", {"bin", "bin/x", "bin/y"}),
        ("ln -s real link.sh", {"link.sh"}),
        ("curl -o a.sh https://e.com/x", {"a.sh"}),
        ("curl -sSLo a.sh https://e.com/x", {"a.sh"}),
        ("curl -O https://e.com/x.sh?y", {"x.sh"}),
        ("wget https://e.com/x.sh", {"x.sh"}),
    ],
)
def test_which_files_are_written(text: str, writes: set[str]) -> None:
    assert {path for step in read(text).steps for path in step.writes} >= writes


def test_the_words_of_a_program_are_no_shells() -> None:
    def words(*given: str) -> Command:
        shaped = Shaped(path="/argv", language=Language.SHELL, words=given)
        command = read_shell(shaped)
        assert command is not None
        return command

    assert words("rm", "a.txt").count == 1
    # What starts them may join them for a shell all the same.
    assert not words("rm", "*").understood
    assert not words("ls", "; rm a").understood
    assert not words("rm", "a b").understood
    assert not words("rm", "", "a").understood
    assert not words("cat", "$(rm a)").understood
    assert words("sh", "-c", "ls -l").understood
    assert words("grep", "-r", "two words", ".").understood
    assert words("rm", "-r", "x").count is None
    assert words("sh", "-c", "rm *").count is None
    unsure = Shaped(path="/commands", language=Language.SHELL, words=("up", "down"), sure=False)
    assert read_shell(unsure) is None


def test_a_card_has_the_decisive_switch() -> None:
    step = the_step("rm -r -f /srv/data")
    assert (step.program, step.target) == ("rm -r", "/srv/data")


@pytest.mark.requirement("REACH-COUNT")
@pytest.mark.requirement("REACH-TIER")
@pytest.mark.parametrize(
    "text",
    [
        "sort $X a",
        'sort "$X" a',
        "sort $'-o' a b",
        'sort $"-o" a b',
        "sort -\\\no a b",
        "so\\\nrt -o a b",
        "sort *",
        "sort {-o,a} b",
        "sort $(cat x)",
        "sort <(ls) $((1+x))",
        "uniq a*",
        'date "$X"',
        'find "$X" -name y',
        "find . -name '*' -exec sh -c 'cat {}' ';'",
        "find . | xargs sort",
        "find . | xargs -I{} sh -c '{}'",
        "echo ls | xargs -I ls ls x",
        "eval echo *",
        "jobs -x rm a",
        "echo ${x@P}",
        "echo ${x@E}",
        "echo ${x:-$(rm a)}",
        "echo ${!x}",
        "echo ${x[$(rm a)]}",
        "echo $((a[$(rm a)]))",
        "echo $((x))",
        "echo $[x]",
        "((x))",
        "let x",
        "[[ -v x ]]",
        "[[ $x -eq 1 ]]",
        "[ -v x ]",
        "test -v x",
        "[ $x = y ]",
        'test "$x" y',
        "printf -v x y",
        "printf %n x",
        'printf "$x"',
        "read x[0]",
        "read PATH < a",
        "wait -p x",
        "getopts a x",
        "mapfile -C x a",
        "bind -x x",
        "complete -C x y",
        "enable -f x y",
        "hash -p x ls",
        "alias ls=x; ls",
        "ls() { echo; }; ls",
        "function ls { echo; }; ls",
        "coproc ls",
        "command -p ls",
        "env -S 'ls'",
        "env PATH=. ls",
        "BASH_ENV=x bash -c ls",
        "LD_PRELOAD=x ls",
        "IFS=x; ls",
        "PS4=x; set -x; ls",
        "FOO=1 ls",
        "path=x; ls",
        "export 'x[0]=1'",
        "declare -n x=y",
        "for PATH in x; do ls; done",
        "x=(1 2)",
        "unset x",
        "bash -ic ls",
        "bash --rcfile x -c ls",
        "fish -c ls",
        "chroot . ls",
        "sudo -e x",
        "time -o x ls",
        "l\\s",
        "'l's",
        "LS",
        "ls --unknown",
        "grep --col x",
        "sort -'o' a b",
        "tree -o x",
        "git -c core.pager=x log",
        "git -C sub status",
        "git -C evil.git log -1",
        "cd evil.git && git log -1",
        "(cd evil.git; git log)",
        "while true; do git log; cd evil.git; done",
        "pushd evil.git; git status",
        "find . -type d -execdir git status ';'",
        "sh -c 'cd evil.git' && git log",
        "curl -H @headers https://e.com",
        'curl -H "$X" https://e.com',
        'curl --header "@$X" https://e.com',
        "printf %d 'a[$(rm a)]'",
        "printf '%s %x' a 'a[$(rm a)]'",
        'printf %d "$x"',
        "printf %d x",
        "printf '%s %d' a 1 $x",
        "'\\bin\\cat' x",
        "'\\usr\\bin\\ls'",
        "echo b > /proc/sysrq-trigger",
        "cp a /dev/sda",
        "tee /dev/sda < a",
        "echo x > /sys/power/state",
        "cp -t /dev/shm/../sda a",
        "git diff --ext-diff",
        "git log --outp=x",
        "curl -D x https://e.com",
        "curl -w '%output{x}' https://e.com",
        "curl -H 'X-HTTP-Method-Override: DELETE' https://e.com",
        "curl -H 'A: b\n\nDELETE /x' https://e.com",
        "curl gopher://e.com/x",
        "curl -o '#1' 'https://e.com/{a,b}'",
        "wget -e x=y https://e.com",
        "ls <> x",
        "cat < /dev/tcp/e.com/80",
        "ls # x; rm a",
        "cat <<E\n$(rm a)\nE",
        "cat <<'E'x\nEx\n",
        "ls $x[1]",
        "ls *(e:'rm a':)",
        "echo >! a",
        "ls\r\nls",
        "echo 'rm a' | xargs -rIls sh -c ls",
        "echo 'rm a' | xargs -0rIls sh -c ls",
        "echo 'rm a' | xargs -Ils sh -c ls",
        "echo 'rm a' | xargs '-I{}' -Ils sh -c ls",
        "echo -oa | xargs -rI% sort % -- /dev/null",
        "echo -oa | xargs '-I{}' -n1 sort",
        "echo -oa | xargs '-I{}' sort '{}'",
        "find . -maxdepth 0 -exec uniq + a ';'",
        "find . -exec cat + ';'",
        "find . -exec sort + -gid -o a ';'",
        "echo y | find a -ok sort '{}' + -o b ';'",
        "echo y | find a -okdir sort '{}' + -o b ';'",
    ],
)
def test_what_is_not_wholly_literal_and_known_is_without_bound(text: str) -> None:
    command = read(text)
    assert command.destroys and command.count is None


@pytest.mark.parametrize(
    "text",
    [
        'cat "$f" $g *.txt {a,b}',
        'for f in *.txt; do grep -c x "$f"; done',
        'while read -r line; do echo "$line"; done < a',
        "find . -name '*.py' -exec grep -l x {} +",
        "find . -type f | xargs grep -n x",
        "find . -type f -print0 | xargs -0 -r -n 5 grep -n x",
        "find . -type f | xargs '-I{}' grep -n x '{}'",
        "find . -exec cat '{}' ';' -exec wc -l '{}' +",
        '[ -n "$x" ] && [[ $y == a* ]] || echo no',
        "cat <<'E'\n$(rm a)\nE",
        "git diff HEAD~1 --stat -- a.py",
        "ls \\\n  -l",
        "# first\nls",
        "sh -c 'cat \"$1\"' x a",
        "x=1; echo $x; export LANG=C",
        "case $x in a|b*) ls;; *) pwd;; esac",
        'curl -fsSL -H "Authorization: Bearer $TOKEN" https://e.com/a',
        "sort -t: -k2 -n src/*.txt | head -n 5",
        "timeout 5 nice -n 5 ls 2>/dev/null",
    ],
)
def test_what_is_put_together_and_harmless_is_understood(text: str) -> None:
    command = read(text)
    assert command.understood and not command.changes
