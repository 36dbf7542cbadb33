"""Secrets that are encoded or broken in two, in texts where neighbours must stay."""

import base64
import json
import random
from urllib.parse import quote

import pytest

from keyturn.inspection.secrets import MOST_IN_A_WORKER, DetectSecretsMask
from tests.bench.secret_samples import HEX, some

CHANCE = random.Random(20261130)
MASK = DetectSecretsMask()


def token() -> str:
    return "ghp_" + some(CHANCE, 36)


@pytest.mark.requirement("SECRET-ENCODED")
@pytest.mark.parametrize("alphabet", ["standard", "url"])
@pytest.mark.parametrize("before", ["", "a", "ab"])
def test_a_secret_in_base64_is_masked_with_all_of_its_base64(before: str, alphabet: str) -> None:
    encode = base64.b64encode if alphabet == "standard" else base64.urlsafe_b64encode
    encoded = encode(f"{before}text {token()} ends?>~~".encode()).decode()
    assert MASK.mask(f"see {encoded} here") == "see [GitHub token in base64] here"


@pytest.mark.requirement("SECRET-ENCODED")
def test_base64_of_base64_over_lines_and_of_a_shell_is_read() -> None:
    twice = base64.b64encode(base64.b64encode(f"a: {token()}".encode())).decode()
    assert MASK.mask(twice) == "[GitHub token in base64]"
    lines = base64.encodebytes(f"{'words ' * 20}{token()} {'more ' * 20}".encode()).decode()
    assert MASK.mask(f"a\n{lines}z") == "a\n[GitHub token in base64]\nz"
    shell = base64.b64encode(f"$t = '{token()}'".encode("utf-16-le")).decode()
    assert (
        MASK.mask(f"pwsh -EncodedCommand {shell}")
        == "pwsh -EncodedCommand [GitHub token in base64]"
    )


@pytest.mark.requirement("SECRET-ENCODED", "SECRET-FALSE")
def test_base64_of_anything_else_stays() -> None:
    for raw in (b"only some words, and more of them", CHANCE.randbytes(3_000), bytes(400)):
        text = f"see {base64.b64encode(raw).decode()} here"
        assert MASK.mask(text) == text


@pytest.mark.requirement("SECRET-ENCODED")
def test_escapes_hide_no_secret_and_stay_around_it() -> None:
    secret = token()
    ending = f"[GitHub token, ends {secret[-4:]}]"
    assert MASK.mask(f"a%20b=%67%68p{secret[3:]}%20c") == f"a%20b={ending}%20c"
    escaped = f'{{"a": "\\u0067\\x68p_{secret[4:]}\\u0020b"}}'
    assert MASK.mask(escaped) == f'{{"a": "{ending}\\u0020b"}}'
    twice = quote(quote(f"password={secret[4:20]}!", safe=""), safe="")
    assert secret[4:20] not in MASK.mask(twice)
    assert secret[4:20] not in MASK.mask(f"password%3D%FF{secret[4:20]}%E2")
    assert MASK.mask("100%25 of %E2%82%AC and \\u00e9") == "100%25 of %E2%82%AC and \\u00e9"


@pytest.mark.requirement("SECRET-ENCODED")
def test_json_with_escapes_stays_json() -> None:
    text = json.dumps({"note": f"é\u0001 {token()}", "b": 'said "x"', "api_key": 123456789})
    masked = json.loads(MASK.mask(text))
    assert masked["b"] == 'said "x"'
    assert masked["api_key"] == "[key]"


@pytest.mark.requirement("SECRET-BROKEN")
@pytest.mark.parametrize("at", range(1, 40, 3))
def test_a_secret_that_two_texts_share_is_masked_in_both(at: int) -> None:
    secret = token()
    first, second = MASK.mask_each([f"it is {secret[:at]}", f"{secret[at:]} they said"])
    # Its last four characters may themselves be broken in two: then they are not shown.
    assert first.removeprefix("it is ").startswith("[GitHub token")
    assert second == first.removeprefix("it is ") + " they said"


@pytest.mark.requirement("SECRET-BROKEN")
def test_a_secret_in_three_texts_and_over_a_line_end() -> None:
    secret = "dop_v1_" + some(CHANCE, 64, HEX)
    texts = MASK.mask_each([secret[:20], secret[20:40], f"{secret[40:]}\nwords"])
    assert [text.partition(",")[0] for text in texts] == ["[DigitalOcean token"] * 3
    wrapped = (
        f"10:00:01 INFO worker-7 the request came with {secret[:30]}\r\n    {secret[30:]}\nnext"
    )
    assert MASK.mask(wrapped).endswith(f"came with [DigitalOcean token, ends {secret[-4:]}]\nnext")


@pytest.mark.requirement("SECRET-BROKEN", "SECRET-FALSE")
def test_what_follows_a_whole_secret_stays() -> None:
    secret = token()
    ending = f"[GitHub token, ends {secret[-4:]}]"
    assert MASK.mask(f"{secret}\nnext line") == f"{ending}\nnext line"
    assert MASK.mask_each([f"a {secret}", "word one", "two"]) == [f"a {ending}", "word one", "two"]
    settings = f"API_TOKEN={secret}\nIMAGE=3f786850e387550fdab836ed7e6dc881de23001b\nPORT2=ab12cd34"
    assert MASK.mask(settings) == settings.replace(secret, ending)


@pytest.mark.requirement("SECRET-FALSE")
@pytest.mark.parametrize(
    "text",
    [
        "GITHUB_API_KEY=\nDYNATRACE_API_KEY=\n",
        'rookTable = "0023452Lllk2KqjLBvaxANWEgTd7bqjsxjo8aZj0wd"',
        "org.slf4j.slf4j-api:jar:1.7.8.:compile",
        "https://indieweb.org/images/3/35/2018-250-xoxo-indieweb-1.jpg",
        "password = getpass.getpass(prompt)",
        "password = self.password",
        "x-sk_lively and task_list_items",
        "token_ttl: 3600",
        "session: 3f786850-e875-40fd-ab83-6ed7e6dc8812",
        "signature=3f786850e387550fdab836ed7e6dc881",
        "auth_digest = '3f786850e387550fdab836ed7e6dc881de23001b'",
        f"words.{some(CHANCE, 24)}",
        "dop_v1_" + "0" * 64,
        "AIza" + "x" * 35,
    ],
)
def test_code_and_names_are_no_secrets(text: str) -> None:
    assert DetectSecretsMask(MOST_IN_A_WORKER).mask(text) == text


@pytest.mark.requirement("SECRET-FOUND")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer {}", "Authorization: Bearer [authorization]"),
        ('"authorization": "Basic {}=="', '"authorization": "Basic [authorization]"'),
        ("<apiPassword>{}</apiPassword>", "<apiPassword>[element secret]</apiPassword>"),
        ('<add key="Password" value="{}" />', '<add key="Password" value="[element secret]" />'),
        ("curl -s -u bob:{} https://x.example", "curl -s -u bob:[password] https://x.example"),
        ('var apiKey string = "{}"', 'var apiKey string = "[secret]"'),
        ("HEROKU_THING = '12345678-90ab-4cde-8f01-{}'", "HEROKU_THING = '[key, ends {}]'"),
    ],
)
def test_what_stands_before_it_tells_a_secret(text: str, shown: str) -> None:
    secret = some(CHANCE, 12, HEX)
    assert MASK.mask(text.format(secret)) == shown.format(secret[-4:])
