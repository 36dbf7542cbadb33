"""What a command's card and its server's page say of the code that would be loaded."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.review_request import BECAUSE_CLOSURE, BECAUSE_PROGRAM, CLOSURE_CHANGED
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.certificate import Certificate, closure_with
from keyturn.domain.closure import Closure, ClosureFile, Gap, PackageClaims
from keyturn.domain.closure_change import ClosureChange, change_between
from keyturn.domain.command import Mark, MarkKind
from keyturn.presentation.card import DiffSide
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.launch_changes import changed_headline, command_diff
from keyturn.presentation.launch_facts import (
    change_text,
    launch_chips,
    launch_claims,
    launch_facts,
)
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.factories import make_launch
from tests.fakes.approval_requests import a_review

RESOURCES = Path(__file__).parents[3] / "resources"

CLOSURE = Closure(
    files=tuple(ClosureFile(f"npx/{n:04}.js", 1000, "ab") for n in range(1204)),
    gaps=((Gap.OF_PROGRAM, "npm"), (Gap.LINK_OUT, "npx/linked")),
    packages=(
        PackageClaims(
            name="@scope/server",
            version="1.0.0",
            publisher="Ada",
            repository="https://example.org/x",
            integrity="sha512-abc",
            differing=3,
        ),
    ),
    marks=(Mark(MarkKind.FETCHES, "registry.npmjs.org"), Mark(MarkKind.SHELL)),
)


@pytest.fixture(scope="module")
def words() -> Words:
    return Words(RESOURCES / "translations")


@pytest.fixture(scope="module")
def cards(words: Words) -> CardBuilder:
    return CardBuilder(words, read_verbs(RESOURCES / "verbs.toml"))


def subject(change: ClosureChange | None = None) -> JsonObject:
    said = {**make_launch().subject(), **CLOSURE.subject()}
    return said if change is None else {**said, CLOSURE_CHANGED: change.subject()}


def test_the_chips_say_what_must_be_seen_at_once(words: Words) -> None:
    texts = [chip.text for chip in launch_chips(subject(), words)]
    assert texts == [
        "Fetches code at start",
        "1 thing to look at",
        "Files differ from its package’s list",
    ]
    assert [*launch_chips(make_launch().subject(), words)] == []


def test_claims_stand_as_claims(words: Words) -> None:
    told = [pair.value for pair in launch_claims(subject(), words)]
    assert told == [
        words("phrases.quoted_claim", text=text)
        for text in ("@scope/server 1.0.0", "Ada", "https://example.org/x", "sha512-abc")
    ]


def test_a_script_is_none_of_the_packages_that_it_loads(words: Words) -> None:
    """Whoever imports a well-known library would have its publisher's name else."""
    known = PackageClaims(name="mcp", version="2.3.0", publisher="Well Known")
    said = Closure(files=(ClosureFile("script/orders.py", 1, "ab"),), packages=(known,)).subject()
    told = {pair.key: pair.value for pair in launch_claims(said, words)}
    assert told == {"Loads also": words("phrases.quoted_claim", text="mcp 2.3.0")}
    (runs, *_) = launch_facts(said, words)
    assert (runs.key, runs.value) == ("Runs", "orders.py: a file on this machine, no package")


def test_facts_gaps_and_marks_are_said(words: Words) -> None:
    told = {f"{pair.key}: {pair.value}" for pair in launch_facts(subject(), words)}
    digits = CLOSURE.closure_hash[:12]
    assert f"Files it loads or could load: 1,204 files, 1.2 MB, {digits}" in told
    assert "Not covered: npm: the files of the program that starts it" in told
    assert "Not covered: npx/linked: a link to a folder elsewhere" in told
    assert "Look at: starts a shell, which can start anything" in told
    record = "Against @scope/server's own record: 3 files differ from the package's own record"
    assert record in told


@pytest.mark.parametrize("mark", MarkKind)
def test_each_mark_has_its_sentence(mark: MarkKind, words: Words) -> None:
    said = Closure(marks=(Mark(mark, "x"),)).subject()
    assert len([*launch_facts(said, words)]) == 1


@pytest.mark.parametrize("gap", Gap)
def test_each_gap_has_its_sentence(gap: Gap, words: Words) -> None:
    said = Closure(gaps=((gap, "x"),)).subject()
    assert any("x: " in pair.value for pair in launch_facts(said, words))


