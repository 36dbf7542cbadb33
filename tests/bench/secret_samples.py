"""Makes secrets, texts that hold them, and what only looks like one: seeded, at run time.

Nothing of it is written down: a secret is made from the facts of a rule (beginning, alphabet,
length), put into a text the way it turns up in results, and forgotten.
"""

import base64
import hashlib
import json
import random
import re
import string
import uuid
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from keyturn.inspection.secret_context import service_facts
from keyturn.inspection.secret_shapes import shape_facts

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


class Sample(NamedTuple):
    """One secret, and the name that it needs before it; empty where its form is enough."""

    rule: str
    secret: str
    name: str = ""
    text: str = ""
    """A text of its own, where the rule is about more than a name and a value."""


class Planted(NamedTuple):
    """A text, or two that follow each other, with what must not be left of it."""

    channel: str
    texts: tuple[str, ...]
    secrets: tuple[str, ...]


def some(chance: random.Random, count: int, letters: str = ALNUM) -> str:
    """Return random characters, a digit and a letter among them where there can be."""
    while True:
        text = "".join(chance.choices(letters, k=count))
        mixed = any(c.isdigit() for c in text) and any(c.isalpha() for c in text)
        if mixed or letters.isalpha() or letters.isdigit() or count < 4:
            return text


def of_class(written: str) -> str:
    """Return the characters of a class of a regular expression, or the one that stands alone."""
    found = re.compile(written, re.ASCII)
    return "".join(c for c in map(chr, range(33, 127)) if found.fullmatch(c))


def own_samples(chance: random.Random, each: int) -> Iterator[Sample]:
    """Make secrets of every row of Keyturn's own tables."""
    for kind, beginnings, parts in shape_facts():
        for beginning in beginnings:
            for _ in range(each):
                rest = (some(chance, count, of_class(letters)) for letters, count in parts)
                yield Sample(kind, beginning + "".join(rest))
    for service, letters, least, most in service_facts():
        for number in range(each):
            name = NAMES[number % len(NAMES)].format(i=service, I=service.upper())
            if letters == "uuid":
                secret = str(uuid.UUID(int=chance.getrandbits(128), version=4))
            else:
                secret = some(chance, chance.randint(least, most), ALNUM)
            yield Sample(f"{service} key", secret, name)


NAMES = ("{i}_api_token", "{i}Token", "{I}_KEY", "{i}_auth", "{i}_secret", "{i}")
NAMED = (
    "password",
    "db_password",
    "client_secret",
    "apiKey",
    "access_token",
    "passwd",
    "PGPASSWORD",
)


def named_samples(chance: random.Random, each: int) -> Iterator[Sample]:
    """Make passwords and tokens that only their names tell."""
    for name in NAMED:
        for number in range(each):
            yield Sample(f"named {name}", some(chance, 8 + number % 24), name)


def planted(sample: Sample) -> Iterator[Planted]:
    """Put a secret into each of the texts that a result may be."""
    secret = sample.secret
    name = sample.name or "value"
    # A rule about more than a name and a value is shown in its own text, wherever that stands.
    value = sample.text or secret
    line = f"{name}={value}"
    plain = sample.text or (f"{name}: {secret}" if sample.name else f"the one for it is {secret} .")
    yield Planted("plain line", (plain,), (secret,))
    yield Planted(
        "JSON",
        (json.dumps({"n": 1, name: value, "to": "you"}),),
        (secret, json.dumps(secret)[1:-1]),
    )
    yield Planted("environment", (f"A=1\nexport {line}\nB=2\n",), (secret,))
    yield Planted("YAML", (f"a:\n  {name}: '{value}'\n  b: 1\n",), (secret,))
    asked = quote(value, safe="")
    yield Planted(
        "URL query", (f"GET https://h.example/x?a=1&{name}={asked}&b=2",), (secret, asked)
    )
    header = f"X-{name.replace('_', '-').title()}"
    yield Planted("header", (f"Host: h.example\r\n{header}: {value}\r\nA: b",), (secret,))
    encoded = base64.b64encode(f"a: 1\n{line}\n".encode()).decode()
    yield Planted("base64", (f"data: {encoded} (base64)",), (encoded,))
    percent = "".join(
        f"%{ord(c):02X}" if c not in ALNUM or n < 9 else c for n, c in enumerate(line)
    )
    yield Planted("percent", (f"see {percent} there",), (percent,))
    if not sample.name and not sample.text:
        middle = len(secret) // 2
        halves = (f"found {secret[:middle]}", f"{secret[middle:]} and more")
        yield Planted("split in two", halves, (secret[:middle], secret[middle:]))
        long = f"10:00:01 INFO worker-7 the request came with {secret[:middle]}"
        wrapped = f"{long}\n{secret[middle:]}\nnext line"
        yield Planted("broken line", (wrapped,), (secret[middle:],))


def no_secrets(chance: random.Random, each: int) -> Iterator[tuple[str, str]]:
    """Yield by its kind what looks like a secret and is none, in the texts where it stands."""
    for _ in range(each):
        for kind, value in _values(chance):
            yield from ((kind, text) for text in _texts_with(kind, value))
        yield from _lines(chance)


