"""Which names can be taken for others, measured over made look-alikes and genuine names."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from keyturn.domain.errors import ConfigurationError
from keyturn.inspection.look_alikes import NameIndex, read_alphabet
from keyturn.presentation.verbs import read_verbs
from tests.unit.inspection.look_alike_names import KINDS, genuine_names, look_alikes

RESOURCES = Path(__file__).parents[3] / "resources"
ALPHABET = read_alphabet(
    RESOURCES / "alike_letters.toml", read_verbs(RESOURCES / "verbs.toml").vocabulary.verbs
)
OTHERS = "another server"


def _index(*names: str) -> NameIndex:
    index = NameIndex(ALPHABET)
    for name in names:
        index.add(name, "files")
    return index


def test_at_least_95_of_100_look_alikes_are_marked(capsys: pytest.CaptureFixture[str]) -> None:
    index = NameIndex(ALPHABET)
    for server, name in genuine_names():
        index.add(name, server)
    made = look_alikes(200, seed=20261128)
    marked = Counter(one.kind for one in made if index.resembled(one.name, OTHERS) is not None)
    with capsys.disabled():
        sys.stdout.write(f"\nlook-alikes marked: {marked.total()} of {len(made)}")
        sys.stdout.write(", ".join(f"{kind} {marked[kind]}" for kind in KINDS))
    assert marked.total() >= 0.95 * len(made)


def test_at_most_one_of_100_genuine_names_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    genuine = genuine_names()
    assert len(genuine) == 1000
    index = NameIndex(ALPHABET)
    for server, name in genuine:
        index.add(name, server)
    marked = [
        (name, alike.name)
        for server, name in genuine
        if (alike := index.resembled(name, server)) is not None
    ]
    with capsys.disabled():
        sys.stdout.write(f"\ngenuine names marked: {len(marked)} of {len(genuine)}: {marked}")
    assert len(marked) <= 0.01 * len(genuine)


@pytest.mark.parametrize(
    "name",
    [
        "reаd_file",
        "Read_File",
        "ｒead_file",
        "read\u200b_file",
        "read-file",
        "readFile",
        "raed_file",
        "read_flle",
        "reed_file",
        "file_read",
        "read_fi1e",
        "réad_file",
    ],
    ids=ascii,
)
def test_a_name_that_could_be_taken_for_a_known_one_is_found(name: str) -> None:
    found = _index("read_file").resembled(name, OTHERS)
    assert found is not None
    assert (found.name, found.owner) == ("read_file", "files")


@pytest.mark.parametrize("name", ["read_file", "read_files", "write_file", "edit", "move_folder"])
def test_another_name_is_not(name: str) -> None:
    assert _index("read_file", "exit").resembled(name, OTHERS) is None


def test_one_real_word_for_another_is_another_name() -> None:
    assert _index("get_page").resembled("set_page", OTHERS) is None


def test_the_tools_of_one_server_may_differ_in_a_letter_but_not_look_the_same() -> None:
    index = _index("get_post", "get_host", "list_row")
    assert index.resembled("get_host", "files") is None
    assert index.resembled("list_rovv", "files") is not None


def test_who_has_exactly_this_name_is_told() -> None:
    assert _index("read_file").owners_of("read_file") == {"files"}


def test_a_name_of_a_million_letters_costs_no_more_than_a_long_one() -> None:
    assert _index("read_file").resembled("read_file" * 100_000, OTHERS) is None


def test_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "letters.toml"
    file.write_text('ab = "x"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        read_alphabet(file, frozenset())
