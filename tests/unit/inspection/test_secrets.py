"""What is masked and what is not; every secret here is made when the test runs."""

import base64
import hashlib
import json
import random
import string
import subprocess
import sys
import time
import uuid
from collections.abc import Callable

import pytest

from keyturn.inspection.secrets import DetectSecretsMask

CHANCE = random.Random(20261123)
ALNUM = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits


def some(count: int, letters: str = ALNUM) -> str:
    return "".join(CHANCE.choices(letters, k=count))


def web_token() -> str:
    parts = [json.dumps({"alg": "HS256"}), json.dumps({"sub": some(8)})]
    encoded = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, some(43)])


def private_key(kind: str = "RSA ", header: str = "") -> str:
    body = "\n".join(some(64) for _ in range(4))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{header}{body}\n-----END {kind}PRIVATE KEY-----"


KINDS: list[tuple[str, Callable[[], str]]] = [
    ("AWS access key", lambda: "AKIA" + some(16, UPPER)),
    ("AWS access key", lambda: "ASIA" + some(16, UPPER)),
    ("GitHub token", lambda: "ghp_" + some(36)),
    ("GitHub token", lambda: "github_pat_" + some(82)),
    ("GitLab token", lambda: "glpat-" + some(20)),
    ("GitLab token", lambda: "glagent-" + some(60)),
    ("Slack token", lambda: f"xoxb-{some(12, string.digits)}-{some(12, string.digits)}-{some(24)}"),
    ("Slack token", lambda: f"https://hooks.slack.com/services/T{some(8)}/B{some(8)}/{some(24)}"),
    ("Stripe key", lambda: "sk_" + "live_" + some(24)),
    ("Stripe key", lambda: "rk_" + "test_" + some(24)),
    ("web token", web_token),
    ("OpenAI key", lambda: f"sk-{some(20)}T3BlbkFJ{some(20)}"),
    ("Anthropic key", lambda: "sk-ant-" + some(40)),
    ("PyPI token", lambda: "pypi-AgEIcHlwaS5vcmc" + some(80)),
    ("npm token", lambda: "npm_" + some(36)),
    ("SendGrid key", lambda: f"SG.{some(22)}.{some(43)}"),
    ("Twilio key", lambda: "SK" + some(32, "0123456789abcdef")),
    ("Telegram token", lambda: f"{some(9, '123456789')}:AA{some(33)}"),
    ("Discord token", lambda: f"MTk{some(21)}.{some(6)}.{some(27)}"),
]
FORMS = ["{}", "the value is {} today", 'header: "{}"', "x={};", "é😀 {}", "line\n{}\nline"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("kind", "make"), KINDS, ids=lambda value: str(value)[:20])
def test_a_secret_is_told_by_its_form(kind: str, make: Callable[[], str], form: str) -> None:
    secret = make()
    masked = DetectSecretsMask().mask(form.format(secret))
    assert secret not in masked
    assert masked == form.format(f"[{kind}, ends {secret[-4:]}]")


def test_no_end_of_a_long_token_is_left() -> None:
    secret = "ghp_" + some(60)
    assert DetectSecretsMask().mask(secret) == f"[GitHub token, ends {secret[-4:]}]"


@pytest.mark.parametrize(
    "key",
    [
        private_key(),
        private_key("EC "),
        private_key(""),
        private_key("RSA ", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"),
        private_key().split("-----END")[0],
    ],
)
def test_a_private_key_is_masked_whole(key: str) -> None:
    mask = DetectSecretsMask()
    assert mask.mask(f"before {key}") == "before [private key]"
    masked = json.loads(mask.mask(json.dumps({"a": key, "b": "kept"})))
    assert masked == {"a": "[private key]", "b": "kept"}


def test_several_secrets_in_one_text_are_all_masked() -> None:
    one, other = "ghp_" + some(36), "AKIA" + some(16, UPPER)
    masked = DetectSecretsMask().mask(f"{one} {other} {one}")
    assert masked == (
        f"[GitHub token, ends {one[-4:]}] [AWS access key, ends {other[-4:]}] "
        f"[GitHub token, ends {one[-4:]}]"
    )


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("password={}", "password=[password]"),
        ("PASSWORD: '{} x'", "PASSWORD: '[password]'"),
        ("db_password := {}", "db_password := [password]"),
        ("token: {}", "token: [token]"),
        ("api_key => {}", "api_key => [key]"),
        ("contraseña={}", "contraseña=[password]"),
        ("clientSecret={}&x=1", "clientSecret=[secret]&x=1"),
        ("https://bob:{}@db.example/x", "https://bob:[password in a URL]@db.example/x"),
        ("postgres://:{}@db/x", "postgres://:[password in a URL]@db/x"),
        ('{{"password":"{}"}}', '{{"password":"[password]"}}'),
        ('{{"password":"a b {}"}}', '{{"password":"[password]"}}'),
        ('{{"password":"a\\"b{}\\\\"}}', '{{"password":"[password]"}}'),
        ('{{"a":"{{\\"token\\":\\"{}\\"}}"}}', '{{"a":"{{\\"token\\":\\"[token]\\"}}"}}'),
    ],
)
def test_a_secret_is_told_by_the_name_before_it(text: str, masked: str) -> None:
    secret = some(6) + "7x"
    assert DetectSecretsMask().mask(text.format(secret)) == masked.format()


