"""Builds the settings' screen: every item in words, with its default, found by any of its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keyturn.domain.policy import Posture
from keyturn.presentation import window_settings as names
from keyturn.presentation.card import Pair
from keyturn.presentation.cells import Question
from keyturn.presentation.languages import SYSTEM
from keyturn.presentation.pin_uses import pin_uses
from keyturn.presentation.settings import (
    AboutRow,
    ActionRow,
    Choice,
    PinRow,
    Row,
    SecondRow,
    SettingRow,
    SettingSection,
    SettingsPage,
    WeakenedRow,
)
from keyturn.presentation.window_settings import Motion, ThemeChoice, WindowSettings
from keyturn.presentation.words import Words

POSTURE: Final = "posture"
ABOUT: Final = "about"
PIN: Final = "pin"
PIN_USES: Final = "pin_uses"
SECOND: Final = "second"
WEAKENED: Final = "weakened"
QUIT: Final = "quit"
FIRST_STEPS: Final = "first_steps"
_THEMES: Final = {
    ThemeChoice.SYSTEM: "settings.theme_system",
    ThemeChoice.LIGHT: "settings.theme_light",
    ThemeChoice.DARK: "settings.theme_dark",
    ThemeChoice.HIGH_CONTRAST: "settings.theme_high_contrast",
}
_LANGUAGES: Final = {
    SYSTEM: "settings.language_system",
    "en": "settings.language_en",
    "de": "settings.language_de",
}
_MOTIONS: Final = {
    Motion.FULL: "settings.motion_full",
    Motion.REDUCED: "settings.motion_reduced",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What this Keyturn is."""

    version: str = ""
    profile: str = ""
    database: str = ""


