"""Source code: literals are masked, code stays, and private files are withheld."""

import pytest

from keyturn.domain.result_controls import Profile
from keyturn.inspection.profiles.dispatch import ToolFacts, mask_as
from keyturn.inspection.profiles.private_files import is_private


@pytest.mark.requirement("SECRET-PROFILES")
@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('API_KEY = "ab12cd34ef"', 'API_KEY = "[key]"'),
        ("const x = { password: 'hunter2x' };", "const x = { password: '[password]' };"),
        ("go(`token=ab12cd34`)", "go(`token=[token]`)"),
        ("// password=hunter2x", "// password=[password]"),
        ("password = read_password()", "password = read_password()"),
        ("password = other_value", "password = other_value"),
        ("def f(token: str, password=None):", "def f(token: str, password=None):"),
        ("secret: SecretString = value1", "secret: SecretString = value1"),
        ('f"Bearer {token}"', 'f"Bearer {token}"'),
        ("export PGPASSWORD=hunter2x", "export PGPASSWORD=[password]"),
        ("ENV API_TOKEN=abcdefgh", "ENV API_TOKEN=[token]"),
        ("    password=other_value,", "    password=other_value,"),
    ],
)
def test_a_line_of_code(line: str, shown: str) -> None:
    assert mask_as(f"import os\n{line}\n", Profile.SOURCE).text == f"import os\n{shown}\n"


def test_marks_that_nothing_closes_take_no_longer() -> None:
    text = '/* " \' ` <!-- """ password = \'x' * 8_000
    assert mask_as(text, Profile.SOURCE).text


@pytest.mark.requirement("SECRET-PRIVATE")
@pytest.mark.parametrize(
    ("path", "glob"),
    [
        ("secrets/a.py", "secrets/**"),
        ("./app/Secrets/deep/a.py", "secrets/"),
        ("app/key.pem", "*.pem"),
        ("C:\\app\\key.PEM", "*.pem"),
        ("a/b/.env", ".env"),
        ("a/b/c.txt", "**/b/*"),
    ],
)
def test_a_private_file_is_withheld(path: str, glob: str) -> None:
    shown = mask_as("nothing = 1\n", Profile.SOURCE, ToolFacts(path=path), private=(glob,))
    assert shown.text == f"[Keyturn: {path} is private, so its text is withheld]"
    assert not is_private("readme.md", (glob,))


@pytest.mark.requirement("SECRET-PRIVATE")
def test_private_files_are_withheld_where_others_stand_beside_them() -> None:
    text = "src/a.py:1:open\nsecrets/b.py:2:closed\nsecrets/b.py-3-closed\n"
    shown = mask_as(text, Profile.SOURCE, private=("secrets/**",)).text
    assert shown == "src/a.py:1:open\nsecrets/b.py:2:[private]\nsecrets/b.py-3-[private]\n"
    diff = (
        "diff --git a/x.py b/x.py\n+open\n"
        "diff --git a/secrets/y.py b/secrets/y.py\n+closed\n"
        "diff --git a/z.py b/z.py\n+open\n"
    )
    shown = mask_as(diff, Profile.SOURCE, private=("secrets/**",)).text
    assert "closed" not in shown
    assert shown.count("+open") == 2


@pytest.mark.requirement("SECRET-PRIVATE")
@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize(
    "path", ["secrets/a.log", "x/../secrets/a.csv", "SECRETS//a.yaml", "secrets\\a.py", "secrets/a"]
)
def test_no_profile_and_no_spelling_leads_round_what_is_private(
    profile: Profile, path: str
) -> None:
    shown = mask_as("closed: 1\n", profile, ToolFacts(path=path), private=("secrets/**",))
    assert "closed" not in shown.text
    listed = f"{path}:1:closed\n"
    if "/" in path:
        assert "closed" not in mask_as(listed, profile, private=("secrets/**",)).text
