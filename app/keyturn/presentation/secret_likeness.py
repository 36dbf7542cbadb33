"""Owns which of what looks like a secret may be hidden from a person, and which never.

An agent that wants a person to miss something could shape it like a key. So what a program or a
reader could take for words, a command, an address or an encoding of these is never hidden, however
much it looks like a secret: to show a secret to its own user is the smaller harm.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import unquote

from keyturn.domain.pattern import regex
from keyturn.presentation.visible_text import visible

LONGEST: Final = 1_024
"""Characters of what may be hidden; no token of one word is longer, and a command may be."""
LEAST: Final = 4
_LEAST_IN_TEXT: Final = 8
_DEEPEST: Final = 2
_BY_NAME: Final = frozenset({"password in a URL", "element secret"})
"""Kinds of more than one word that are told by what stands around them."""
_SECRET_LINE = re.compile(
    r"(?:(?<=[\r\n])|(?<=\\n))[ \t]*([A-Za-z0-9+/]{16,}={0,2})[ \t]*(?=\Z|\r?\n|\\[nr])"
)
"""A line of a private key's body, and nothing else: part of a line may be a host, or a path."""
_WEB_TOKEN = re.compile(r"(eyJ[\w-]*={0,2}\.eyJ[\w-]*={0,2}\.)([\w-]{16,}={0,2})")
_COMMAND = re.compile(
    r"\$[({]|`|://|\.\./|\A-|\A(?:~|\.{1,2})/|\A/[a-z]{2,}(?:/|\Z)|\A[a-z]{4,}/|[;|&<>][a-z]{2,}"
    r"|[?&#;]\w{1,40}="
)
"""What begins an option, a substitution, a path or an address, or joins a command to another."""
_ADDRESS = re.compile(
    r"(?:[A-Za-z0-9-]{1,63}\.){1,10}[A-Za-z]{2,24}(?:[:/].*)?"
    r"|.*@(?:[\w-]{1,63}\.){1,10}[A-Za-z]{2,24}|.*(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d).*"
)
"""A host, with a port or a path, a mail address, or the numbers of one."""
_JOINS = frozenset(";|&<>$`(){}?#")
"""What a shell gives a meaning to: in the midst of a text it may end what looks like a secret."""
_BEGINNING = re.compile(r"[A-Za-z]{2,12}[-_.](?:(?:[a-z]{2,4}|admin|svcacct)[-_.]){0,2}")
"""What a service marks its tokens with: "github_pat_"; longer words after it are none of its."""
_KNOWN = re.compile(
    r"pypi-AgEIcHlwaS5vcmc|pypi-AgENdGVzdC5weXBpLm9yZ|AGE-SECRET-KEY-1|_gitlab_session="
)
"""Beginnings that can be read, and are always the same."""
_BETWEEN = r"[-_./+,:=~]"
_CAPITAL = r"(?:[AEIOUY]|[A-Z](?=[a-z]{0,2}[aeiouy]))"
"""Begins a word that can be said."""
_WORDS = re.compile(
    rf"(?:[a-z]{{3,}}{_BETWEEN}){{2}}|(?:[A-Z]{{3,}}{_BETWEEN}){{2}}"
    r"|(?:[A-Za-z]?[a-z]{2,}[-_.]){2}[A-Za-z]?[a-z]{2,}|(?:[-_][a-z]{2,}){2}(?![a-z\d])"
    rf"|(?:{_CAPITAL}[a-z]{{2,}}){{4}}|(?:{_CAPITAL}[a-z]+){{5}}"
)
_SPOKEN = re.compile(
    r"(?=[a-z]{12})(?:[b-df-hj-np-tv-xz]{0,3}[aeiouy]){4}|(?=[A-Z]{12})(?:[B-DF-HJ-NP-TV-XZ]{0,3}[AEIOUY]){4}"
)
"""Letters that can be said, which chance seldom writes so many of."""
_JOINED = re.compile(
    r"(?=[A-Za-z]{12})(?:[AEIOUY][a-z]{2,9}|[A-Z]?[a-z]{0,8}[aeiouy][a-z]{1,8}){3}"
)
"""The same of words that are told apart by capitals: "deleteAllOrders"."""
_DECODES: Final = (
    r"(?:\A|[^A-Za-z])(?:base(?:16|32|58|64)|basenc|b(?:16|32|64)decode|xxd|uudecode|openssl"
    r"|eval|exec|rot13|atob|decode|unhexlify|fromhex|fromcharcode|unescape|frombase64string"
    r"|encodedcommand)(?:[^A-Za-z-]|\z)|(?:\A|[^\w-])-enc\b|\b(?:powershell|pwsh)\b"
)
"""Makes a command of what looks like chance."""
_FILTER: Final = (
    r"\b(?:gunzip|zcat|bunzip2|unxz|xz|rev|tr|printf|sed|awk|cut|perl|python[\d.]*|ruby|node|php"
    r"|sh|bash|zsh|dash|ksh|cmd|source|printenv|env|declare)(?:[^\w-]|\z)"
)
"""Does so with what is handed to it."""
_HANDS_ON: Final = r"(?:\||<<<|\$\(|`|<\(|\$\{!)"
_WITHIN: Final = r"""(?:[^"\\]|\\.)*"""
"""The rest of one text of canonical JSON."""
_MAKES_A_COMMAND: Final = (
    f"(?is){_DECODES}|{_HANDS_ON}{_WITHIN}{_FILTER}|{_FILTER}{_WITHIN}{_HANDS_ON}"
)
_TAKES: Final = (
    r"""(?:[$%!{=]|\benv[:.]|[(\[]\\?["']"""
    r"""|\b(?:system|popen|spawn\w*|run|call|check_\w+|shell_exec|passthru|proc_open|Function"""
    r"""|import\w*|require|fetch|urlopen|urlretrieve)\s*[(\[]+\s*"""
    r"""|//[^"'\\]*\\?["']\s*[+.]\s*)"""
)
"""What stands before a name whose value is wanted: by a shell, a template, or to be run."""
_NAME_BEFORE = re.compile(r"""([\w-]{1,100})\\?["']?\s*[:=]+>?\s*\\?["']?\Z""")
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_BASE32_RUN = re.compile(r"[A-Z2-7]{16,}|[a-z2-7]{16,}")
_BASE32HEX_RUN = re.compile(r"[0-9A-V]{16,}|[0-9a-v]{16,}")
_ZLIB_OR_GZIP: Final = 47
_MOST_UNPACKED: Final = 512
_NUMBERED = re.compile(
    r"\\[0-7xuU]|&#|(?:[0-9A-Fa-f]{2,3}[-:.,=%]){4}|(?:[-:.,=%][0-9A-Fa-f]{2,3}){4}"
)
"""Characters by their numbers, which a shell or a browser makes letters of."""
_LEAST_IN_BASE85: Final = 10
_HEX_RUN = re.compile(r"[0-9A-Fa-f]{12,}")
_TEXT = re.compile(
    rb"[\x20-\x7e\t\n\r]{12}|[a-z]{6}|[a-z]{2,} [-~/.$*]|[A-Za-z]{2,} [A-Za-z]{2,}"
    rb"|[;|&][a-z]{2,}[ $;|&<>\n/]"
)
"""What chance hardly ever decodes to."""
_WHOLE_TEXT = re.compile(rb"[\x20-\x7e\t\n\r]{6,}\Z")
_NAME_AND_PASSWORD = re.compile(r"[\w.@+-]{1,64}:(\S{6,64})")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")


