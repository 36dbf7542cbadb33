"""Owns which languages there are, and which of them is spoken to whom."""

from collections.abc import Iterator, Mapping
from typing import Final

from keyturn.presentation.words import FALLBACK_LANGUAGE

LANGUAGES: Final = (FALLBACK_LANGUAGE, "de")
"""Languages whose catalogues are complete."""
SYSTEM: Final = "system"
"""What stands in the setting for the language of the desktop."""
_NO_LANGUAGE: Final = ("", "C", "POSIX")


def language_for(chosen: str, env: Mapping[str, str]) -> str:
    """Return what a person chose, or the first language of the system that there is.

    `env` is read as gettext reads it: LC_ALL, LC_MESSAGES or LANG says whether messages are
    translated at all, LANGUAGE which languages come first.
    """
    if chosen in LANGUAGES:
        return chosen
    return next((one for one in _of_system(env) if one in LANGUAGES), FALLBACK_LANGUAGE)


def _of_system(env: Mapping[str, str]) -> Iterator[str]:
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((env[name] for name in names if env.get(name)), "")
    if locale.partition(".")[0] in _NO_LANGUAGE:
        return
    for wanted in (*env.get("LANGUAGE", "").split(":"), locale):
        yield wanted.partition(".")[0].partition("@")[0].partition("_")[0].lower()
