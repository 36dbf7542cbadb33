"""Every text of a view, however deep, as whoever paints or speaks it would get it."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import cast

UNSHOWN = frozenset({"raw_json", "raw_meta", "hidden", "masks", "raw_masked", "meta_masked"})
"""Of a card: the exact text, and what only a look takes out of the masks."""


def texts_in(view: object) -> Iterator[str]:
    """Yield the texts of a view, of what is masked only what stands there instead."""
    if isinstance(view, str):
        yield view
    elif isinstance(view, tuple):
        for item in cast("tuple[object, ...]", view):
            yield from texts_in(item)
    elif is_dataclass(view) and not isinstance(view, type):
        for field in fields(view):
            if field.name not in UNSHOWN:
                yield from texts_in(getattr(view, field.name))
        for name in ("raw_masked", "meta_masked"):
            masked = getattr(view, name, None)
            if masked is not None:
                yield masked.text
