"""Owns reading how environments are called."""

import tomllib
from pathlib import Path
from typing import cast

from keyturn.domain.environment import EnvironmentWords, environment_words
from keyturn.domain.errors import ConfigurationError


def read_environment_words(file: Path) -> EnvironmentWords:
    """Read the list; raises ConfigurationError when the file is not what it should be."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        called = cast("dict[str, list[str]]", data["words"])
        words = {word: name for name, spellings in called.items() for word in spellings}
        return environment_words(
            words, cast("list[str]", data["joined"]), cast("list[str]", data["arguments"])
        )
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise ConfigurationError(
            f"The list {file.name} cannot be used.",
            cause=f"{fault}.",
            mend="Install Keyturn again.",
        ) from fault
