"""Finds the folder of icons, translations and rule data, installed or in the source tree."""

from pathlib import Path

from keyturn.domain.errors import ConfigurationError


def find_resources() -> Path:
    """Return `keyturn/_resources` as the wheel has it, else `resources` beside `app/`.

    Raises ConfigurationError when the installation has neither.
    """
    here = Path(__file__).resolve()
    for candidate in (here.parents[1] / "_resources", here.parents[3] / "resources"):
        if candidate.is_dir():
            return candidate
    raise ConfigurationError(
        "Keyturn's own data files are missing.",
        cause=f"There is no folder _resources in {here.parents[1]}.",
        mend="Install Keyturn again.",
    )
