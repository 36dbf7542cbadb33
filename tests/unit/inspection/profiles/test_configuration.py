"""Configurations: which values are masked by their keys, and that the keys stay."""

import tomllib

import pytest
import yaml

from keyturn.application.ports.inspection import MASKED_WHOLE
from keyturn.domain.result_controls import Profile
from keyturn.inspection.profiles.configuration import Syntax, masked_configuration, syntax_of
from keyturn.inspection.profiles.dispatch import ToolFacts, mask_as

KEEP = [
    *("${DB}", "$DB1", "vault:kv/app", "/etc/app/tls.key", "true", "3600", "{{ secret1 }}"),
    *("<your-key>", "./certs/a.pem", "arn:aws:secretsmanager:eu:1:secret:x", "30s", "null"),
]


def shown(text: str) -> str:
    return mask_as(text, Profile.CONFIG).text


@pytest.mark.requirement("SECRET-PROFILES")
@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("DB_PASSWORD=hunter2x", "DB_PASSWORD=[password]"),
        ('export API_KEY="a b c d"  # why', 'export API_KEY="[key]"  # why'),
        ("stripe.api.key = abcd1234 ; why", "stripe.api.key = [key] ; why"),
        ("smtpPassword: 'hunter2x'", "smtpPassword: '[password]'"),
        ("# password=hunter2x", "# password=[password]"),
        ("JWT_SECRET=hunter2x", "JWT_SECRET=[secret]"),
        ("url=postgres://a:hunter2@db/x", "url=postgres://a:[password in a URL]@db/x"),
        ("token_ttl=36000", "token_ttl=36000"),
        ("PASSWORD_FILE=/run/secrets/x", "PASSWORD_FILE=/run/secrets/x"),
        ("secret_name=app-one", "secret_name=app-one"),
        ("password_min_length=12", "password_min_length=12"),
        ("public_key=AbC123dEf456GhI789", "public_key=AbC123dEf456GhI789"),
    ],
)
def test_a_line(line: str, masked: str) -> None:
    text, expected = f"A=1\n{line}\nB=2\n", f"A=1\n{masked}\nB=2\n"
    assert masked_configuration(text, Syntax.LINES).text == expected


@pytest.mark.requirement("SECRET-PROFILES")
@pytest.mark.parametrize(
    "form",
    [
        "note: 'the password: {}'\n",
        'note = "a; password={}"\n',
        '{{"note": "token={}"}}',
        "NOTE=pwd={}\n",
    ],
)
def test_a_name_within_a_value_still_tells(form: str) -> None:
    assert "hunter2x" not in shown(form.format("hunter2x"))


@pytest.mark.requirement("SECRET-FALSE")
@pytest.mark.parametrize("value", KEEP)
def test_references_paths_and_settings_stay(value: str) -> None:
    for text in (f"a: 1\npassword: {value}\n", f"PASSWORD={value}\nA=1\n"):
        if "{{" not in text or ":" not in text:
            assert shown(text) == text


@pytest.mark.requirement("SECRET-FORM")
def test_yaml_keeps_keys_comments_blocks_and_documents() -> None:
    text = (
        "# why\na: &x\n  password: hunter2x # c\n  list: [one, two]\nb: *x\n"
        "tls_secret: |\n  line one\n  line two\n\n# next\nn: 1\n---\nkind: Secret\n"
        "metadata: {name: app}\ndata:\n  a: aHVudGVy\n  b: !!binary aHVudGVy\n"
    )
    first, second = yaml.safe_load_all(shown(text))
    assert first == {
        "a": {"password": "[password]", "list": ["one", "two"]},
        "b": {"password": "[password]", "list": ["one", "two"]},
        "tls_secret": "[secret]",
        "n": 1,
    }
    assert second["metadata"] == {"name": "app"}
    assert set(second["data"]) == {"a", "b"}
    assert "aHVudGVy" not in shown(text)
    assert "# c\n" in shown(text)
    assert "# next\n" in shown(text)


@pytest.mark.requirement("SECRET-FORM")
def test_toml_keeps_its_types_but_for_what_is_masked() -> None:
    text = (
        'a = 1 # c\n[db]\npassword = "hunter2x"\npin = 123456\n'
        "'api key' = 'abcd1234'\nurl = { token = \"abcd1234\", n = 2 }\n"
        'pem_secret = """\nline one\nline two"""\nwhen = 2026-11-29\n'
    )
    read = tomllib.loads(shown(text))
    assert read["a"] == 1
    assert read["db"]["password"] == "[password]"
    assert read["db"]["pin"] == "[card secret]"
    assert read["db"]["api key"] == "[key]"
    assert read["db"]["url"] == {"token": "[token]", "n": 2}
    assert read["db"]["pem_secret"] == "[secret]"
    assert "# c\n" in shown(text)


def test_the_syntax_is_found_out() -> None:
    assert syntax_of('{"a": 1}') is Syntax.JSON
    assert syntax_of("[a]\nb = 1\n") is Syntax.TOML
    assert syntax_of("a:\n  b: 1\n") is Syntax.YAML
    assert syntax_of("A=1\nB=two words\n") is Syntax.LINES
    assert syntax_of("; c\n[a]\nb = 1\n") is Syntax.LINES


@pytest.mark.requirement("SECRET-FORM")
def test_what_could_not_keep_its_keys_is_masked_whole() -> None:
    # A key that never ends takes the next settings with it.
    for text in ("a: -----BEGIN PRIVATE KEY-----\nb: 1\n", "A=-----BEGIN PRIVATE KEY-----\nB=1\n"):
        assert shown(text) == MASKED_WHOLE
    assert list(yaml.safe_load(shown(f"a: {{b: 1, c: [x, '{'AKIA' + 'Q7' * 8}']}}\n"))["a"]) == [
        *("b", "c")
    ]


def test_a_file_tells_its_syntax() -> None:
    text = "password hunter2x\n[x]\n"
    facts = ToolFacts(path="conf/.env.local")
    assert mask_as(text, Profile.AUTO, facts).text == "password [password]\n[x]\n"
