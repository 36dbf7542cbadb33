"""Owns the walk over all texts of a JSON value, its keys among them, however deep they are."""

from collections.abc import Iterator

from keyturn.domain.canonical import JsonValue


def texts_of(value: JsonValue, *, numbers: bool = False) -> Iterator[str]:
    """Yield every text, in no order that matters; whole `numbers` as they are written, too."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            yield from item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif numbers and isinstance(item, int) and not isinstance(item, bool):
            yield str(item)