def test_a_change_says_which_file(words: Words) -> None:
    other = (ClosureFile("npx/0007.js", 1, "cd"), *CLOSURE.files[:7], *CLOSURE.files[8:])
    change = change_between(CLOSURE, Closure(files=other))
    assert change_text(subject(change), words) == "npx/0007.js changed; 1 of 1,204 files"
    told = [pair for pair in launch_facts(subject(change), words) if pair.key == "Changed file"]
    assert [pair.value for pair in told] == ["npx/0007.js"]
    assert "1 file differs" in [chip.text for chip in launch_chips(subject(change), words)]
    assert any(pair.key == "Its pinned tools" for pair in launch_facts(subject(change), words))


AT = "2026-11-29T03:00:00Z"


def start(facts: JsonObject, subject: JsonObject | None = None) -> ApprovalRequest:
    """Return the card's request of a start with such facts."""
    said = make_launch().subject() if subject is None else subject
    text = canonical(facts).decode()
    return replace(a_review(RequestKind.COMMAND, said), server="orders", definition=text)


@pytest.mark.requirement("LAUNCH-CLOSURE")
def test_a_changed_file_is_in_the_headline_and_its_hashes_in_the_diff(
    words: Words, cards: CardBuilder
) -> None:
    """And nothing says that the command was never seen."""
    was, now = (ClosureFile("/home/ada/orders.py", n, h * 64) for n, h in ((7, "a"), (9, "b")))
    change = ClosureChange(changed=(was.path,), was=(was,), now=(now,), before=3)
    card = cards.card(start({CLOSURE_CHANGED: change.subject(), "agreed_at": AT}))
    assert card.headline == "orders changed since you agreed: orders.py"
    told = [(row.side, row.text) for row in card.diff]
    assert (DiffSide.BOTH, was.path) in told
    assert (DiffSide.BEFORE, "  SHA-256 " + "a" * 64) in told
    assert (DiffSide.AFTER, "  SHA-256 " + "b" * 64) in told
    assert (DiffSide.BEFORE, "  7 bytes") in told
    (owed,) = [value.owed_reason for value in card.decisive]
    assert owed == "You agreed to this command on 2026-11-29 03:00 UTC, with what it was then"
    first = cards.card(start({}))
    assert first.headline == "orders asks to be started"
    assert (first.diff, first.decisive[0].owed_reason) == ((), "Seen for the first time")


@pytest.mark.requirement("LAUNCH-CLOSURE")
def test_another_program_is_said_to_be_one(words: Words, cards: CardBuilder) -> None:
    before, now = make_launch().subject(), {**make_launch().subject(), "sha256": "f" * 64}
    facts: JsonObject = {"agreed_at": AT, "agreed_before": canonical(before).decode()}
    card = cards.card(start(facts, now))
    assert card.headline == "orders is not as you agreed to start it: another program"
    assert (DiffSide.AFTER, "  " + "f" * 64) in [(row.side, row.text) for row in card.diff]
    assert "another one on 2026-11-29" in card.decisive[0].owed_reason


def test_many_files_are_named_in_part(words: Words) -> None:
    change = ClosureChange(added=tuple(f"/x/{n}.py" for n in range(30)), before=3)
    headline = changed_headline(start({CLOSURE_CHANGED: change.subject()}), words)
    assert headline == "orders changed since you agreed: 0.py, 1.py and 28 more"


@pytest.mark.parametrize(
    "said",
    ["7", "{}", '{"was":7,"now":[7,[1,2]]}', '{"was":[["a","b","c"]],"changed":{"named":[7]}}'],
)
def test_odd_facts_are_no_change(said: str, words: Words) -> None:
    facts: JsonObject = {CLOSURE_CHANGED: json.loads(said), "agreed_at": 7, "agreed_before": "["}
    assert changed_headline(start(facts), words) in ("", "orders changed since you agreed")
    assert command_diff(start(facts), words) == ()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (ClosureChange(added=("a",), before=3), "a was added to 3 files"),
        (
            ClosureChange(added=("a",), removed=("b",), before=3),
            "a and others were added or removed; 2 files, 3 before",
        ),
        (ClosureChange(removed=("a", "b"), before=3), "a and others are gone; 2 of 3 files"),
        (
            ClosureChange(known=False),
            "what it loads changed, and which files is not known any more",
        ),
        (ClosureChange(before=3), "what can be covered of it changed, and no file that was"),
    ],
)
def test_every_kind_of_change_has_a_sentence(
    change: ClosureChange, text: str, words: Words
) -> None:
    assert change_text(subject(change), words) == text


