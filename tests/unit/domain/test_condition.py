"""The sixteen tests of a rule, each on what fits, what does not, and what cannot be told."""

import pytest

from keyturn.domain.address import TwoReadings, plain_host
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.condition import (
    MISSING,
    Condition,
    ConditionFault,
    Look,
    Operator,
    fault_of,
    holds,
    pointer_value,
)
from keyturn.domain.lamps import Lamps
from keyturn.domain.pattern import BadPattern, regex
from keyturn.domain.reading import Reading

ARGUMENTS: JsonObject = {"a": {"b": [10, {"c": "deep"}]}, "": 1, "x/y": 2, "m~n": 3, "0": "zero"}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", ARGUMENTS),
        ("/", 1),
        ("/a/b/0", 10),
        ("/a/b/1/c", "deep"),
        ("/x~1y", 2),
        ("/m~0n", 3),
        ("/0", "zero"),
        ("/a/b/2", MISSING),
        ("/a/b/-", MISSING),
        ("/a/b/00", MISSING),
        ("/a/b/+1", MISSING),
        ("/a/b/٠", MISSING),
        ("/a/b/99999999999999999999", MISSING),
        ("/a/b/0/c", MISSING),
        ("/nothing/here", MISSING),
    ],
)
def test_a_pointer_leads_to_what_rfc_6901_says(pointer: str, value: object) -> None:
    assert pointer_value(ARGUMENTS, pointer) == value


FITS: list[tuple[Operator, JsonValue, JsonValue, bool]] = [
    (Operator.EQ, 1, 1, True),
    (Operator.EQ, 1, 1.0, True),
    (Operator.EQ, 1, True, False),
    (Operator.EQ, False, 0, False),
    (Operator.EQ, False, False, True),
    (Operator.EQ, None, None, True),
    (Operator.EQ, [1, [True]], [1, [True]], True),
    (Operator.EQ, [1, [True]], [1, [1]], False),
    (Operator.EQ, [1], [1, 1], False),
    (Operator.EQ, {"a": 1}, {"a": 1}, True),
    (Operator.EQ, {"a": 1}, {"a": True}, False),
    (Operator.EQ, {"a": 1}, {"b": 1}, False),
    (Operator.EQ, "a", "A", False),
    (Operator.NE, "a", "b", True),
    (Operator.NE, "a", "a", False),
    (Operator.IN, [1, "a"], "a", True),
    (Operator.IN, [1, "a"], True, False),
    (Operator.GLOB, "read_*", "read_report", True),
    (Operator.GLOB, "read_?", "read_report", False),
    (Operator.GLOB, "*", 5, False),
    (Operator.PREFIX, "ab", "abc", True),
    (Operator.PREFIX, "ab", "xabc", False),
    (Operator.PREFIX, "ab", ["abc"], False),
    (Operator.SUFFIX, "bc", "abc", True),
    (Operator.SUFFIX, "bc", "abcx", False),
    (Operator.SUFFIX, "bc", None, False),
    (Operator.LT, 2, 1, True),
    (Operator.LT, 2, 2, False),
    (Operator.LE, 2, 2, True),
    (Operator.LE, 2, 2.5, False),
    (Operator.GT, 2, 3, True),
    (Operator.GT, 2, 2, False),
    (Operator.GE, 2, 2, True),
    (Operator.GE, 2, 1, False),
    (Operator.GE, 2, "3", False),
    (Operator.LE, 2, True, False),
    (Operator.LEN_LE, 3, "abc", True),
    (Operator.LEN_LE, 3, [1, 2, 3, 4], False),
    (Operator.LEN_LE, 1, {"a": 1}, True),
    (Operator.LEN_LE, 3, 5, False),
    (Operator.MATCHES, "^[a-z]+$", "abc", True),
    (Operator.MATCHES, "b", "abc", True),
    (Operator.MATCHES, "^b", "abc", False),
    (Operator.MATCHES, "1", 1, False),
    (Operator.HAS, None, 0, True),
    (Operator.HAS, True, None, True),
    (Operator.HAS, False, 0, False),
]


@pytest.mark.parametrize(("op", "wanted", "found", "fits"), FITS)
def test_a_value_fits_or_does_not(
    op: Operator, wanted: JsonValue, found: JsonValue, fits: bool
) -> None:
    condition = Condition(path="/v", op=op, value=wanted)
    assert holds(condition, {"v": found}, Lamps.NONE) is fits