def stretches(text: str, *, kind: str, whole: bool) -> Iterator[tuple[int, int]]:
    """Yield what may be hidden of a stretch that looks like a secret, in characters of it.

    `whole` is of a value that holds nothing else, and that a name says to be secret.
    """
    if not whole and kind != "private key" and not _JOINS.isdisjoint(text):
        return
    if len(text) > LONGEST * 8:
        return
    if kind == "private key":
        for line in _SECRET_LINE.finditer(text):
            if not reads(line[1]):
                yield line.span(1)
        return
    at = text.find("eyJ")
    token = _WEB_TOKEN.match(text, at) if at >= 0 else None
    if token is not None:
        # What it claims can be read by anybody; only the signature makes it worth stealing.
        if token.end() == len(text) and not reads(token[2]):
            yield token.span(2)
        return
    if _is_name_and_password(text):
        yield 0, len(text)
        return
    # A value named "token" may be the name of a currency, or an amount of it.
    is_password = whole and kind == "password"
    least = LEAST if is_password else _LEAST_IN_TEXT
    by_form = is_by_form(kind)
    fits = is_password or by_form or _is_mixed(text)
    if (
        least <= len(text) <= LONGEST
        and fits
        and not reads(_KNOWN.sub("", text, 1), marked=by_form)
    ):
        yield 0, len(text)


