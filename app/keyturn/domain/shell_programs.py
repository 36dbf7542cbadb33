"""Owns what is known of programs by their names: which only read, change, run others or remove.

Names in small letters, without folder, `.exe` and a version. A program that is not here may do
anything.
"""

import re
from functools import lru_cache


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


READS = _named(
    "[ basename cat cksum cmp column cut date df diff dirname du echo egrep expr false fgrep"
    " grep head hexdump id join ls md5sum nl od paste pgrep printenv printf ps pwd readlink"
    " realpath rev seq sha1sum sha256sum sha512sum sleep stat strings sum tac tail test tr "
    " true type uname uptime wc whereis which who whoami"
)
"""They write nothing, whatever their switches; what is redirected is looked at apart."""
REMOVES = _named("rm rmdir shred srm unlink wipe del erase rd deltree")
CHANGES = _named(
    "chgrp chmod chown cp install ln mkdir mkfifo mv setfacl tee touch truncate chattr"
)
WHOLE = _named("dd fdisk mkfs mkswap parted sgdisk wipefs blkdiscard dropdb format diskpart")
"""They write over whole disks or databases."""
SHELLS = _named("ash bash csh dash fish ksh mksh sh tcsh zsh")
INTERPRETERS = SHELLS | _named(
    "bun deno julia lua node nodejs osascript perl php pwsh powershell py pypy python rscript ruby"
    " tclsh ts-node tsx wscript cscript groovy java"
)
WRAPPERS = {
    "sudo": "ugCDRTpr",
    "doas": "uC",
    "env": "uCS",
    "nohup": "",
    "time": "fo",
    "nice": "n",
    "ionice": "cnp",
    "stdbuf": "ioe",
    "setsid": "",
    "timeout": "ks",
    "command": "",
    "builtin": "",
    "exec": "a",
    "busybox": "",
    "xargs": "aEIiLlnPsd",
    "chroot": "",
    "unbuffer": "",
    "caffeinate": "",
}
"""Programs that run what follows, with the letters of their switches that take a value."""
FETCHES = frozenset({"curl", "wget"})
OTHERS = _named(
    "ansible apk apt apt-get aws awk az brew bundle cargo cmake composer conda cpio crontab docker"
    " dotnet eval find gcloud gem git go gh gradle gsutil helm kill killall kubectl launchctl make"
    " mount msbuild mvn mysql nc ncat npm npx open passwd patch pip pip3 pipx pkill pnpm podman"
    " poetry psql pytest reboot redis-cli reg rsync scp screen sed service sftp shutdown sort"
    " source sqlite3 ssh su systemctl tar terraform tmux umount uniq unzip useradd userdel uv uvx"
    " vi vim visudo yarn zip"
)
"""They may do anything; only that they are programs is known."""
_EVERY = READS | REMOVES | CHANGES | WHOLE | INTERPRETERS | frozenset(WRAPPERS) | FETCHES | OTHERS
_FOLDERS = frozenset({"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin"})
_VERSION = re.compile(r"[-.]?\d+(?:\.\d+)*$")
IMPLIED = {
    "make": ("Makefile", "GNUmakefile", "makefile"),
    "npm": ("package.json",),
    "pnpm": ("package.json",),
    "yarn": ("package.json",),
    "curl": (".curlrc",),
    "wget": (".wgetrc",),
    # In a bare repository, which any folder may be, they lie beside its other files.
    "git": (
        *(".git/config", ".gitconfig", ".gitattributes", ".git/hooks/post-index-change"),
        *("config", "hooks/post-index-change"),
    ),
    "docker": ("Dockerfile", "docker-compose.yml", "compose.yaml"),
    "cargo": ("build.rs", "Cargo.toml"),
    "pytest": ("conftest.py",),
    "just": ("justfile",),
}
"""Files that programs run without being told their names."""


@lru_cache(maxsize=4096)
def plain_name(program: str) -> str:
    """Return the name by which a program is known here; a version counts for interpreters only."""
    name = re.split(r"[/\\]", program)[-1].casefold().removesuffix(".exe").removesuffix(".cmd")
    plain = _VERSION.sub("", name)
    return plain if plain in INTERPRETERS or plain == "pip" else name


def is_spelt_plainly(program: str) -> bool:
    """Tell whether a program is spelt as it is called: other cases are other files to some."""
    name = re.split(r"[/\\]", program)[-1]
    return name == plain_name(program) or plain_name(program) in INTERPRETERS | {"pip"}


def is_of_system(program: str) -> bool:
    """Tell whether a program is looked up by its name, or lies where the system's own do.

    To a shell of POSIX a backslash is a part of a name.
    """
    folder, sign, _ = program.rpartition("/")
    return "\\" not in program and (not sign or folder in _FOLDERS)


def is_program(word: str) -> bool:
    """Tell whether a word names a program that is known here."""
    return plain_name(word) in _EVERY


QUIET = _named(": break cd continue exit false popd pushd return set shift true wait read")
"""Built into shells; they change the shell that runs them alone, where their words are plain."""
_MAY_BE_SET = re.compile(
    r"[a-z_][a-z0-9_]{0,60}|LANG|LC_[A-Z]+|LANGUAGE|TZ|CI|NO_COLOR|FORCE_COLOR|NODE_ENV|COLUMNS"
    r"|DEBIAN_FRONTEND|DIR|DIRS|FILE|FILES|NAME|OUT|SRC|DEST|TARGET|COUNT|RESULT|LINE|A|B|C|X|Y|Z"
)
_RULES_IN_SMALL = _named(
    "_ all_proxy aliases argv auto_resume builtins cdpath commands fignore fpath ftp_proxy"
    " functions histchars home http_proxy https_proxy mailpath manpath module_path no_proxy options"
    " parameters path precmd preexec prompt psvar shell status term watch"
)
"""Variables in small letters that a shell, or a program, goes by."""
_RULING = re.compile(
    r"(?:PATH|IFS|ENV|BASH_ENV|SHELLOPTS|PROMPT_COMMAND|LD_\w+|DYLD_\w+|PYTHON\w*|NODE_\w+|GIT_\w+"
    r"|PERL\w*|RUBY\w*|JAVA_\w+|\w*EDITOR|\w*PAGER|\w*SHELL)"
)


def rules_others(variable: str) -> bool:
    """Tell whether a variable makes programs run other code."""
    return _RULING.fullmatch(variable) is not None


def may_be_set(variable: str) -> bool:
    """Tell whether no program that is known here goes by a variable: only of few that is known."""
    return _MAY_BE_SET.fullmatch(variable) is not None and variable not in _RULES_IN_SMALL
