"""Makes a labelled set for each profile: texts, what is secret in them, and what must stay."""

import base64
import csv
import hashlib
import io
import json
import random
import string
import uuid
from collections.abc import Callable, Iterator
from typing import NamedTuple

from keyturn.domain.result_controls import Profile
from keyturn.inspection.profiles.dispatch import ToolFacts
from tests.bench.secret_samples import ALNUM, HEX, some


class Labelled(NamedTuple):
    """A text with labels; `path` says what file it is from, empty where it is none."""

    form: str
    text: str
    secrets: tuple[str, ...]
    kept: tuple[str, ...]
    path: str = ""

    @property
    def facts(self) -> ToolFacts:
        """What a call would say of it."""
        return ToolFacts(path=self.path)


def _token(chance: random.Random) -> str:
    beginning, count, letters = chance.choice(
        (("ghp_", 36, ALNUM), ("glpat-", 20, ALNUM), ("dop_v1_", 64, HEX), ("hf_", 34, "abcXYZ"))
    )
    return beginning + some(chance, count, letters)


def _uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _private_key(chance: random.Random) -> str:
    body = "\n".join(base64.b64encode(chance.randbytes(48)).decode() for _ in range(3))
    return f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"


def logs(chance: random.Random) -> Iterator[Labelled]:
    """Logs of a web server, an application and a shell."""
    bearer, sid, parameter = some(chance, 32), some(chance, 26), some(chance, 20)
    one, two, three = (some(chance, 14) for _ in range(3))
    dsn, token, signed = some(chance, 12), _token(chance), some(chance, 64, HEX)
    request, digest = _uuid(chance), hashlib.sha1(token.encode()).hexdigest()
    time = f"2026-11-{chance.randint(10, 28)}T10:{chance.randint(10, 59)}:01.123Z"
    text = (
        f"{time} INFO request={request} GET /v1/items?page=2&"
        f"access_token={parameter}&q=a 200 12ms\n"
        f"{time} DEBUG > Authorization: Bearer {bearer}\n"
        f"{time} DEBUG > Cookie: theme=dark; sid={sid}\n"
        f"{time} DEBUG < Set-Cookie: session={one}; Path=/; HttpOnly; SameSite=Lax\n"
        f"{time} INFO connecting to postgres://app:{two}@db.example:5432/shop?sslmode=require\n"
        f"{time} INFO dsn app:{dsn}@tcp(db.example:3306)/shop\n"
        f"{time} INFO Server=db;User Id=app;Password={three};Encrypt=true\n"
        f"{time} WARN image sha256:{digest} pulled, trace_id={request.replace('-', '')}\n"
        f"{time} INFO pushing with {token}\n"
        f"{time} INFO GET https://s.example/o?X-Amz-Date=20261129T100001Z"
        f"&X-Amz-Signature={signed}\n"
        f'10.0.0.7 - - [29/Nov/2026:10:00:01 +0000] "GET /a/{digest} HTTP/1.1" 200 5123 "-" "c/8"\n'
    )
    kept = (time, request, digest, "page=2", "theme=", "sslmode=require", "User Id=app", "Path=/",
            "10.0.0.7", "5123", "X-Amz-Date=20261129T100001Z", "db.example:3306")  # fmt: skip
    yield Labelled(
        "log", text, (bearer, sid, parameter, one, two, three, dsn, token, signed), kept, "app.log"
    )


_COLUMNS = ("id", "email", "password_hash", "api_token", "ssn", "card", "iban", "created_at", "sku")


def _card(chance: random.Random) -> str:
    digits = "4" + some(chance, 14, string.digits)
    doubled = sum(sum(divmod(int(digit) * 2, 10)) for digit in digits[::-2])
    single = sum(int(digit) for digit in digits[-2::-2])
    return digits + str(-(doubled + single) % 10)


def _iban(chance: random.Random) -> str:
    account = some(chance, 18, string.digits)
    rest = int(account + "131400") % 97
    return f"DE{98 - rest:02}{account}"


def _row(chance: random.Random, number: int) -> dict[str, str]:
    ssn = f"{chance.randint(100, 665)}-{chance.randint(10, 99)}-{chance.randint(1000, 9999)}"
    return {
        "id": str(number),
        "email": f"{some(chance, 6).lower()}@x.example",
        "password_hash": hashlib.sha256(ssn.encode()).hexdigest()[:20],
        "api_token": some(chance, 12),
        "ssn": ssn,
        "card": _card(chance),
        "iban": _iban(chance),
        "created_at": f"2026-11-{chance.randint(10, 28)}",
        "sku": some(chance, 13, string.digits).replace("4", "9"),
    }