def is_telling(text: str) -> bool:
    """Tell whether a hidden value is none that stands elsewhere by chance."""
    return len(text) >= _LEAST_IN_TEXT and _is_mixed(text)


def is_by_form(kind: str) -> bool:
    """Tell whether a kind is told by how it begins, as a service marks it, and by no name."""
    return kind.rpartition(" ")[0] != "" and kind not in _BY_NAME


def may_decode(arguments: str) -> bool:
    """Tell whether canonical JSON feeds something to what could make a command of it.

    Nothing of it is hidden then: what looks like a key may be the command, wherever it stands.
    """
    return regex(_MAKES_A_COMMAND, 8 << 20).search(arguments) is not None


def named_before(text: str) -> str:
    """Return the name that a stretch after this text is given; empty for none."""
    found = _NAME_BEFORE.search(text[-200:])
    return found[1] if found is not None else ""


def refers_to(name: str, arguments: str) -> bool:
    """Tell whether something among the arguments takes the value that has this name.

    A shell, or a program that is sent along, could make a command or an address of it.
    """
    takes = rf"(?i){_TAKES}{re.escape(name)}\b"
    return regex(takes).search(arguments) is not None


def reads(text: str, deepest: int = _DEEPEST, *, marked: bool = False) -> bool:
    """Tell whether a person or a program could read words or a command out of a text.

    `marked` is of one that begins as a service marks its tokens, which are words.
    """
    # Letters of other writings are words to somebody; what cannot be seen is none of a secret.
    if not text.isascii() or not text.isprintable() or " " in text or len(visible(text)) != 1:
        return True
    if _ADDRESS.fullmatch(text):
        return True
    begun = _BEGINNING.match(text) if marked else None
    rest = text[begun.end() :] if begun is not None else text
    if any(
        pattern.search(text) for pattern in (_COMMAND, _SPOKEN, _JOINED, _NUMBERED)
    ) or _WORDS.search(rest):
        return True
    if not deepest:
        return False
    plain = unquote(text)
    if plain != text and reads(plain, deepest - 1):
        return True
    return any(
        _TEXT.search(data) or _WHOLE_TEXT.match(data)
        for found in _decoded(text)
        for data in ((found, found.replace(b"\0", b"")) if b"\0" in found else (found,))
    )


def _is_name_and_password(text: str) -> bool:
    """Tell whether it is what HTTP's basic authentication sends: both in base64."""
    try:
        told = base64.b64decode(text, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return False
    found = _NAME_AND_PASSWORD.fullmatch(told)
    return found is not None and _is_mixed(found[1]) and not reads(found[1])


def _is_mixed(text: str) -> bool:
    return _DIGIT.search(text) is not None and _LETTER.search(text) is not None


def _decoded(text: str) -> Iterator[bytes]:
    """Yield what the text could be in hexadecimal, base32, base64 or base85, also compressed."""
    yield from _in_base32(text)
    for decode in (base64.b85decode, base64.a85decode) if len(text) >= _LEAST_IN_BASE85 else ():
        with suppress(ValueError):
            yield decode(text)
    for run in _HEX_RUN.findall(text):
        for start in (0, 1):
            digits = run[start : start + (len(run) - start) // 2 * 2]
            yield from _unpacked(bytes.fromhex(digits))
    for written in (text, text[::-1]):
        yield from _in_base64(written)


def _in_base32(text: str) -> Iterator[bytes]:
    for run in _BASE32_RUN.findall(text):
        yield base64.b32decode(run[: len(run) // 8 * 8], casefold=True)
    for run in _BASE32HEX_RUN.findall(text):
        yield base64.b32hexdecode(run[: len(run) // 8 * 8], casefold=True)


def _in_base64(text: str) -> Iterator[bytes]:
    """Yield it from each of the first characters, where the first byte may begin."""
    for run in _BASE64_RUN.findall(text):
        plain = run.replace("-", "+").replace("_", "/")
        for start in range(4):
            part = plain[start : start + (len(plain) - start) // 4 * 4]
            rest = plain[start + len(part) :]
            padded = part + (rest + "=" * (4 - len(rest)) if len(rest) > 1 else "")
            with suppress(binascii.Error):
                yield from _unpacked(base64.b64decode(padded))


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Yield bytes, and what they are when zlib or gzip packed them."""
    yield data
    with suppress(zlib.error):
        yield zlib.decompressobj(_ZLIB_OR_GZIP).decompress(data, _MOST_UNPACKED)
