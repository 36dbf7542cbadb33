"""Which leaves a person typed: put into what was asked, they and nothing else make what is sent."""

from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonObject, JsonValue, canonical, parse_strict
from keyturn.domain.condition import pointer_value
from keyturn.domain.edit import typed_leaves, with_kept, with_typed_on_card
from keyturn.domain.origin import Origin, Trace
from keyturn.presentation.argument_edit import check_edit, edit_rows, edit_text
from keyturn.presentation.card import DiffSide
from keyturn.presentation.words import Words
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | st.sampled_from(
    ["a/b", "a~1", "", "\u202e", "\u200b x", "\u00a0", "\U000e0041", "\x7f"]
)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "a/b", "~"]), below, max_size=3)
    ),
    max_leaves=12,
)
OBJECTS: st.SearchStrategy[JsonObject] = st.dictionaries(
    st.sampled_from(["a", "b", "a/b", "~", "c"]), VALUES, max_size=4
)


@given(OBJECTS, OBJECTS)
def test_every_value_that_was_nowhere_is_typed_and_none_that_its_agent_wrote(
    before: JsonObject, after: JsonObject
) -> None:
    typed = dict(typed_leaves(before, after))
    asked = {canonical(value) for _, value in _leaves("", before)}
    leaves = dict(_leaves("", after))
    assert {path: canonical(value) for path, value in typed.items()} == {
        path: canonical(value) for path, value in leaves.items() if canonical(value) not in asked
    }
    for path, value in typed.items():
        found = pointer_value(after, path)
        assert not isinstance(found, type) and canonical(found) == canonical(value)  # pyright: ignore[reportArgumentType]  # it is there


@given(st.lists(TEXTS, min_size=2, max_size=5), st.data())
def test_what_moves_as_another_item_goes_is_not_typed(
    items: list[str], data: st.DataObject
) -> None:
    gone = data.draw(st.integers(0, len(items) - 1))
    rest: list[JsonValue] = [*items[:gone], *items[gone + 1 :]]
    assert not dict(typed_leaves({"to": [*items]}, {"cc": rest}))


@given(OBJECTS)
def test_what_is_as_it_was_is_not_typed(arguments: JsonObject) -> None:
    assert not dict(typed_leaves(arguments, arguments))
    assert with_typed_on_card(Trace(), arguments, arguments) == Trace()


@given(OBJECTS, OBJECTS, st.booleans())
def test_what_was_found_of_values_that_stay_is_kept_and_of_no_other(
    before: JsonObject, after: JsonObject, incomplete: bool
) -> None:
    """As if a new task had begun since, in which nothing was read."""
    asked = Trace(origins=tuple(_from_web(path) for path, _ in _leaves("", before)))
    kept = with_kept(Trace(incomplete=incomplete), asked, before, after)
    said = {canonical(value) for _, value in _leaves("", before)}
    wanted = {path for path, value in _leaves("", after) if canonical(value) in said}
    assert {origin.path for origin in kept.origins} == wanted
    assert kept.incomplete == incomplete
    assert with_kept(asked, asked, before, before).origins[: len(asked.origins)] == asked.origins


@given(OBJECTS)
def test_the_text_of_an_edit_says_what_the_card_says_and_hides_nothing(
    arguments: JsonObject,
) -> None:
    shown = canonical(arguments).decode()
    text = edit_text(shown)
    read = parse_strict(text)
    assert getattr(read, "value", None) == arguments
    assert not check_edit(text, shown, WORDS).changed
    assert all(mark not in text for mark in "\u202e\u200b\u00a0\U000e0041\x7f")


@given(OBJECTS, OBJECTS)
def test_the_difference_has_every_line_of_both(asked: JsonObject, mine: JsonObject) -> None:
    rows = edit_rows(canonical(asked).decode(), canonical(mine).decode())
    for side, subject in ((DiffSide.BEFORE, asked), (DiffSide.AFTER, mine)):
        text = "\n".join(row.text for row in rows if row.side in (DiffSide.BOTH, side))
        assert getattr(parse_strict(text), "value", None) == subject


def _from_web(path: str) -> Origin:
    return Origin(
        path=path,
        value="x",
        result=1,
        server="web",
        tool="fetch",
        offset=0,
        line=1,
        excerpt="x",
        excerpt_line=1,
        untrusted=True,
    )


def _leaves(path: str, value: JsonValue) -> list[tuple[str, JsonValue]]:
    if isinstance(value, dict) and value:
        named = ((key.replace("~", "~0").replace("/", "~1"), one) for key, one in value.items())
        return [leaf for key, one in named for leaf in _leaves(f"{path}/{key}", one)]
    if isinstance(value, list) and value:
        return [leaf for n, one in enumerate(value) for leaf in _leaves(f"{path}/{n}", one)]
    return [(path, value)]