def _values(chance: random.Random) -> Iterator[tuple[str, str]]:
    raw = chance.randbytes(64)
    for name in ("md5", "sha1", "sha256", "sha512"):
        yield f"hash {name}", hashlib.new(name, raw).hexdigest()
    yield "hash sha256, prefixed", f"sha256:{hashlib.sha256(raw).hexdigest()}"
    yield "UUID", str(uuid.UUID(int=chance.getrandbits(128), version=4))
    yield "git commit", hashlib.sha1(raw).hexdigest()
    yield "git commit, short", hashlib.sha1(raw).hexdigest()[:10]
    yield "SRI", f"sha512-{base64.b64encode(hashlib.sha512(raw).digest()).decode()}"
    yield (
        "base64 image",
        f"data:image/png;base64,{base64.b64encode(chance.randbytes(300)).decode()}",
    )
    yield "base64 of words", base64.b64encode(_words(chance, 30).encode()).decode()
    yield "public key", f"ssh-ed25519 {base64.b64encode(chance.randbytes(51)).decode()} bob@host"
    yield (
        "time",
        f"2026-{chance.randint(10, 12)}-{chance.randint(10, 28)}T10:{chance.randint(10, 59)}:01Z",
    )
    yield (
        "version",
        f"{chance.randint(1, 9)}.{chance.randint(0, 99)}.{chance.randint(0, 99)}-rc1",
    )
    yield "path", "/".join(("", "usr", "lib", *_words(chance, 4).split(), "v2", "index.d.ts"))
    yield (
        "URL",
        f"https://docs.example.org/{_words(chance, 3).replace(' ', '/')}?id={some(chance, 5)}",
    )
    yield "ULID", some(chance, 26, "0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def _texts_with(kind: str, value: str) -> Iterator[str]:
    yield f"it is {value} there"
    yield json.dumps({"id": value, "kind": kind})
    yield f"checksum={value}"
    yield f"{kind.split()[0].lower()}: {value}"


_COMMON = (
    *("order", "pallet", "lorry", "north", "yard", "depot", "week", "dock", "permit", "author"),
    *("monkey", "keyboard", "accessible", "passage", "session", "started", "capital", "design"),
    *("signal", "resident", "certain", "turkey", "access", "api", "token", "key"),
)
_PLACEHOLDERS = (
    "<your-key>", "xxxx", "xxxxxxxxxxxxxxxx", "${VAR}", "$VAR_1", "{{ token1 }}", "********",
    "<YOUR_API_KEY_1>", "YOUR_API_KEY", "null", "${{ secrets.TOKEN1 }}",
    "process.env.API_KEY", "os.environ.TOKEN2", "vault:secret/data/app1", "[password]",
    "[GitHub token, ends ab1d]", "%TOKEN_1%", "REDACTED", "required",
)  # fmt: skip


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(_COMMON, k=count))


def _lines(chance: random.Random) -> Iterator[tuple[str, str]]:
    digest = hashlib.sha256(chance.randbytes(8)).hexdigest()
    sri = base64.b64encode(hashlib.sha512(digest.encode()).digest()).decode()
    for value in _PLACEHOLDERS:
        yield "placeholder", f"API_TOKEN={value}"
        yield "placeholder", json.dumps({"password": value})
        yield "placeholder", f"client_secret: {value}"
    yield (
        "lock file",
        f'  "resolved": "https://r.example/a/-/a-1.2.3.tgz",\n  "integrity": "sha512-{sri}"',
    )
    yield (
        "lock file",
        f"golang.org/x/net v0.17.0 h1:{base64.b64encode(chance.randbytes(32)).decode()}",
    )
    yield (
        "lock file",
        f'checksum = "{digest}"\nname = "serde"\nversion = "1.0.{chance.randint(1, 200)}"',
    )
    yield "lock file", f"requests==2.31.0 --hash=sha256:{digest}"
    pem = "\n".join(base64.b64encode(chance.randbytes(48)).decode() for _ in range(5))
    yield "public key", f"-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----"
    yield "certificate", f"-----BEGIN CERTIFICATE-----\n{pem}\n-----END CERTIFICATE-----"
    names = [some(chance, 2, string.ascii_letters) for _ in range(12)]
    body = ";".join(
        f"{a}.{b}={c}({a},{chance.randint(0, 99)})"
        for a, b, c in zip(names, names[1:], names[2:], strict=False)
    )
    yield "minified script", f"!function(e,t){{{body}}}(this.s,e.sk_a,t.keyCode1)"
    yield "prose", _words(chance, 60)
    yield (
        "listing",
        "\n".join(f"{hashlib.sha1(bytes([n])).hexdigest()} {_words(chance, 4)}" for n in range(20)),
    )
    yield "positions", json.dumps({"nextPageToken": some(chance, 24), "token_count": 1234})
    yield (
        "JSON keys",
        json.dumps([{"key": f"PROJ-{n}", "author": "bob", "api": "v2"} for n in range(9)]),
    )
    yield "public names", f'public_key = "{some(chance, 43)}"\nprimaryKey={some(chance, 20)}'
    yield "ids by name", f'jira_issue_id = "{uuid.UUID(int=chance.getrandbits(128), version=4)}"'
    yield "ids by name", f"sentry_release={digest[:40]}"
    yield "beside a secret", f"A_TOKEN=<your-token>\nIMAGE_DIGEST={digest}\nB2={digest[:40]}"
    yield "code", "token = get_token(user)\npassword = self.password\nconst key = props.apiKey;"
    yield "code", "def login(user: str, password: str) -> str:\n    secret: string;"