@pytest.mark.parametrize(
    ("url", "hosts", "fits"),
    [
        ("https://docs.example.org/a", "docs.example.org", True),
        ("https://DOCS.example.org.", ["x", "Docs.Example.org"], True),
        ("https://docs.example.org:8080/a?b#c", "docs.example.org", True),
        ("https://a.docs.example.org/", "*.docs.example.org", True),
        ("https://docs.example.org/", "*.docs.example.org", False),
        ("https://evildocs.example.org/", "*.docs.example.org", False),
        ("docs.example.org", "docs.example.org", True),
        ("docs.example.org/a//b", "docs.example.org", True),
        ("docs.example.org:80", "docs.example.org", True),
        ("//docs.example.org/a", "docs.example.org", True),
        ("docs.example.org:team/repo", "docs.example.org", True),
        ("docs.example.org:80//a", "docs.example.org", True),
        ("https://docs.example.org/@team/a", "docs.example.org", True),
        ("http://[::1]:3000/", "::1", True),
        ("http://[0:0::0001]/", "[::1]", True),
        ("::1", "::1", True),
        ("http://[::ffff:127.0.0.1]/", "127.0.0.1", True),
        ("http://[::ffff:7f00:1]/", "127.0.0.1", True),
        ("http://127.0.0.1/", "::ffff:127.0.0.1", True),
        ("http://127.0.0.1./", "127.0.0.1", True),
        ("http://127.0.0.10/", "127.0.0.1", False),
        ("file:///docs.example.org", "docs.example.org", False),
        ("words without an address", "words", False),
        ("", "x", False),
        (7, "x7", False),
    ],
)
def test_a_host_is_told_from_a_url(url: JsonValue, hosts: JsonValue, fits: bool) -> None:
    condition = Condition(path="/u", op=Operator.HOST_IN, value=hosts)
    assert holds(condition, {"u": url}, Lamps.NONE) is fits


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example\\@docs.example.org/",
        "evil.example\\@docs.example.org",
        "https:evil.example",
        "https:///evil.example",
        "ht\ntps://evil.example",
        " https://evil.example",
        "https://ev%69l.example",
        "https://éxample.org",
        "https://docs.example.org／.evil.example",
        "http://[zz",
        "see https://docs.example.org",
        "see docs.example.org",
        "docs.example.org evil.example",
        "127.0.0.1 x",
        "local\nhost",
        "https://user:word@docs.example.org/",
        "https://docs.example.org@evil.example/",
        "https://docs.example.org?@evil.example/",
        "git@docs.example.org:team/repo",
        "ssh://-oProxyCommand=x@docs.example.org",
        "ssh://-oProxyCommand=x/docs.example.org",
        "http://docs.example.org,evil.example/",
        "http://docs.example.org:80:evil.example/",
        "http://docs..example.org/",
        "view-source:http://docs.example.org/",
        "///docs.example.org",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.0.01/",
        "http://1.2.3.4.5/",
        "http://0/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "127.1",
        "::1::2",
    ],
)
def test_a_host_that_clients_read_in_two_ways_cannot_be_judged(url: str) -> None:
    condition = Condition(path="/u", op=Operator.HOST_IN, value="docs.example.org")
    with pytest.raises(ConditionFault):
        holds(condition, {"u": url}, Lamps.NONE)


@pytest.mark.parametrize(
    ("path", "root", "fits"),
    [
        ("/srv/data/a.txt", "/srv/data", True),
        ("/srv/data", "/srv/data/", True),
        ("/srv//./data/x/../a", "/srv/data", True),
        ("/srv/data/../../etc/passwd", "/srv/data", False),
        ("/srv/database", "/srv/data", False),
        ("/../etc/passwd", "/etc", True),
        ("/a/../../../etc/passwd", "/etc", True),
        ("srv/data/a", "/srv/data", False),
        ("../etc", "/etc", False),
        ("/anything", "/", True),
        (5, "/srv", False),
    ],
)
def test_a_path_is_under_a_root_by_its_text(path: JsonValue, root: str, fits: bool) -> None:
    condition = Condition(path="/p", op=Operator.PATH_UNDER, value=root)
    assert holds(condition, {"p": path}, Lamps.NONE) is fits


@pytest.mark.parametrize(
    "path",
    [
        "/srv/a\0/../../etc",
        "/srv/a\n/etc",
        "/srv/%2e%2e/etc",
        "/srv/%2E./etc",
        "/srv%2F..%2Fetc",
        "/srv/%252e%252e/etc",
        "/srv/%c0%ae%c0%ae/etc",
        "/srv/%u002e%u002e/etc",
        "/s%72v/a",
        "/srv/..\\..\\etc",
        "\\srv\\a",
        "/srv/\uff0e\uff0e/etc",
        "/srv\uff0f..\uff0fetc",
        "/srv/.. /etc",
        "/srv/ ../etc",
        "/SRV/a",
        "/\uff53rv/a",
        "/srv./a",
        "~/a",
        "~root/srv",
        "file:///srv/a",
    ],
)
def test_a_path_that_programs_read_in_two_ways_cannot_be_judged(path: str) -> None:
    condition = Condition(path="/p", op=Operator.PATH_UNDER, value="/srv")
    with pytest.raises(ConditionFault):
        holds(condition, {"p": path}, Lamps.NONE)


