"""The catalogue and the sources name the same texts, and every text can be put together."""

import ast
import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.presentation.words import UnknownWords, Words
from tests.sources import APP, ROOT, sources_in

TRANSLATIONS = ROOT / "resources" / "translations"
KEY = re.compile(r"[a-z_]+\.[a-z0-9_]+")


@pytest.fixture(scope="module")
def words() -> Words:
    return Words(TRANSLATIONS)


@cache
def nodes() -> tuple[tuple[Path, ast.expr], ...]:
    """Return every literal and every call of the sources, parsed once."""
    return tuple(
        (ROOT / source.path, node)
        for source in sources_in(APP)
        for node in source.nodes
        if isinstance(node, ast.Constant | ast.Call)
    )


def literals() -> Iterator[tuple[Path, str]]:
    for path, node in nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield path, node.value


def asked_for() -> Iterator[tuple[str, str]]:
    """Yield every literal first argument of a call to something named words."""
    for path, node in nodes():
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else None
        name = node.func.id if isinstance(node.func, ast.Name) else name
        key = node.args[0]
        if name in {"words", "_words"} and isinstance(key, ast.Constant):
            yield f"{path.relative_to(ROOT)}:{node.lineno}", str(key.value)


def is_beginning(value: str, words: Words) -> bool:
    """Tell whether a literal is the beginning of keys that end with the name of a closed set."""
    shape = value.endswith("_") and KEY.fullmatch(value) is not None
    return shape and any(key.startswith(value) for key in words.known())


def test_every_key_that_a_source_asks_for_is_in_the_catalogue(words: Words) -> None:
    missing = [f"{place} {key}" for place, key in asked_for() if key not in words.known()]
    areas = {key.partition(".")[0] for key in words.known()}
    named = {
        value
        for path, value in literals()
        if KEY.fullmatch(value) and value.partition(".")[0] in areas
        # Settings have names of the same form, which are not texts.
        if not path.stem.endswith(("settings", "setting_names"))
    }
    assert missing == []
    unknown = {name for name in named - words.known() if not is_beginning(name, words)}
    assert sorted(unknown) == []


def test_every_key_of_the_catalogue_is_used(words: Words) -> None:
    used = {value for _, value in literals()}
    beginnings = tuple(value for value in used if is_beginning(value, words))
    unused = {key for key in words.known() - used if not key.startswith(beginnings)}
    # Those are looked up by their English, which test_errors and test_refused look for.
    unused -= {key for key in unused if key.startswith(("errors.", "reasons."))}
    assert sorted(unused) == []


def test_a_text_has_its_values_put_in(words: Words) -> None:
    assert words("time.ago", duration="4 min") == "4 min ago"


def test_a_plural_is_chosen_by_n(words: Words) -> None:
    assert words("visible.spaces", n=1) == "1 space"
    assert words("visible.spaces", n=12) == "12 spaces"


@given(value=st.text())
def test_a_value_is_never_read_as_a_template(words: Words, value: str) -> None:
    assert words("time.ago", duration=value) == f"{value} ago"


@pytest.mark.parametrize(
    ("key", "values"),
    [("no.such", {}), ("time.ago", {}), ("visible.spaces", {}), ("visible.spaces", {"n": "x"})],
)
def test_what_is_missing_is_an_error(words: Words, key: str, values: Mapping[str, object]) -> None:
    with pytest.raises(UnknownWords):
        words(key, **values)


def test_an_unknown_language_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownWords):
        Words(tmp_path)


def test_another_language_falls_back_to_english(tmp_path: Path) -> None:
    for language, text in (("en", 'a = "one"\nb = "two"\n'), ("fi", 'a = "yksi"\n')):
        (tmp_path / language).mkdir()
        (tmp_path / language / "test.toml").write_text(text, encoding="utf-8")
    finnish = Words(tmp_path, "fi")
    assert (finnish("test.a"), finnish("test.b")) == ("yksi", "two")


def sentences() -> Iterator[tuple[str, str]]:
    for path in sorted((TRANSLATIONS / "en").glob("*.toml")):
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
        for name, entry in entries.items():
            forms = cast("dict[str, str]", entry).values() if isinstance(entry, dict) else [entry]
            yield from ((f"{path.stem}.{name}", str(text)) for text in forms)


def faults_in(text: str) -> Iterator[str]:
    """Yield what a text does that the rules of language forbid."""
    for sentence in re.split(r"[.!?;] ", text):
        if len(sentence.split()) > 20:
            yield f"longer than 20 words: {sentence}"
    plain = "".join(part[0] for part in string.Formatter().parse(text))
    banned = {"ok", "yes", "no", "please", "safe"} - ({"no"} if len(plain.split()) > 1 else set())
    yield from banned & set(re.findall(r"[a-z]+", plain.lower()))
    if "!" in plain:
        yield "!"


def test_every_sentence_keeps_the_rules_of_language() -> None:
    # In one test: for each of thousands its frame took longer than it.
    faults = {key: found for key, text in sentences() if (found := list(faults_in(text)))}
    assert faults == {}


@pytest.mark.parametrize("text", ["word " * 21, "Please wait.", "No", "It is safe.", "Done!"])
def test_what_breaks_the_rules_of_language_is_found(text: str) -> None:
    assert list(faults_in(text))
