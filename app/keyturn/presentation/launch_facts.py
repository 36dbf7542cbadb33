"""Owns what is said of the code that a command would load: its files, its gaps, its own claims.

Read from the facts that come with a request, whose subject has their hash, or from what was agreed
to.
"""

from collections.abc import Iterator, Mapping

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.review_request import CLOSURE_CHANGED
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.certificate import ISSUED_BY, ISSUED_BY_NAME
from keyturn.domain.closure import Gap
from keyturn.domain.command import MarkKind
from keyturn.presentation.card import Chip, Pair
from keyturn.presentation.json_nodes import read_json
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_MOST_FILES = 8
_LONGEST = 300
_HASH_DIGITS = 12
_CLAIMS = ("publisher", "repository", "installed_from", "integrity")
_CLAIM_KEYS = {
    "publisher": "launch.publisher",
    "repository": "launch.repository",
    "installed_from": "launch.installed_from",
    "integrity": "launch.integrity",
}
_MARKS = {mark.value: mark for mark in MarkKind}
_GAPS = {gap.value: gap for gap in Gap}
_CHANGE_KEYS = {"changed": "launch.changed", "added": "launch.added", "removed": "launch.removed"}


def facts_with(request: ApprovalRequest) -> JsonObject:
    """Return the facts that come with a request about a command."""
    facts = read_json(request.definition) if request.definition else None
    return facts if isinstance(facts, dict) else {}


def launch_chips(facts: JsonObject, words: Words) -> Iterator[Chip]:
    """Yield what has to be seen at once of a command."""
    change = _change(facts)
    if change and _certificate(facts):
        yield _warning(Icon.CHANGED, words("launch.chip_issuer"))
    elif change:
        differs = sum(_count(change, name) for name in _CHANGE_KEYS)
        if differs:
            yield _warning(Icon.CHANGED, words("launch.chip_changed", n=differs))
    marks = [mark for mark, _ in _marks(facts)]
    if MarkKind.FETCHES in marks:
        yield _warning(Icon.LEAVES_MACHINE, words("launch.chip_fetches"))
    others = sum(mark is not MarkKind.FETCHES for mark in marks)
    if others:
        yield _warning(Icon.ATTENTION, words("launch.chip_look", n=others))
    if any(_number(claims.get("files_not_as_recorded")) for claims in _claims(facts)):
        yield _warning(Icon.ATTENTION, words("launch.chip_record"))


def launch_claims(facts: JsonObject, words: Words) -> Iterator[Pair]:
    """Yield what the packages' own metadata says, as claims.

    Of a script they are only what it loads as well: nobody published the script by that.
    """
    loaded = bool(_text(facts, "script", words))
    for claims in _claims(facts):
        name, version = _text(claims, "name", words), _text(claims, "version", words)
        named = words("launch.package_version", name=name, version=version) if version else name
        if loaded:
            yield _claimed(words("launch.loads_also"), named, words)
            continue
        yield _claimed(words("launch.package"), named, words)
        for part in _CLAIMS:
            told = _text(claims, part, words)
            if told:
                yield _claimed(words(_CLAIM_KEYS[part]), told, words)


def launch_facts(facts: JsonObject, words: Words) -> Iterator[Pair]:
    """Yield what Keyturn saw of the files, what it could not cover, and what to look at."""
    if script := _text(facts, "script", words):
        yield Pair(key=words("launch.runs"), value=words("launch.own_script", file=script))
    certificate = _certificate(facts)
    if certificate:
        issuer, digits = _issuer(certificate, words), _text(certificate, "sha256", words)
        yield Pair(
            key=words("launch.certificate"),
            value=words(
                "launch.certificate_value",
                issuer=issuer,
                key=_key_of(certificate, words),
                hash=digits[:_HASH_DIGITS],
            ),
        )
    closure = facts.get("closure")
    if isinstance(closure, dict):
        yield Pair(
            key=words("launch.files"),
            value=words(
                "launch.files_value",
                n=_number(closure.get("files")),
                mb=_number(closure.get("bytes")) / 1_000_000,
                hash=_text(closure, "sha256", words)[:_HASH_DIGITS],
            ),
        )
    yield from _changed_files(facts, words)
    for claims in _claims(facts):
        if "files_not_as_recorded" in claims:
            differing = _number(claims["files_not_as_recorded"])
            key = "launch.record_differs" if differing else "launch.record_same"
            name = _text(claims, "name", words)
            yield Pair(key=words("launch.record", name=name), value=words(key, n=differing))
    for mark, detail in _marks(facts):
        told = words(f"launch.mark_{mark.value}", detail=shown_line(detail, words, most=_LONGEST))
        yield Pair(key=words("launch.look_at"), value=told)
    for gap, of in _gaps(facts):
        told = words(f"launch.gap_{gap.value}", of=shown_line(of, words, most=_LONGEST))
        yield Pair(key=words("launch.not_covered"), value=told)