@pytest.mark.parametrize(
    ("op", "form", "text"),
    [
        (Operator.PREFIX, "/srv/", "/srv/../etc"),
        (Operator.PREFIX, "/srv/", "/srv/%2e%2e/etc"),
        (Operator.PREFIX, "/srv/", "/srv/..\\etc"),
        (Operator.PREFIX, "/srv/", "//srv/a"),
        (Operator.PREFIX, "/srv/", "/./srv/a"),
        (Operator.PREFIX, "/srv/", "/Srv/a"),
        (Operator.GLOB, "/srv/*", "/srv/a/../../etc"),
        (Operator.GLOB, "/srv/*.txt", "/srv/a.TXT"),
        (Operator.SUFFIX, "/report.txt", "/srv/x/../report.txt"),
        (Operator.SUFFIX, ".txt", "/etc/passwd\0.txt"),
        (Operator.MATCHES, r"^/srv/.*\.txt$", "/srv/passwd\0.txt"),
        (Operator.PREFIX, "https://docs.example.org/", "https://docs.example.org/a/../b"),
        (Operator.PREFIX, "https://docs.example.org", "https://docs.example.org@evil.example/"),
        (Operator.PREFIX, "https://docs.example.org/", "HTTPS://docs.example.org/"),
        (Operator.PREFIX, "https://docs.example.org/", "https://DOCS.example.org/"),
        (Operator.PREFIX, "https://docs.example.org/adm", "https://docs.example.org/%61dmin"),
        (Operator.GLOB, "https://*.example.org/*", "https://evil.example\\.example.org/a"),
        (Operator.GLOB, "http*://127.0.0.1*", "http://127.1/"),
    ],
)
def test_a_text_that_hides_what_it_names_cannot_be_judged_by_its_text(
    op: Operator, form: str, text: str
) -> None:
    with pytest.raises(ConditionFault):
        holds(Condition(path="/v", op=op, value=form), {"v": text}, Lamps.NONE)


@pytest.mark.parametrize(
    ("op", "form", "text", "fits"),
    [
        (Operator.PREFIX, "/srv/", "/srv/my file, 2026..txt", True),
        (Operator.PREFIX, "/srv", "/", False),
        (Operator.GLOB, "/srv/*", "/srv/", True),
        (
            Operator.PREFIX,
            "https://docs.example.org/",
            "https://docs.example.org/a%20b?c=%2e",
            True,
        ),
        (Operator.PREFIX, "https://docs.example.org/", "https://docs.example.org/a//b", True),
        (Operator.SUFFIX, "@example.org", "r.talbot@example.org", True),
        (Operator.GLOB, "*..*", "a..b", True),
    ],
)
def test_a_plain_text_is_judged_by_its_text(op: Operator, form: str, text: str, fits: bool) -> None:
    assert holds(Condition(path="/v", op=op, value=form), {"v": text}, Lamps.NONE) is fits


@pytest.mark.parametrize(
    ("letters", "lamps", "fits"),
    [
        ("U", Lamps.U, True),
        ("UP", Lamps.U | Lamps.P | Lamps.X, True),
        ("UP", Lamps.U, False),
        ("X", Lamps.NONE, False),
    ],
)
def test_lamps_are_asked_of_the_session(letters: str, lamps: Lamps, fits: bool) -> None:
    condition = Condition(path="", op=Operator.TAINT_HAS, value=letters)
    assert holds(condition, {}, lamps) is fits


def test_absence_fails_every_test_but_its_own() -> None:
    absent: JsonObject = {}
    for op, wanted, _, _ in FITS:
        if op is not Operator.HAS:
            assert not holds(Condition(path="/v", op=op, value=wanted), absent, Lamps.NONE)
    assert holds(Condition(path="/v", op=Operator.HAS, value=False), absent, Lamps.NONE)
    assert not holds(Condition(path="/v", op=Operator.HAS), absent, Lamps.NONE)


UNUSABLE: list[tuple[Operator, JsonValue]] = [
    (Operator.IN, "text"),
    (Operator.GLOB, 1),
    (Operator.PREFIX, None),
    (Operator.SUFFIX, ["a"]),
    (Operator.HOST_IN, 5),
    (Operator.HOST_IN, [1]),
    (Operator.HOST_IN, ""),
    (Operator.HOST_IN, "https://docs.example.org"),
    (Operator.HOST_IN, "docs.example.org:80"),
    (Operator.HOST_IN, "2130706433"),
    (Operator.HOST_IN, "*.*.example.org"),
    (Operator.HOST_IN, "b\u00fccher.example"),
    (Operator.PATH_UNDER, "relative/path"),
    (Operator.PATH_UNDER, {}),
    (Operator.PATH_UNDER, "/a\0"),
    (Operator.PATH_UNDER, "C:\\data"),
    (Operator.PATH_UNDER, "~/data"),
    (Operator.LT, "2"),
    (Operator.GE, True),
    (Operator.LEN_LE, 2.5),
    (Operator.LEN_LE, False),
    (Operator.MATCHES, "("),
    (Operator.MATCHES, "(?=lookahead)"),
    (Operator.MATCHES, 1),
    (Operator.TAINT_HAS, ""),
    (Operator.TAINT_HAS, "UZ"),
    (Operator.TAINT_HAS, None),
    (Operator.HAS, "yes"),
]


