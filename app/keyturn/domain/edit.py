"""Which values of a call a person changed, and that these were typed on its card."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from keyturn.domain.canonical import JsonObject, JsonValue, canonical
from keyturn.domain.json_pointer import escaped
from keyturn.domain.origin import Origin, Trace, bounded
from keyturn.domain.typed import ON_CARD

LONGEST_EDIT_BYTES = 64 * 1024
"""Of the arguments of a call that a person may edit, before and after."""
_LONGEST_KEPT = 200
"""Characters of a typed value that are kept as its origin; the value itself stands beside it."""


def typed_leaves(before: JsonValue, after: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Yield the JSON Pointer and the value of each leaf whose value stands nowhere in `before`.

    What only moved, as the items behind one that was taken away, is not a person's: it was there.
    """
    asked = {canonical(value) for _, value in _leaves(before)}
    for path, value in _leaves(after):
        if canonical(value) not in asked:
            yield path, value


def with_kept(trace: Trace, asked: Trace, before: JsonObject, after: JsonObject) -> Trace:
    """Return a trace of `after` with what was found of the values that an edit left alone.

    A person may have begun a new task since, which forgets the results that these came from.
    """
    stands: dict[bytes, list[str]] = {}
    for path, value in _leaves(after):
        stands.setdefault(canonical(value), []).append(path)
    known, kept = set(trace.origins), dict[Origin, None]()
    found: dict[str, list[Origin]] = {}
    for origin in asked.origins:
        found.setdefault(origin.path, []).append(origin)
    for path, value in _leaves(before):
        places = product(found.get(path, ()), stands.get(canonical(value), ()))
        kept |= dict.fromkeys(replace(origin, path=now) for origin, now in places)
    if not kept.keys() - known and trace.incomplete >= asked.incomplete:
        return trace
    origins = (*trace.origins, *(origin for origin in kept if origin not in known))
    return bounded(origins, incomplete=trace.incomplete or asked.incomplete)


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


def _leaves(value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Yield the JSON Pointer and the value of all that holds nothing else."""
    open_: list[tuple[str, JsonValue]] = [("", value)]
    while open_:
        path, one = open_.pop()
        if isinstance(one, dict) and one:
            open_ += [(f"{path}/{escaped(key)}", below) for key, below in one.items()]
        elif isinstance(one, list) and one:
            open_ += [(f"{path}/{n}", below) for n, below in enumerate(one)]
        else:
            yield path, one
