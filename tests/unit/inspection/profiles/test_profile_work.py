"""No text stalls a profile: work is counted where it can be, and else grows with the text."""

import pytest

from keyturn.domain.result_controls import Profile
from keyturn.inspection.profiles.dispatch import ToolFacts, mask_as, profile_of

SIZE = 50_000
UNITS = (
    *("=", ":", "-", "|", ",", ";", "\t", " ", "\n", '"', "'", "`", "#", "/*", "<!--", '"""', "{"),
    *("[", "- ", "a: ", "a=", "a.", "\\", "a", "1", "-a", "x\n", "a b ", ";a", "=a", '"a":', "{a:"),
    *("a = '''", '{"', "cookie: ", "&a=b", "?", "diff --git a/", "[1,", "1 ", "A1", "*a ", "!!a "),
)  # fmt: skip
PROFILES = [profile for profile in Profile if profile is not Profile.AUTO]


@pytest.mark.timeout(60)
@pytest.mark.requirement("SECRET-COST")
@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.value)
def test_no_text_stalls_a_profile(profile: Profile) -> None:
    for unit in UNITS:
        text = unit * (SIZE // len(unit))
        # A quadratic one would take longer than this test may for all of these texts.
        assert mask_as(text, profile, private=("*.pem",)).text
        assert mask_as(f"password={text}x", profile).text


@pytest.mark.timeout(60)
@pytest.mark.requirement("SECRET-COST")
def test_no_text_stalls_finding_out_what_it_is() -> None:
    for unit in UNITS:
        assert profile_of(unit * (SIZE // len(unit)), ToolFacts(tool="read")) is not Profile.AUTO