@pytest.mark.parametrize(("op", "value"), UNUSABLE)
def test_an_unusable_condition_is_a_fault_at_load_and_at_every_call(
    op: Operator, value: JsonValue
) -> None:
    condition = Condition(path="/v", op=op, value=value)
    with pytest.raises(ConditionFault):
        fault_of(condition)
    arguments: tuple[JsonObject, ...] = ({}, {"v": "x"})
    for given in arguments:
        with pytest.raises(ConditionFault):
            holds(condition, given, Lamps.NONE)


@pytest.mark.parametrize(
    ("op", "value", "text"),
    [
        (Operator.IN, "text", "`in` takes a list"),
        (Operator.PREFIX, None, "the test takes a text"),
        (Operator.LT, "2", "the comparison takes a number"),
        (Operator.LEN_LE, 2.5, "`len_le` takes a whole number"),
        (Operator.PATH_UNDER, "a/b", "`path_under` takes an absolute path"),
        (Operator.TAINT_HAS, "u", "`taint_has` takes letters of U, P, X"),
        (Operator.HAS, "yes", "`has` takes true, false or nothing"),
    ],
)
def test_a_fault_says_what_the_test_takes(op: Operator, value: JsonValue, text: str) -> None:
    with pytest.raises(ConditionFault) as said:
        fault_of(Condition(path="/v", op=op, value=value))
    assert str(said.value) == text


def test_a_fault_says_what_the_reading_of_a_value_said() -> None:
    with pytest.raises(TwoReadings) as reading:
        plain_host("2130706433")
    with pytest.raises(ConditionFault) as said:
        fault_of(Condition(path="/v", op=Operator.HOST_IN, value="2130706433"))
    assert str(said.value) == str(reading.value) != ""
    with pytest.raises(BadPattern) as bad:
        regex("(")
    with pytest.raises(ConditionFault) as said:
        fault_of(Condition(path="/v", op=Operator.MATCHES, value="("))
    assert str(said.value) == str(bad.value) != ""


@pytest.mark.parametrize(
    "arguments",
    [
        {"A": 1, "a": {"b": {"c": 1}}},
        {"a": {"b": {"c": 1}, "B": {}}},
        {"a": {"B": {"c": 1}}},
        {"a": {"b": {"c": 1, "C": 2}}},
        {"A": {"b": {"c": 1}}},
    ],
)
def test_an_alike_key_anywhere_on_the_way_is_a_fault_each_time(arguments: JsonObject) -> None:
    look = Look(arguments)
    for _ in range(2):
        with pytest.raises(ConditionFault) as said:
            look.at("/a/b/c")
        assert str(said.value) == "another key differs in its letters only"


@pytest.mark.parametrize(("op", "wanted"), sorted({(op, str(w)) for op, w, _, _ in FITS}))
def test_usable_conditions_load(op: Operator, wanted: str) -> None:
    for known, value, _, _ in FITS:
        if (known, str(value)) == (op, wanted):
            fault_of(Condition(path="/v", op=op, value=value))
    fault_of(Condition(path="", op=Operator.TAINT_HAS, value="UPX"))


def test_alike_keys_are_counted_once_for_all_paths() -> None:
    counted: list[str] = []

    class Key(str):
        def casefold(self) -> str:
            counted.append(self)
            return super().casefold()

        def partition(self, sep: str, /) -> "tuple[Key, str, str]":
            first, found, rest = super().partition(sep)
            return Key(first), found, rest

    arguments: JsonObject = {Key(f"k{n}"): n for n in range(50)}
    arguments[Key("K7")] = 0
    look = Look(arguments)
    for n in range(50):
        if n == 7:
            with pytest.raises(ConditionFault):
                look.at("/k7")
        else:
            assert isinstance(look.at(f"/k{n}"), Reading)
    assert look.at("/k50") is MISSING
    assert len(counted) == 51


def test_a_glob_that_is_too_long_for_the_engine_cannot_be_made() -> None:
    condition = Condition(path="/a", op=Operator.GLOB, value="?" * 100_000)
    with pytest.raises(ConditionFault, match="does not accept"):
        holds(condition, {"a": "x"}, Lamps.NONE)
    with pytest.raises(ConditionFault, match="does not accept"):
        fault_of(condition)