def rows(chance: random.Random) -> Iterator[Labelled]:
    """The same result of a query in every form that servers answer with."""
    made = [_row(chance, number) for number in range(100, 104)]
    secret = ("password_hash", "api_token", "ssn", "card", "iban")
    secrets = tuple(row[name] for row in made for name in secret)
    kept = tuple(row[name] for row in made for name in ("id", "email", "created_at"))
    yield Labelled("JSON rows", json.dumps(made), secrets, kept)
    lines = "\n".join(json.dumps(row) for row in made)
    yield Labelled("one JSON row a line", lines, secrets, kept)
    for form, separator in (("comma-separated", ","), ("tab-separated", "\t")):
        written = io.StringIO()
        writer = csv.writer(written, delimiter=separator, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows([row[name] for name in _COLUMNS] for row in made)
        yield Labelled(form, written.getvalue(), secrets, kept)
    width = 24
    head = " | ".join(name.ljust(width) for name in _COLUMNS)
    body = "\n".join(" | ".join(row[name].ljust(width) for name in _COLUMNS) for row in made)
    rule = "-+-".join("-" * width for _ in _COLUMNS)
    yield Labelled("drawn with bars", f" {head}\n-{rule}\n {body}\n(4 rows)\n", secrets, kept)
    edge = "+" + "+".join("-" * (width + 2) for _ in _COLUMNS) + "+"
    boxed = "\n".join(f"| {line} |" for line in body.split("\n"))
    text = f"{edge}\n| {head} |\n{edge}\n{boxed}\n{edge}\n"
    yield Labelled("drawn in a box", text, secrets, kept)


def configurations(chance: random.Random) -> Iterator[Labelled]:
    """The same settings in every syntax."""
    password, token, key, url = (some(chance, count) for count in (16, 24, 32, 14))
    digest, reference = hashlib.sha256(key.encode()).hexdigest(), "${DB_PASSWORD}"
    secrets = (password, token, key, url)
    kept = (reference, digest, "/etc/app/tls.key", "vault:kv/app", "3600", "a comment", "app:")
    dsn = f"postgres://app:{url}@db/x"
    values = [
        ("db_password", password), ("db_password_ref", reference), ("api_token", token),
        ("signing_key", key), ("image_digest", digest), ("tls_key_file", "/etc/app/tls.key"),
        ("old_secret", "vault:kv/app"), ("token_ttl", "3600"), ("database_url", dsn),
        ("debug", "true"),
    ]  # fmt: skip
    env = "".join(f"{name.upper()}={value}\n" for name, value in values)
    yield Labelled(".env", f"# a comment\n{env}", secrets, kept, ".env")
    quoted = "".join(f'export {name.upper()}="{value}"\n' for name, value in values)
    yield Labelled(".env, quoted", f"# a comment\n{quoted}", secrets, kept, "prod.env")
    lines = "".join(f"app.{name.replace('_', '.')}={value}\n" for name, value in values)
    yield Labelled("properties", f"! a comment\n{lines}", secrets, kept, "app.properties")
    ini = "".join(f"{name} = {value}\n" for name, value in values)
    yield Labelled("INI", f"; a comment\n[app]\n{ini}", secrets, kept, "app.ini")
    toml = "".join(f'{name} = "{value}"\n' for name, value in values)
    yield Labelled("TOML", f"# a comment\n[app]\n{toml}", secrets, kept, "app.toml")
    yaml = "".join(f"  {name}: {value}\n" for name, value in values)
    pem = _private_key(chance)
    block = "".join(f"    {line}\n" for line in pem.split("\n"))
    inner = tuple(pem.split("\n")[1:-1])
    text = f"# a comment\napp:\n{yaml}  tls: |\n{block}list: [a, b]\n"
    yield Labelled("YAML", text, (*secrets, *inner), (*kept, "list: [a, b]"), "app.yaml")
    body = json.dumps({"app": dict(values), "n": "a comment", "tls": pem}, indent=1)
    yield Labelled("JSON", body, (*secrets, *inner), kept, "app.json")
    encoded = base64.b64encode(password.encode()).decode()
    secret = (
        f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: app-secret\ndata:\n  pw: {encoded}\n"
    )
    yield Labelled("Kubernetes secret", secret, (encoded,), ("name: app-secret",), "secret.yaml")


def sources(chance: random.Random) -> Iterator[Labelled]:
    """Programs with literals that are secret, and code that only speaks of secrets."""
    key, password, url, token = some(chance, 32), some(chance, 14), some(chance, 12), _token(chance)
    digest = hashlib.sha256(key.encode()).hexdigest()
    secrets = (key, password, url, token)
    python = (
        f'import os\n\nAPI_KEY = "{key}"\nDIGEST = "{digest}"\n'
        f'password = os.environ["DB_PASSWORD"]\ntoken = get_token(password)\n'
        f"def login(user: str, password: str, *, token: str | None = None) -> None:\n"
        f'    connect("postgres://app:{url}@db/x", password=password)\n'
        f"    # for tests: password='{password}'\n"
        f'    push("{token}")\n    secret = self.secret_store.read(name)\n'
    )
    kept = (digest, 'os.environ["DB_PASSWORD"]', "get_token(password)", "password: str",
            "password=password", "self.secret_store.read(name)")  # fmt: skip
    yield Labelled("Python", python, secrets, kept, "app/login.py")
    script = (
        f"const apiKey = '{key}';\nconst token = process.env.API_TOKEN;\n"
        f'const db = {{ password: `{password}`, url: "https://app:{url}@db.example" }};\n'
        f"export async function login({{ password, token }}) {{\n"
        f'  await push("{token}", {{ password: props.password }});\n'
        f"  // integrity {digest}\n  const secretName = getSecretName(token);\n}}\n"
    )
    kept = ("process.env.API_TOKEN", "{ password, token }", digest, "props.password",
            "getSecretName(token)")  # fmt: skip
    yield Labelled("JavaScript", script, secrets, kept, "src/login.ts")
    go = (
        f'package main\n\nvar apiKey string = "{key}"\n\n'
        f'func open() error {{\n\tpassword := os.Getenv("PASSWORD")\n'
        f'\tdb, err := sql.Open("mysql", "https://app:{url}@db/x")\n'
        f'\tcfg := Config{{Password: "{password}", Token: token, Sum: "{digest}"}}\n'
        f'\treturn push(ctx, "{token}")\n}}\n'
    )
    kept = ('os.Getenv("PASSWORD")', "Token: token", digest, "func open() error")
    yield Labelled("Go", go, secrets, kept, "main.go")


SETS: tuple[tuple[Profile, Callable[[random.Random], Iterator[Labelled]]], ...] = (
    (Profile.LOG, logs),
    (Profile.SQL, rows),
    (Profile.CONFIG, configurations),
    (Profile.SOURCE, sources),
)
