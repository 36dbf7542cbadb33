"""Which values of a call a person changed, and that these were typed on its card."""

from collections.abc import Iterator

from keyturn.domain.canonical import JsonObject, JsonValue, canonical
from keyturn.domain.json_pointer import escaped
from keyturn.domain.origin import Origin, Trace
from keyturn.domain.typed import ON_CARD

LONGEST_EDIT_BYTES = 64 * 1024
"""Of the arguments of a call that a person may edit, before and after."""
_LONGEST_KEPT = 200
"""Characters of a typed value that are kept as its origin; the value itself stands beside it."""


def typed_leaves(before: JsonValue, after: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Yield the JSON Pointer and the value of each leaf that is new or another one by now."""
    open_: list[tuple[str, JsonValue, bool, JsonValue]] = [("", before, True, after)]
    while open_:
        path, old, known, new = open_.pop()
        if known and _same(old, new):
            continue
        if isinstance(new, dict) and new:
            was = old if known and isinstance(old, dict) else {}
            open_ += [
                (f"{path}/{escaped(key)}", was.get(key), key in was, value)
                for key, value in new.items()
            ]
        elif isinstance(new, list) and new:
            items = old if known and isinstance(old, list) else []
            open_ += [
                (f"{path}/{n}", items[n] if n < len(items) else None, n < len(items), value)
                for n, value in enumerate(new)
            ]
        else:
            yield path, new


def with_typed_on_card(trace: Trace, before: JsonObject, after: JsonObject) -> Trace:
    """Return a trace of the arguments `after`, which says what of them a person typed.

    What was found of these in results stays: whoever pastes a text does not make it trusted.
    """
    return trace.with_typed(
        Origin(
            path=path,
            value=str(value)[:_LONGEST_KEPT],
            result=0,
            server="",
            tool=ON_CARD,
            offset=0,
            line=0,
            excerpt="",
            excerpt_line=0,
            untrusted=False,
        )
        for path, value in typed_leaves(before, after)
    )


def _same(old: JsonValue, new: JsonValue) -> bool:
    """Tell whether two leaves are one JSON, as `1` and `1.0` are, and `1` and `true` are not."""
    if old and isinstance(old, dict | list) or new and isinstance(new, dict | list):
        return False
    return canonical(old) == canonical(new)