class SettingsBuilder:
    """Words and shapes; it holds no state."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def page(
        self, settings: WindowSettings, posture: Posture, about: About, search: str = ""
    ) -> SettingsPage:
        """Return the sections with the items that have every word of `search`."""
        wanted = search.casefold().split()
        sections = tuple(
            SettingSection(title=section.title, rows=found)
            for section in self._sections(settings, posture, about)
            if (found := tuple(r for r in section.rows if _has_all(r, section.title, wanted)))
        )
        nothing = "" if sections else self._words("settings.nothing_found", search=search.strip())
        return SettingsPage(sections=sections, nothing_found=nothing)

    def _sections(
        self, settings: WindowSettings, posture: Posture, about: About
    ) -> tuple[SettingSection, ...]:
        words = self._words
        return (
            SettingSection(title=words("settings.appearance"), rows=self._appearance(settings)),
            SettingSection(
                title=words("settings.deciding"),
                rows=(
                    *self._arming(settings),
                    self._posture(posture),
                    self._pin(),
                    self._pin_uses(),
                    self.second(),
                ),
            ),
            SettingSection(title=words("weakened.section"), rows=(self.weakened(),)),
            SettingSection(
                title=words("settings.about"), rows=(self._first_steps(), self._about(about))
            ),
            SettingSection(title=words("settings.ending"), rows=(self._quit(),)),
        )

    def _appearance(self, settings: WindowSettings) -> tuple[Row, ...]:
        words = self._words
        themes = [Choice(value=t.value, text=words(key)) for t, key in _THEMES.items()]
        motions = [Choice(value=m.value, text=words(key)) for m, key in _MOTIONS.items()]
        languages = [Choice(value=one, text=words(key)) for one, key in _LANGUAGES.items()]
        percents = [
            Choice(value=str(n), text=words("settings.percent", n=n))
            for n in _with(names.TEXT_PERCENTS, settings.text_percent)
        ]
        return (
            self._row(
                names.THEME,
                "settings.theme",
                "settings.theme_note",
                themes,
                settings.theme.value,
            ),
            self._row(
                names.TEXT_PERCENT,
                "settings.text_size",
                "settings.text_size_note",
                percents,
                str(settings.text_percent),
            ),
            self._row(
                names.MOTION,
                "settings.motion",
                "settings.motion_note",
                motions,
                settings.motion.value,
            ),
            self._row(
                names.LANGUAGE,
                "settings.language",
                "settings.language_note",
                languages,
                settings.language,
            ),
        )

    def _arming(self, settings: WindowSettings) -> tuple[Row, ...]:
        delays = settings.delays
        return (
            self._row(
                names.PLAIN_DELAY,
                "settings.plain_delay",
                "settings.plain_delay_note",
                self._delays(_with(names.PLAIN_DELAYS, delays.plain_ms)),
                str(delays.plain_ms),
            ),
            self._row(
                names.CAREFUL_DELAY,
                "settings.careful_delay",
                "settings.careful_delay_note",
                self._delays(_with(names.CAREFUL_DELAYS, delays.careful_ms)),
                str(delays.careful_ms),
            ),
        )

    def _delays(self, delays: Sequence[int]) -> list[Choice]:
        return [
            Choice(
                value=str(ms),
                text=self._words("settings.delay", seconds=self._words.figure(ms / 1000, "g")),
            )
            for ms in delays
        ]

    def _row(
        self, key: str, title: str, note: str, choices: Sequence[Choice], chosen: str
    ) -> SettingRow:
        """Return a setting; its first choice is its default."""
        words = self._words
        return SettingRow(
            key=key,
            title=words(title),
            note=words(note),
            choices=tuple(choices),
            chosen=chosen,
            default=choices[0].value,
            default_text=words("settings.default", text=choices[0].text),
        )

    def _posture(self, posture: Posture) -> ActionRow:
        words = self._words
        reads = posture is Posture.ASK_WRITES
        return ActionRow(
            key=POSTURE,
            title=words("rules.posture_title"),
            note=words("rules.posture_writes" if reads else "rules.posture_all"),
            action=words("settings.open_rules"),
        )

    def _pin(self) -> PinRow:
        words = self._words
        return PinRow(key=PIN, title=words("settings.pin"), note=words("settings.pin_note"))

    def _pin_uses(self) -> AboutRow:
        words = self._words
        return AboutRow(key=PIN_USES, title=words("pin_uses.title"), pairs=pin_uses(words))

    def second(self) -> SecondRow:
        """Return the row of the second person."""
        words = self._words
        return SecondRow(
            key=SECOND, title=words("settings.second"), note=words("settings.second_note")
        )

    def weakened(self) -> WeakenedRow:
        """Return the row of what is weaker than its default."""
        words = self._words
        return WeakenedRow(key=WEAKENED, title=words("weakened.title"), note=words("weakened.note"))

    def _about(self, about: About) -> AboutRow:
        words = self._words
        return AboutRow(
            key=ABOUT,
            title=words("settings.this_keyturn"),
            pairs=(
                Pair(key=words("settings.version"), value=about.version),
                Pair(
                    key=words("settings.profile"),
                    value=about.profile or words("settings.default_profile"),
                ),
                Pair(key=words("settings.database"), value=about.database, exact=True),
                Pair(key=words("settings.fonts"), value=words("settings.fonts_licence")),
                Pair(key=words("settings.icons"), value=words("settings.icons_licence")),
            ),
        )

    def _first_steps(self) -> ActionRow:
        words = self._words
        return ActionRow(
            key=FIRST_STEPS,
            title=words("first_steps.title"),
            note=words("first_steps.setting_note"),
            action=words("first_steps.open"),
        )

    def _quit(self) -> ActionRow:
        words = self._words
        return ActionRow(
            key=QUIT,
            title=words("settings.quit"),
            note=words("settings.quit_note"),
            action=words("settings.quit_open"),
            question=Question(
                text=words("settings.quit_question"),
                go=words("settings.quit"),
                keep=words("settings.quit_keep"),
            ),
        )


def _with(values: Sequence[int], chosen: int) -> Sequence[int]:
    """Return the values that are offered, with one that was stored by other means."""
    return values if chosen in values else sorted({*values, chosen})


def _has_all(row: Row, section: str, wanted: Sequence[str]) -> bool:
    said = [section, row.title]
    match row:
        case SettingRow():
            said += [row.note, *(choice.text for choice in row.choices)]
        case ActionRow():
            said += [row.note, row.action]
        case PinRow() | SecondRow() | WeakenedRow():
            said += [row.note]
        case AboutRow():
            said += [f"{pair.key} {pair.value}" for pair in row.pairs]
    text = " ".join(said).casefold()
    return all(word in text for word in wanted)