def program_facts(subject: JsonObject, words: Words) -> Iterator[Pair]:
    """Yield the program that an agent runs in, and the one that it was enrolled in."""
    enrolled = subject.get("enrolled")
    told = (("launch.program_sha256", _text(subject, "sha256", words)),)
    if isinstance(enrolled, dict):
        told += (
            ("launch.enrolled_program", _text(enrolled, "executable", words)),
            ("launch.enrolled_sha256", _text(enrolled, "sha256", words)),
        )
    for key, value in told:
        if value:
            yield Pair(key=words(key), value=value, exact=True)


def change_text(facts: JsonObject, words: Words) -> str:
    """Return what changed since a command was agreed to, with the first file by name."""
    change = _change(facts)
    if _certificate(facts):
        return _issuer_text(change, words)
    if not change.get("files_known", False):
        return words("launch.change_unlisted")
    differs = sum(_count(change, name) for name in _CHANGE_KEYS)
    for name in _CHANGE_KEYS:
        files = _named(change, name)
        if files:
            file = shown_line(files[0], words, most=_LONGEST)
            before = _number(change.get("files_before"))
            return words(f"launch.change_{name}", file=file, n=differs, all=before)
    return words("launch.change_elsewhere")


def _changed_files(facts: JsonObject, words: Words) -> Iterator[Pair]:
    change = _change(facts)
    if change and _certificate(facts):
        before = _issuer_before(change, words)
        yield Pair(key=words("launch.issuer_before"), value=before, exact=True)
        yield Pair(key=words("launch.pins"), value=words("launch.pins_stay"))
        return
    for name, key in _CHANGE_KEYS.items():
        files = _named(change, name)
        for file in files[:_MOST_FILES]:
            shown = shown_line(file, words, most=_LONGEST)
            yield Pair(key=words(key), value=shown, exact=True)
        more = _count(change, name) - min(len(files), _MOST_FILES)
        if more > 0:
            yield Pair(key=words(key), value=words("launch.more_files", n=more))
    if change:
        yield Pair(key=words("launch.pins"), value=words("launch.pins_stay"))


def _certificate(facts: JsonObject) -> JsonObject:
    said = facts.get("certificate")
    return said if isinstance(said, dict) else {}


def _issuer(certificate: JsonObject, words: Words) -> str:
    named = certificate.get("issuer")
    first = named[0] if isinstance(named, list) and named else ""
    return _without_mark(first, words) if isinstance(first, str) else ""


def _issuer_text(change: JsonObject, words: Words) -> str:
    """Return what is another than was agreed to: the name, or only the key that it stands for."""
    before, same = _issuer_before(change, words), _named(change, "changed")
    if same:
        return words("launch.change_authority_key", name=_without_mark(same[0], words))
    if any(path.startswith(ISSUED_BY_NAME) for path in _named(change, "removed")):
        return words("launch.change_authority_named", before=before)
    return words("launch.change_issuer", before=before)


def _key_of(certificate: JsonObject, words: Words) -> str:
    digits = certificate.get("authority_key_sha256")
    first = digits[0] if isinstance(digits, list) and digits else ""
    return shown_line(first[:_HASH_DIGITS], words) if isinstance(first, str) else ""


def _issuer_before(change: JsonObject, words: Words) -> str:
    named = _named(change, "removed") or _named(change, "changed")
    return _without_mark(named[0], words) if named else words("launch.issuer_none")


def _without_mark(path: str, words: Words) -> str:
    name = path.removeprefix(ISSUED_BY).removeprefix(ISSUED_BY_NAME)
    return shown_line(name, words, most=_LONGEST)


def _change(facts: JsonObject) -> JsonObject:
    change = facts.get(CLOSURE_CHANGED)
    return change if isinstance(change, dict) else {}


def _count(change: JsonObject, name: str) -> int:
    part = change.get(name)
    return _number(part.get("files")) if isinstance(part, dict) else 0


def _named(change: JsonObject, name: str) -> list[str]:
    part = change.get(name)
    named = part.get("named") if isinstance(part, dict) else None
    return [file for file in named if isinstance(file, str)] if isinstance(named, list) else []


def _claims(facts: JsonObject) -> list[JsonObject]:
    said = facts.get("claimed")
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []


def _marks(facts: JsonObject) -> Iterator[tuple[MarkKind, str]]:
    for kind, detail in _pairs(facts.get("marks")):
        if kind in _MARKS:
            yield _MARKS[kind], detail


def _gaps(facts: JsonObject) -> Iterator[tuple[Gap, str]]:
    for kind, of in _pairs(facts.get("not_covered")):
        if kind in _GAPS:
            yield _GAPS[kind], of


def _pairs(said: JsonValue) -> Iterator[tuple[str, str]]:
    for item in said if isinstance(said, list) else ():
        if isinstance(item, list) and len(item) == 2:
            first, second = item
            if isinstance(first, str) and isinstance(second, str):
                yield first, second


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _text(said: Mapping[str, JsonValue], key: str, words: Words) -> str:
    value = said.get(key)
    return shown_line(value, words, most=_LONGEST) if isinstance(value, str) else ""


def _claimed(key: str, text: str, words: Words) -> Pair:
    return Pair(key=key, value=words("phrases.quoted_claim", text=text))


def _warning(icon: Icon, text: str) -> Chip:
    return Chip(role=Role.WARNING, icon=icon, text=text)
