"""How what is written down is masked: texts, JSON, and the command of a program."""

from collections.abc import Sequence

from keyturn.application.ports.inspection import SecretMask
from keyturn.domain.canonical import JsonObject, JsonValue, canonical


def masked_json(value: JsonValue, whole: bytes, mask: SecretMask) -> tuple[bytes, bool]:
    """Return canonical JSON with secrets masked, and whether any was; `whole` is it unmasked.

    Texts that JSON escapes (a key of several lines) are looked at one by one, then the whole,
    where a value is next to its name.
    """
    text = whole.decode()
    if "\\" in text:
        text = canonical(_mask_leaves(value, mask)).decode()
    masked = mask.mask(text).encode()
    return masked, masked != whole


def masked_details(details: JsonObject, mask: SecretMask) -> JsonObject:
    """Mask the texts of a record's details, and those of its lists."""
    return {key: _mask_texts(value, mask) for key, value in details.items()}


def masked_command(argv: Sequence[str], mask: SecretMask) -> list[JsonValue]:
    """Mask a command as its program reads it: an option's value may be the next argument."""
    shown: list[JsonValue] = []
    option = ""
    for argument in argv:
        named = f"{option}={argument}" if option else argument
        masked = mask.mask(named)
        if option and masked.startswith(f"{option}="):
            masked = masked.removeprefix(f"{option}=")
        elif option:
            masked = mask.mask(argument)
        shown.append(masked)
        option = argument if argument.startswith("-") and "=" not in argument else ""
    return shown


def _mask_texts(value: JsonValue, mask: SecretMask) -> JsonValue:
    if isinstance(value, str):
        return mask.mask(value)
    if isinstance(value, list):
        return [_mask_texts(item, mask) for item in value]
    return value


def _mask_leaves(value: JsonValue, mask: SecretMask) -> JsonValue:
    """Mask the texts that look otherwise in JSON: the whole shows them escaped."""
    if isinstance(value, str):
        return mask.mask(value) if _is_escaped(value) else value
    if isinstance(value, list):
        return [_mask_leaves(item, mask) for item in value]
    if isinstance(value, dict):
        return {key: _mask_leaves(item, mask) for key, item in value.items()}
    return value


def _is_escaped(text: str) -> bool:
    return '"' in text or "\\" in text or any(char < " " for char in text)