@pytest.mark.requirement("LAUNCH-ISSUER")
def test_a_remote_servers_card_says_who_vouches_for_it(words: Words) -> None:
    before, now = (
        closure_with(Certificate(issuer=issuer, authority_sha256="cd" * 32, sha256="ab" * 32))
        for issuer in ("Old Authority", "New\u202eAuthority")
    )
    change = change_between(before, now)
    facts: JsonObject = {**now.subject(), CLOSURE_CHANGED: change.subject()}
    assert change_text(facts, words) == (
        "its certificate has another issuer; the one you agreed to was Old Authority"
    )
    told = {pair.key: pair.value for pair in launch_facts(facts, words)}
    assert told["Issuer that you agreed to"] == "Old Authority"
    assert "\u202e" not in told["Certificate"]
    assert told["Certificate"].endswith(", whose root key is cdcdcdcdcdcd; SHA-256 abababababab")
    assert "Files it loads or could load" not in told
    assert [chip.text for chip in launch_chips(facts, words)] == ["Certificate of another issuer"]


@pytest.mark.requirement("LAUNCH-ISSUER")
def test_another_key_under_the_same_name_is_said_to_be_that(words: Words) -> None:
    """So is what was agreed to while only the name was part of it."""
    one, copy = (
        closure_with(Certificate(issuer="One", authority_sha256=key * 32, sha256="ab" * 32))
        for key in ("cd", "ef")
    )
    named = Closure(files=(ClosureFile("issuer/One", 0, "12" * 32),))
    for before, text in (
        (one, "its certificate names One as before, and rests on another root key"),
        (
            named,
            "from now on you agree to the key of its certificate’s issuer, "
            "until now to the name One",
        ),
    ):
        change = change_between(before, copy)
        facts: JsonObject = {**copy.subject(), CLOSURE_CHANGED: change.subject()}
        assert change_text(facts, words) == text
        told = {pair.key: pair.value for pair in launch_facts(facts, words)}
        assert told["Issuer that you agreed to"] == "One"
        assert before.closure_hash != copy.closure_hash


def test_what_was_agreed_to_without_one_had_nobody_before(words: Words) -> None:
    now = closure_with(Certificate(issuer="One", authority_sha256="cd" * 32, sha256="ab" * 32))
    facts: JsonObject = {**now.subject(), CLOSURE_CHANGED: ClosureChange(known=False).subject()}
    assert change_text(facts, words).endswith("the one you agreed to was not known")


def test_a_long_change_is_counted(words: Words) -> None:
    change = ClosureChange(added=tuple(f"{n}" for n in range(100)), before=1)
    told = [pair.value for pair in launch_facts(subject(change), words) if pair.key == "New file"]
    assert len(told) == 9
    assert told[-1].startswith("92 more")


def test_the_card_of_a_command_carries_them(cards: CardBuilder) -> None:
    change = ClosureChange(changed=("npx/0007.js",), before=1204)
    facts = canonical(subject(change)).decode()
    launch = make_launch().subject()
    request = a_review(RequestKind.COMMAND, launch, because=BECAUSE_CLOSURE, definition=facts)
    card = cards.card(request)
    assert "npx/0007.js changed; 1 of 1,204 files" in card.why_asked
    assert "Fetches code at start" in [chip.text for chip in card.chips]
    assert "Package" in [pair.key for pair in card.claimed]
    assert "Files it loads or could load" in [pair.key for pair in card.observed]


@pytest.mark.requirement("AGENT-PROGRAM")
def test_the_card_of_another_program_shows_both(cards: CardBuilder) -> None:
    subject: JsonObject = {
        "agent": "analyst",
        "executable": "/opt/new",
        "sha256": "bb",
        "enrolled": {"executable": "/opt/old", "sha256": "aa"},
    }
    card = cards.card(a_review(RequestKind.AGENT, subject, because=BECAUSE_PROGRAM))
    assert card.headline == "analyst runs in another program than the one you enrolled"
    assert {"bb", "/opt/old", "aa"} <= {pair.value for pair in card.observed}


@pytest.mark.parametrize(
    "text",
    [
        '{"closure":7,"marks":[7,["x"],["no","x"],[1,2]],"claimed":[7],"not_covered":"x"}',
        '{"closure_changed":{"files_known":true,"changed":7,"added":{"named":[7]}}}',
    ],
)
def test_a_subject_of_another_form_breaks_nothing(text: str, words: Words) -> None:
    said = json.loads(text)
    assert [*launch_chips(said, words)] == []
    assert [*launch_claims(said, words)] == []
    assert all(pair.key for pair in launch_facts(said, words))
    assert change_text(said, words)
