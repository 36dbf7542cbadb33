"""Owns what is written down of a setting: its value as well, unless a person typed it to look for.

What is looked for may be what stood in an argument, and no record holds that; what looks like a
secret is not kept at all.
"""

from keyturn.application.ports.inspection import SecretMask
from keyturn.application.window_setting_names import HISTORY_SAVED, TYPED
from keyturn.domain.canonical import JsonObject
from keyturn.domain.errors import ConfigurationError


def kept_value(name: str, value: str, mask: SecretMask) -> str:
    """Return what is stored of a setting; empty for what was typed and holds a secret.

    Raises ConfigurationError for a secret in what a person keeps by a name: a record has all of it.
    """
    if name not in TYPED and name not in HISTORY_SAVED:
        return value
    if all(mask.mask(line) == line for line in value.split("\n")):
        return value
    if name in HISTORY_SAVED:
        raise ConfigurationError(
            "It looks like a secret, so nothing is kept.", mend="Take it out, then keep the rest."
        )
    return ""


def recorded_details(name: str, value: str) -> JsonObject:
    """Return what the record of a change says."""
    return {"name": name} if name in TYPED else {"name": name, "value": value}
