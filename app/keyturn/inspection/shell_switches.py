"""Owns which switches of programs are understood: of each program those that are listed, no others.

An abbreviated, a glued or a computed switch is none of them. Sources: the manuals of GNU coreutils,
findutils and grep, of curl, wget and git.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from keyturn.inspection.shell_words import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """What a program may be given."""

    flags: str = ""
    values: str = ""
    """Letters of those that take a value."""
    long: frozenset[str] = frozenset()
    long_values: frozenset[str] = frozenset()
    numbers: bool = False
    """`-5` is one."""
    harmless: bool = False
    """Whatever a word comes to, the program only reads."""


@dataclass(frozen=True, slots=True)
class Given:
    """The words of a program, taken apart."""

    options: tuple[tuple[str, Word | None], ...]
    """Letters and long names, each with its value."""
    operands: tuple[Word, ...]

    def has(self, *names: str) -> bool:
        """Tell whether one of these is given."""
        return any(name in names for name, _ in self.options)

    def values_of(self, *names: str) -> list[Word]:
        """Return the values of these, in order."""
        return [value for name, value in self.options if name in names and value is not None]


def _of(flags: str = "", values: str = "", long: str = "", **more: bool) -> Switches:
    """Make them of letters and of long names, where `=` ends those that take a value."""
    names = long.split()
    return Switches(
        flags=flags,
        values=values,
        long=frozenset(name.rstrip("=") for name in names),
        long_values=frozenset(name[:-1] for name in names if name.endswith("=")),
        numbers=more.get("numbers", False),
        harmless=more.get("harmless", False),
    )


def _reads(flags: str = "", values: str = "", long: str = "", *, numbers: bool = False) -> Switches:
    """Make them of a program that writes nothing, whatever it is given."""
    return _of(flags, values, f"{long} help version", numbers=numbers, harmless=True)


_SUMS = _reads("bctzwa", "", "binary check text zero quiet status strict warn ignore-missing tag")
_GREP = _reads(
    "abcEFGHhiIlLnoPqrRsTUvVwxyzZ",
    "ABCDdefm",
    "after-context= before-context= context= color colour= color= count extended-regexp file="
    " files-with-matches files-without-match fixed-strings include= exclude= exclude-dir="
    " exclude-from= ignore-case invert-match line-number line-regexp max-count= no-filename"
    " no-messages null null-data only-matching perl-regexp quiet recursive regexp= silent text"
    " with-filename word-regexp line-buffered binary-files= basic-regexp",
    numbers=True,
)
READING = {
    "basename": _reads("az", "s", "multiple suffix= zero"),
    "cat": _reads("AbeEnstTuv", "", "number number-nonblank show-all show-ends squeeze-blank"),
    "cksum": _SUMS,
    "cmp": _reads("bls", "in", "bytes= ignore-initial= print-bytes quiet silent verbose"),
    "column": _reads("txneLR", "csoNOHJ", "table separator= output-separator="),
    "cut": _reads("nsz", "bcdf", "bytes= characters= delimiter= fields= complement only-delimited"),
    "df": _reads("aBhHikklmPT", "tx", "all human-readable inodes local portability print-type"),
    "diff": _reads(
        "abBcdeEfinNpqrstTuwyZ",
        "CUFILSWxX",
        "brief unified unified= context recursive new-file ignore-case ignore-all-space"
        " ignore-space-change ignore-blank-lines side-by-side suppress-common-lines color exclude="
        " report-identical-files strip-trailing-cr text width= label=",
    ),
    "dirname": _reads("z", "", "zero"),
    "du": _reads(
        "0abcDhHkLlmPsSx",
        "dBtX",
        "all apparent-size bytes human-readable max-depth= summarize total time exclude=",
    ),
    "egrep": _GREP,
    "expr": _reads(),
    "false": _reads(),
    "fgrep": _GREP,
    "grep": _GREP,
    "head": _reads("qvz", "cn", "bytes= lines= quiet silent verbose", numbers=True),
    "hexdump": _reads("bCcdovx", "efns", "canonical length= skip="),
    "id": _reads("aGgnruz", "", "group groups name real user"),
    "join": _reads("iz", "aejotv12", "ignore-case header check-order nocheck-order"),
    "ls": _reads(
        "1aAbBcCdfFgGhHiklLmnNopqQrRsStuUvxXZ",
        "ITw",
        "all almost-all author color color= classify directory full-time group-directories-first"
        " human-readable inode no-group numeric-uid-gid recursive reverse size sort= time="
        " time-style= format= ignore= hide= indicator-style=",
    ),
    "md5sum": _SUMS,
    "nl": _reads("p", "bdfhilnsvw", "body-numbering= number-width="),
    "od": _reads("abcdfhilosvx", "AjNStw", "address-radix= format= read-bytes= skip-bytes="),
    "paste": _reads("sz", "d", "delimiters= serial"),
    "pgrep": _reads("aflnovwxci", "dgGPstuU", "full list-name list-full exact newest oldest"),
    "printenv": _reads("0", "", "null"),
    "ps": _reads("aAcdefFHjlLmMNTvVwxXyZ", "CgGopqstuUOk", "forest no-headers sort= pid= ppid="),
    "pwd": _reads("LP", "", "logical physical"),
    "readlink": _reads("efmnqsvz", "", "canonicalize canonicalize-existing no-newline"),
    "realpath": _reads("eLmPqsz", "", "relative-to= relative-base= canonicalize-missing"),
    "rev": _reads(),
    "seq": _reads("w", "fs", "equal-width format= separator=", numbers=True),
    "sha1sum": _SUMS,
    "sha256sum": _SUMS,
    "sha512sum": _SUMS,
    "sleep": _reads(),
    "stat": _reads("fLtx", "c", "dereference file-system format= printf= terse"),
    "strings": _reads("afw", "ents", "all bytes= radix="),
    "sum": _reads("rs"),
    "tac": _reads("br", "s", "before regex separator="),
    "tail": _reads("Ffqrvz", "cns", "bytes= follow lines= quiet retry", numbers=True),
    "tr": _reads("cCdst", "", "complement delete squeeze-repeats truncate-set1"),
    "true": _reads(),
    "type": _reads("afptP"),
    "uname": _reads("amnoprsv", "", "all kernel-name kernel-release machine nodename"),
    "uptime": _reads("ps", "", "pretty since"),
    "wc": _reads("clLmw", "", "bytes chars lines max-line-length words"),
    "whereis": _reads("bmsu"),
    "which": _reads("as", "", "all"),
    "who": _reads("abdHlmpqrstTu"),
    "whoami": _reads(),
    # Of these a switch, or an operand more, writes or runs something.
    "date": _of("uR", "dr", "utc universal rfc-email date= reference= iso-8601 rfc-3339="),
    "sort": _of(
        "bcCdfghiMmnRrsuVz",
        "kSt",
        "ignore-case numeric-sort reverse unique key= field-separator= human-numeric-sort"
        " version-sort stable check random-sort general-numeric-sort zero-terminated",
    ),
    "uniq": _of("cdDiuz", "fsw", "count repeated unique ignore-case skip-fields= skip-chars="),
}
"""Programs that only read with these."""

_LOG = _of(
    "1pscwbzuMCRiaEGqtSn",
    "nSGLUl",
    "oneline stat graph all decorate decorate= name-only name-status patch no-patch cached staged"
    " shortstat numstat summary format= pretty pretty= since= until= after= before= author= grep="
    " max-count= reverse merges no-merges first-parent follow color color= no-color word-diff date="
    " abbrev-commit no-ext-diff no-textconv check unified= ignore-all-space ignore-space-change"
    " minimal dirstat branches tags remotes topo-order date-order stat= relative",
    numbers=True,
)
GIT_LEADING = _of("", "", "no-pager no-optional-locks")
"""Of another folder (`-C`) it would go by the settings there, and these run programs."""
GIT = {
    "blame": _of("welscft", "LCM", "line-porcelain porcelain date= root"),
    "diff": _LOG,
    "log": _LOG,
    "ls-files": _of(
        "cdmostuvz", "x", "cached deleted modified others stage exclude-standard error-unmatch"
    ),
    "merge-base": _of("a", "", "all is-ancestor"),
    "rev-list": _of("", "n", "count all max-count= since= until= first-parent no-merges reverse"),
    "rev-parse": _of("q", "", "abbrev-ref short show-toplevel verify git-dir is-inside-work-tree"),
    "show": _LOG,
    "status": _of("sbuvz", "", "short branch porcelain porcelain= ignored untracked-files="),
}
"""What of `git` only reads, with these."""

CHANGING = {
    "rm": _of("dfirRvI", "", "force recursive verbose dir interactive=", numbers=False),
    "rmdir": _of("pv", "", "parents ignore-fail-on-non-empty verbose"),
    "unlink": _of(),
    "srm": _of("frRv"),
    "shred": _of("fuvz", "n", "remove zero iterations="),
    "del": _of(),
    "erase": _of(),
    "rd": _of(),
    "chgrp": _of("cfhvR", "", "recursive no-dereference quiet silent verbose"),
    "chmod": _of("cfvR", "", "recursive quiet silent verbose"),
    "chown": _of("cfhvR", "", "recursive no-dereference quiet silent verbose"),
    "cp": _of(
        "aRdfHiLnPprTuv", "t", "archive force no-clobber recursive verbose target-directory= update"
    ),
    "install": _of("CpvT", "gmot", "group= mode= owner= target-directory= verbose"),
    "ln": _of("sfFhiLnPrTv", "t", "symbolic force no-dereference relative target-directory="),
    "mkdir": _of("pv", "m", "parents mode= verbose"),
    "mkfifo": _of("", "m", "mode="),
    "mv": _of("finTuv", "t", "force no-clobber verbose target-directory= update"),
    "tee": _of("aip", "", "append ignore-interrupts"),
    "touch": _of("achm", "dtr", "date= no-create reference= time= no-dereference"),
    "truncate": _of("co", "sr", "no-create size= reference="),
}
"""Programs whose targets are their operands, with these."""

CURL = _of(
    "#0346fGgIiLkNnOqSsv",
    "AbdeFHmorTuwXxz",
    "silent show-error fail fail-with-body location include head insecure verbose get compressed"
    " globoff netrc no-progress-meter http1.1 http2 tlsv1.2 no-buffer retry= retry-delay= max-time="
    " connect-timeout= header= request= data= data-raw= data-binary= data-ascii= data-urlencode="
    " json= form= form-string= upload-file= user= user-agent= referer= cookie= output= url= proxy="
    " range= cacert= cert= key= resolve= remote-name max-redirs= write-out=",
)
WGET = _of(
    "qvcSN46",
    "OUtTP",
    "quiet no-verbose continue spider timestamping no-check-certificate output-document= header="
    " method= body-data= body-file= post-data= post-file= timeout= tries= user-agent= user="
    " password= directory-prefix=",
)
WRAPPING = {
    "sudo": _of("nEHk", "ugp"),
    "doas": _of("n", "u"),
    "env": _of("i0", "u", "ignore-environment unset="),
    "nice": _of("", "n", "adjustment=", numbers=True),
    "ionice": _of("t", "cn"),
    "stdbuf": _of("", "ioe", "input= output= error="),
    "timeout": _of("v", "ks", "foreground preserve-status verbose signal= kill-after="),
    "time": _of("p"),
    "xargs": _of("0rtx", "adEILnPs", "null no-run-if-empty max-args= max-procs= delimiter="),
    "caffeinate": _of("dims", "t"),
    "command": _of(),
    "builtin": _of(),
    "exec": _of(),
    "busybox": _of(),
    "setsid": _of(),
}
"""Programs that run others, with these; of those that are not here none is understood."""


def taken(words: Sequence[Word], switches: Switches, *, leading: bool = False) -> Given | None:
    """Take a program's words apart; None where one of them is not understood.

    `leading`: what follows the first operand is another program's.
    """
    options: list[tuple[str, Word | None]] = []
    operands: list[Word] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word.may_be_switch and not switches.harmless:
            return None
        if word.plain and word.text == "--":
            return Given(tuple(options), (*operands, *rest))
        if not word.text.startswith("-") or word.text == "-" or not word.plain:
            operands.append(word)
            if leading:
                return Given(tuple(options), (*operands, *rest))
            continue
        found = _option(word, rest, switches)
        if found is None:
            return None
        options += found
    return Given(tuple(options), tuple(operands))


def _option(
    word: Word, rest: list[Word], switches: Switches
) -> list[tuple[str, Word | None]] | None:
    """Return what one word switches, with its value, which may be the next word."""
    if word.glued:
        return None
    if word.text.startswith("--"):
        name, sign, value = word.text[2:].partition("=")
        if name not in switches.long or (bool(sign) and name not in switches.long_values):
            return None
        if sign or name not in switches.long_values:
            return [(name, Word(text=value) if sign else None)]
        return _with_next(name, rest, switches)
    return _letters(word.text[1:], rest, switches)


def _letters(
    text: str, rest: list[Word], switches: Switches
) -> list[tuple[str, Word | None]] | None:
    if switches.numbers and text.isdigit():
        return [(text, None)]
    found: list[tuple[str, Word | None]] = []
    for n, letter in enumerate(text):
        if letter in switches.values:
            if text[n + 1 :]:
                return [*found, (letter, Word(text=text[n + 1 :]))]
            last = _with_next(letter, rest, switches)
            return None if last is None else [*found, *last]
        if letter not in switches.flags:
            return None
        found.append((letter, None))
    return found


def _with_next(
    name: str, rest: list[Word], switches: Switches
) -> list[tuple[str, Word | None]] | None:
    if not rest:
        return None
    value = rest.pop(0)
    if (value.splits or value.wild) and not switches.harmless:
        return None
    return [(name, value)]
