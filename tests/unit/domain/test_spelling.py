"""Patterns against names that a server may read otherwise than they are spelt."""

import pytest

from keyturn.domain.condition import ConditionFault
from keyturn.domain.lamps import Lamps
from keyturn.domain.rule import Effect, Kind, Rule, RuleSubject, covers
from keyturn.domain.spelling import Fit, fit_of

SECRET = "file:///etc/*"
OTHERWISE_SPELT = (
    "FILE:///etc/passwd",
    "file:///ETC/passwd",
    "file:///%65tc/passwd",
    "file:///%2565tc/passwd",
    "file:///%25252565tc/passwd",
    "file:///etc%2Fpasswd",
    "file:///srv/../etc/passwd",
    "file:///srv/%2e%2e/etc/passwd",
    "file:///srv/..%2fetc/passwd",
    "file:////etc/passwd",
    "file:///./etc/passwd",
    "file:///etc\\passwd",
    "file:///srv/..\\etc\\passwd",
    "file://localhost/etc/passwd",
    "file://LOCALHOST/etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "file:/etc/passwd",
    " file:///etc/passwd",
    "file:///etc./passwd",
    "file:///\uff45tc/passwd",
    "file:///e\u200btc/passwd",
    "file:///etc\x00/passwd",
    "file:///e\ttc/passwd",
    "file:///pub/?/../../etc/passwd",
    "file:///%ff/etc",
)


@pytest.mark.parametrize("uri", OTHERWISE_SPELT, ids=ascii)
def test_no_spelling_passes_round_a_denial(uri: str) -> None:
    assert fit_of(SECRET, uri) is not Fit.NO


@pytest.mark.parametrize("uri", OTHERWISE_SPELT, ids=ascii)
def test_no_spelling_is_let_in_by_a_wide_permission(uri: str) -> None:
    assert fit_of("file:///pub/*", uri) is not Fit.YES


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*", "anything\x00at all"),
        (SECRET, "file:///etc/passwd"),
        ("file:///a%20b/*", "file:///a%20b/c"),
        ("file:///Home/*", "file:///Home/x.txt"),
        ("https://api.example/*", "https://api.example/"),
        ("https://api.example/x?y=1", "https://api.example/x?y=1"),
        ("https://*.example/*", "https://a.example/x#y"),
        ("*://api.example/*", "https://api.example/x"),
        ("demo://resource/*", "demo://resource/static/1"),
        ("demo:thing", "demo:thing"),
        ("*/secret/*", "file:///a/secret/b"),
        ("db://user@host/*", "db://user@host/table"),
        ("deploy", "deploy"),
        ("Deploy the thing", "Deploy the thing"),
        ("d?ploy*", "deploy now"),
        ("100%", "100%"),
    ],
)
def test_what_has_one_reading_is_covered(pattern: str, name: str) -> None:
    assert fit_of(pattern, name) is Fit.YES


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (SECRET, "file:///srv/notes.txt"),
        (SECRET, "file:///etcetera/x"),
        ("file:///etc/passwd", "file:///etc/passwd2"),
        ("demo://resource/1", "demo://resource/2"),
        ("https://api.example/*", "https://api.example.org/x"),
        ("deploy", "deployed"),
    ],
)
def test_another_name_is_not_covered(pattern: str, name: str) -> None:
    assert fit_of(pattern, name) is Fit.NO


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("file:///etc/passwd", "file:///etc/passwd?x"),
        ("file:///etc/passwd", "file:///etc/passwd#x"),
        ("file:///etc/passwd", "file:///etc/passwd%3Fx"),
        ("file:///etc/*", "file:///etc"),
        ("https://inner.example/*", "https://inner.example:443/x"),
        ("https://inner.example/*", "https://inner.example./x"),
        ("https://inner.example/*", "https://user@inner.example/x"),
        ("https://inner.example/*", "HTTPS://INNER.example/x"),
        ("https://inner.example/*", "https://other.example\\@inner.example/x"),
        ("deploy", "DEPLOY"),
        ("deploy", "dep\u200bloy"),
        ("deploy", " deploy"),
        ("deploy", "d\u00e9ploy"),
        ("deploy", "deploy\x00now"),
    ],
    ids=ascii,
)
def test_what_only_some_servers_read_so_is_unclear(pattern: str, name: str) -> None:
    assert fit_of(pattern, name) is Fit.UNCLEAR


def a_rule(effect: Effect, kind: Kind = Kind.READ, tool: str = SECRET) -> Rule:
    return Rule(id="r", effect=effect, kind=kind, tool=tool)


def reading(uri: str, kind: Kind = Kind.READ) -> RuleSubject:
    return RuleSubject(
        kind=kind,
        agent="analyst",
        server="files",
        tool=uri,
        arguments={"uri": uri},
        lamps=Lamps.NONE,
    )


@pytest.mark.parametrize("effect", [Effect.DENY, Effect.ASK])
@pytest.mark.parametrize("kind", [Kind.READ, Kind.PROMPT, Kind.COMPLETE])
def test_a_rule_that_tightens_cannot_be_sure_of_an_odd_name(effect: Effect, kind: Kind) -> None:
    with pytest.raises(ConditionFault):
        covers(a_rule(effect, kind), reading("file:///%65tc/passwd", kind))


def test_a_permission_does_not_speak_of_another_spelling_of_what_it_allows() -> None:
    assert not covers(a_rule(Effect.ALLOW), reading("file:///%65tc/passwd"))


def test_a_permission_cannot_be_sure_of_what_leads_out_of_its_folder() -> None:
    with pytest.raises(ConditionFault):
        covers(a_rule(Effect.ALLOW), reading("file:///etc/../root/.ssh/id"))


def test_a_tool_is_compared_as_it_is() -> None:
    assert not covers(a_rule(Effect.DENY, Kind.CALL, "deploy"), reading("DEPLOY", Kind.CALL))
