"""Which language the broker speaks to its person, from when they choose it."""

from collections.abc import Callable, Mapping

from keyturn.application.events import Observers, Topic
from keyturn.application.window_setting_names import LANGUAGE
from keyturn.desktop.resources import find_resources
from keyturn.presentation.languages import SYSTEM, language_for
from keyturn.presentation.words import Words


def spoken_words(env: Mapping[str, str], settings: Mapping[str, str] | None = None) -> Words:
    """Return the words of the language that was chosen, or that the system speaks."""
    return Words(find_resources() / "translations", _language(env, settings or {}))


def follow_language(
    words: Words,
    *,
    env: Mapping[str, str],
    settings: Callable[[], Mapping[str, str]],
    observers: Observers,
) -> None:
    """Speak what the settings say from then on; the window begins anew by itself."""

    def look(topic: Topic) -> None:
        language = _language(env, settings())
        if topic is Topic.SETTINGS and language != words.language:
            words.use(language)

    observers.subscribe(look)


def _language(env: Mapping[str, str], settings: Mapping[str, str]) -> str:
    return language_for(settings.get(LANGUAGE, SYSTEM), env)