@pytest.mark.parametrize("joint", ["", "_"])
@pytest.mark.parametrize(
    "whose", ["api", "auth", "access", "account", "client", "private", "service", "signing"]
)
def test_a_key_is_told_by_whose_it_is_in_whatever_letters(whose: str, joint: str) -> None:
    secret = some(6) + "7x"
    for name in (f"{whose}{joint}key", f"{whose.upper()}{joint}KEY", f"my_{whose}{joint}Key"):
        assert DetectSecretsMask().mask(f"{name}={secret}") == f"{name}=[key]"


def test_a_long_named_secret_shows_its_end() -> None:
    secret = some(24)
    masked = DetectSecretsMask().mask(f"password={secret}")
    assert masked == f"password=[password, ends {secret[-4:]}]"
    key = some(40)
    assert DetectSecretsMask().mask(f'aws_secret_key = "{key}"') == (
        f'aws_secret_key = "[AWS secret key, ends {key[-4:]}]"'
    )
    azure = f"AccountKey={some(86)}=="
    assert DetectSecretsMask().mask(azure) == "[Azure storage key]"
    npm = some(36)
    assert DetectSecretsMask().mask(f"//registry/:_authToken={npm}") == (
        f"//registry/:_authToken=[npm token, ends {npm[-4:]}]"
    )


def test_json_stays_json_when_a_number_is_masked() -> None:
    masked = DetectSecretsMask().mask('{"api_key":123456,"n":1}')
    assert json.loads(masked) == {"api_key": "[key]", "n": 1}


NO_SECRETS = [
    hashlib.sha256(b"a").hexdigest(),
    hashlib.sha1(b"a").hexdigest(),
    f"commit {hashlib.sha1(b'b').hexdigest()}",
    f"sha256:{hashlib.sha256(b'c').hexdigest()}",
    f"sha512-{base64.b64encode(hashlib.sha512(b'd').digest()).decode()}",
    str(uuid.UUID(int=7)),
    f"id: {uuid.UUID(int=8)}",
    f"ssh-ed25519 {base64.b64encode(bytes(range(51))).decode()} bob@host",
    "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQ\n-----END PUBLIC KEY-----",
    "nextPageToken: abc123def",
    '{"cursor_token":"abc123def"}',
    "tokens: 123456",
    "token_count=12345",
    "max_tokens=4096",
    "password_file=/srv/p.txt",
    "secret_name: ship-prod1",
    "The secret: everything is fine.",
    "The token: Nothing",
    "password: required",
    "password=null",
    "password=${PASSWORD}",
    "password=$PASSWORD1",
    "password: {{ password1 }}",
    "password=<your-password-1>",
    "key: value123",
    "https://docs.example.org/a:b@c",
    "https://docs.example.org/?next=bob:word@host",
    "eyJub3QiOiJhIHRva2VuIn0.eyJub3QganNvbiA.x",
    "14 Quarry Road, Hangar 9",
    "",
]


@pytest.mark.parametrize("text", NO_SECRETS)
def test_what_is_no_secret_is_untouched(text: str) -> None:
    assert DetectSecretsMask().mask(text) == text
    quoted = json.dumps({"note": text})
    assert DetectSecretsMask().mask(quoted) == quoted


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    ["password" * 50_000, 'token:"a' * 50_000, "://a:" * 80_000, "eyJ" * 100_000, "a" * 500_000],
)
def test_no_text_can_stall_the_masking(text: str) -> None:
    started = time.monotonic()
    DetectSecretsMask().mask(text)
    assert time.monotonic() - started < 10


def test_no_http_library_comes_with_the_patterns() -> None:
    # In a process of its own: another test may have loaded one. Whoever needs it still gets it.
    code = (
        "import sys; from keyturn.inspection.secrets import DetectSecretsMask\n"
        "assert not {'requests', 'urllib3'} & set(sys.modules)\n"
        "assert DetectSecretsMask().mask(sys.argv[1]) != sys.argv[1]\n"
        "import requests\n"
        "assert requests.Session"
    )
    token = "ghp_" + some(36)
    subprocess.run([sys.executable, "-c", code, token], check=True, timeout=60)
