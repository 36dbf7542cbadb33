"""Owns what is written down of a setting: its value as well, unless a person typed it to look for.

What is looked for may be what stood in an argument, and no record holds that; what looks like a
secret is not kept at all.
"""

from keyturn.application.ports.inspection import SecretMask
from keyturn.application.window_setting_names import TYPED
from keyturn.domain.canonical import JsonObject


def kept_value(name: str, value: str, mask: SecretMask) -> str:
    """Return what is stored of a setting; empty for what was typed and holds a secret."""
    if name not in TYPED:
        return value
    return value if all(mask.mask(line) == line for line in value.split("\n")) else ""


def recorded_details(name: str, value: str) -> JsonObject:
    """Return what the record of a change says."""
    return {"name": name} if name in TYPED else {"name": name, "value": value}
