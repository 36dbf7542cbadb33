"""Every setting says its default, and is found by any of its words."""

from pathlib import Path

import pytest

from keyturn.domain.policy import Posture
from keyturn.presentation.arming import ArmingDelays
from keyturn.presentation.settings import ActionRow, SettingRow, SettingsPage
from keyturn.presentation.settings_builder import About, SettingsBuilder
from keyturn.presentation.window_settings import WindowSettings
from keyturn.presentation.words import Words

BUILDER = SettingsBuilder(Words(Path(__file__).parents[3] / "resources" / "translations"))
ABOUT = About(version="1.2.3", profile="night", database="/srv/keyturn/keyturn.db")


def page(search: str = "", settings: WindowSettings | None = None) -> SettingsPage:
    """Return the page."""
    return BUILDER.page(settings or WindowSettings(), Posture.ASK_ALL, ABOUT, search)


def keys(search: str) -> list[str]:
    """Return what a search leaves."""
    return [row.key for section in page(search).sections for row in section.rows]


def settings() -> list[SettingRow]:
    """Return every row with choices."""
    return [r for s in page().sections for r in s.rows if isinstance(r, SettingRow)]


def test_the_first_choice_is_the_default_and_is_named() -> None:
    for row in settings():
        assert row.default == row.choices[0].value
        assert row.choices[0].text in row.default_text
        assert row.is_default


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("dark", ["appearance.theme"]),
        ("TEXT size", ["appearance.text_percent"]),
        ("arms t2", ["arming.careful_ms"]),
        ("posture", []),
        ("no rule matches", ["posture"]),
        ("lucide", ["about"]),
        ("night", ["about"]),
        ("refused", ["quit"]),
        ("deutsch", ["appearance.language"]),
        (
            "appearance",
            [
                "appearance.theme",
                "appearance.text_percent",
                "appearance.motion",
                "appearance.language",
            ],
        ),
    ],
)
def test_a_setting_is_found_by_its_words(search: str, found: list[str]) -> None:
    assert keys(search) == found


def test_a_search_without_a_hit_says_so() -> None:
    assert page("xyzzy").sections == ()
    assert page("xyzzy").nothing_found == "Nothing here is called “xyzzy”."


def test_a_value_between_the_offered_ones_is_shown_as_it_is() -> None:
    stored = WindowSettings(text_percent=133, delays=ArmingDelays(plain_ms=900))
    rows = {
        row.key: row
        for section in page(settings=stored).sections
        for row in section.rows
        if isinstance(row, SettingRow)
    }
    assert rows["appearance.text_percent"].chosen in {
        choice.value for choice in rows["appearance.text_percent"].choices
    }
    assert [c.text for c in rows["arming.plain_ms"].choices][:3] == ["0.7 s", "0.9 s", "1 s"]
    assert rows["arming.plain_ms"].default == "700"


def test_quitting_is_asked_and_says_what_it_means() -> None:
    [section] = page("quit").sections
    [row] = section.rows
    assert isinstance(row, ActionRow)
    assert row.question is not None
    assert row.question.text.startswith("Agents will be refused until Keyturn runs again.")
