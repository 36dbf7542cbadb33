"""Chooses the values that decide what a call does: at most three, each shown large and whole.

Where the local catalogue names them, it is followed; otherwise keys, the schema and origins are
weighed. What the schema does not declare comes after all that it does, and is said to be so. The
schema is the server's own, so it never takes away the last value of an untrusted result.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from urllib.parse import urlsplit

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.client_request import COMPLETE, PROMPT, READ
from keyturn.domain.origin import Origin
from keyturn.domain.tier import Tier
from keyturn.presentation.argument_schema import ArgumentSchema, Place
from keyturn.presentation.asked_names import is_of_tool
from keyturn.presentation.card import DecisiveValue
from keyturn.presentation.hidden_secrets import HiddenSecrets, hidden_of
from keyturn.presentation.json_nodes import (
    Node,
    bare_json,
    bare_text,
    first_nodes,
    pointer_parts,
    read_json,
    shortened,
    value_at,
)
from keyturn.presentation.launch_changes import agreed_text
from keyturn.presentation.verbs import Verbs, name_words
from keyturn.presentation.words import Words

MOST = 3
_LONG_TEXT = 200
_FORMATS = frozenset(
    {
        "email",
        "hostname",
        "idn-email",
        "idn-hostname",
        "ipv4",
        "ipv6",
        "iri",
        "uri",
        "uri-reference",
    }
)
_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
_PLAIN_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}")
_LONGEST_LABEL = 300
_PLAIN_WORD = re.compile(r"[^\s\"'\\\x00-\x1f\x7f]+")
_TELLING = 6
"""From this weight on a value is more than one among many."""
_BELOW_ALL_DECLARED = 100
"""An agent can add any member that a schema does not forbid; those must not crowd out the rest."""
_MOST_WEIGHED = 500
"""Leaves beyond these count only when they are traced: nobody reads so many as a few values."""
_REVIEWS = (
    RequestKind.COMMAND,
    RequestKind.DEFINITION,
    RequestKind.CHANGE,
    RequestKind.AGENT,
)
"""One text decides: it is read whole, and the rest of the subject stands below it."""
_OF_SUBJECT: Mapping[RequestKind, tuple[str, ...]] = {
    RequestKind.COMMAND: ("/argv", "/url"),
    RequestKind.DEFINITION: ("/description", "/name"),
    RequestKind.CHANGE: ("/after/description", "/after/name"),
    RequestKind.AGENT: ("/agent",),
    RequestKind.INPUT: ("/method", "/params/message", "/params/systemPrompt"),
    RequestKind.RESULT: (),
}
_OF_METHOD: Mapping[str, tuple[str, ...]] = {
    READ: ("/uri",),
    PROMPT: ("/name",),
    COMPLETE: ("/ref/uri", "/ref/name", "/argument/value"),
}
_OF_TASKS = ("/taskId",)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    node: Node
    origin: Origin | None
    place: Place
    """What the tool's schema says of it."""
    telling: bool
    """Its name, kind or origin says that it decides something."""
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisive:
    """The values that are shown large, and how many more would deserve it."""

    values: tuple[DecisiveValue, ...]
    more: int


def decisive_values(
    request: ApprovalRequest, verbs: Verbs, words: Words
) -> tuple[DecisiveValue, ...]:
    """Return the decisive values alone."""
    return decisive_of(request, verbs, words).values


def decisive_of(request: ApprovalRequest, verbs: Verbs, words: Words) -> Decisive:
    """Return the decisive values, most telling first; one of them is owed for T2 and T3.

    Owed is the first whose origin is an untrusted result, else the first. What sends where nothing
    was sent before owes one whatever its tier: then a new destination comes before the first.
    """
    chosen, more = _chosen(request, verbs)
    owed = None
    if chosen and (request.tier >= Tier.T2 or request.first_seen):
        new = next((c for c in chosen if _is_new(c, request)), chosen[0])
        owed = next((c for c in chosen if c.origin is not None and c.origin.untrusted), new)
    hidden = hidden_of(request, words)
    values = tuple(_value(c, request, words, hidden, owed=c is owed) for c in chosen)
    return Decisive(values=values, more=more)


def _is_new(candidate: _Candidate, request: ApprovalRequest) -> bool:
    """Tell whether a value names, or holds, a destination of which none was seen."""
    path = candidate.node.path
    return any(one.path == path or one.path.startswith(f"{path}/") for one in request.first_seen)


def argv_text(argv: JsonValue) -> str:
    """Return a command with one argument a line; one that could be misread so stands as JSON."""
    if not isinstance(argv, list):
        return bare_text(argv)
    words = [word if isinstance(word, str) else bare_text(word) for word in argv]
    return "\n".join(word if _PLAIN_WORD.fullmatch(word) else bare_json(word) for word in words)


def worst_origins(request: ApprovalRequest) -> dict[str, Origin]:
    """Return one origin for each path traced to a result: an untrusted one where there is one.

    What is said to be typed counts for nothing here: whoever says so could otherwise have some
    values shown in the place of others.
    """
    worst: dict[str, Origin] = {}
    for origin in request.trace.worst_first():
        if not origin.is_typed:
            worst.setdefault(origin.path, origin)
    return worst


def _chosen(request: ApprovalRequest, verbs: Verbs) -> tuple[list[_Candidate], int]:
    """Return what is shown large, and the number of telling values that are not."""
    subject = read_json(request.arguments)
    fixed = _OF_SUBJECT.get(request.kind)
    if fixed is None and not is_of_tool(request.method):
        fixed = _OF_METHOD.get(request.method, _OF_TASKS)
    if fixed is None:
        fixed = verbs.decisive_paths(request.server, request.tool or "")
    found = _candidates(request, subject, verbs)
    by_path = {candidate.node.path: candidate for candidate in found}
    named = [by_path[path] for path in fixed if path in by_path]
    if request.kind in _REVIEWS:
        return named[:1], 0
    untrusted = [candidate for candidate in found if _untrusted(candidate)]
    if not named and request.kind not in _OF_SUBJECT:
        ranked = sorted(found, key=lambda candidate: -candidate.weight)
        worth = [candidate for candidate in ranked if candidate.weight >= 0 or candidate.telling]
        named = worth or ranked
        untrusted = [] if any(map(_untrusted, named[:MOST])) else untrusted
    # A value that came from an untrusted result is never crowded out.
    told = {candidate.node.path for candidate in named[:MOST]}
    strays = [candidate for candidate in untrusted if candidate.node.path not in told]
    chosen = (named[: MOST - 1] + strays + named[MOST - 1 :])[:MOST] if strays else named[:MOST]
    shown = {candidate.node.path for candidate in chosen}
    more = sum(candidate.telling and candidate.node.path not in shown for candidate in found)
    return chosen, more if request.kind is RequestKind.CALL else 0


def _candidates(request: ApprovalRequest, subject: JsonValue, verbs: Verbs) -> list[_Candidate]:
    origins = _with_parents(worst_origins(request))
    schema = ArgumentSchema(_argument_schema(request), subject)

    @cache
    def tells(name: str) -> bool:
        return not verbs.vocabulary.decisive.isdisjoint(name_words(name))

    found: dict[str, _Candidate] = {}
    for node in chain(schema.declared_nodes(), _traced(subject, origins), _told(subject)):
        if node.path in found or not _is_one_value(node):
            continue
        origin = origins.get(node.path)
        if len(found) >= _MOST_WEIGHED and origin is None:
            continue
        place = schema.at(node.path)
        own = _weight(node, origin, place, tells) + 2 * place.required
        found[node.path] = _Candidate(
            node=node,
            origin=origin,
            place=place,
            telling=own >= _TELLING,
            weight=own if place.declared else own - _BELOW_ALL_DECLARED,
        )
    return list(found.values())


def _told(subject: JsonValue) -> Iterator[Node]:
    """Yield the first of all values; the items of a plain list are one value."""
    within = "\n"
    for node in first_nodes(subject):
        if not node.path.startswith(within):
            if _is_plain_list(node.value):
                within = f"{node.path}/"
            yield node


def _traced(subject: JsonValue, origins: Mapping[str, Origin]) -> Iterator[Node]:
    """Yield what is traced, wherever it stands; of a plain list the list."""
    for path in origins:
        try:
            value = value_at(subject, path)
            above = value_at(subject, path.rpartition("/")[0])
        except KeyError:
            continue
        if path and not _is_plain_list(above):
            yield Node(path=path, key="", depth=0, value=value)


def _is_one_value(node: Node) -> bool:
    return _is_plain_list(node.value) or (node.is_leaf and node.value not in ({}, []))


def _is_plain_list(value: JsonValue) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and not any(isinstance(item, dict | list) for item in value)
    )


def _with_parents(origins: Mapping[str, Origin]) -> dict[str, Origin]:
    """Give each value that holds traced ones the worst of their origins."""
    worst = dict(origins)
    for path, origin in origins.items():
        above = path.rpartition("/")[0]
        while above and (above not in worst or (origin.untrusted and not worst[above].untrusted)):
            worst[above] = origin
            above = above.rpartition("/")[0]
    return worst


def _untrusted(candidate: _Candidate) -> bool:
    return candidate.origin is not None and candidate.origin.untrusted


def _weight(node: Node, origin: Origin | None, place: Place, tells: Callable[[str], bool]) -> int:
    keys = [part for part in pointer_parts(node.path) if not part.isdigit()]
    weight = 0
    if origin is not None:
        weight += 8 if origin.untrusted else 1
    if keys and tells(keys[-1]):
        weight += 6
    elif any(map(tells, keys)):
        weight += 3
    if any(one in _FORMATS for one in place.said("format") if isinstance(one, str)):
        weight += 4
    if isinstance(node.value, bool) or node.value is None:
        weight -= 1
    if isinstance(node.value, str) and weight < 6 and len(node.value) > _LONG_TEXT:
        weight -= 20
    return weight


def _value(
    candidate: _Candidate,
    request: ApprovalRequest,
    words: Words,
    hidden: HiddenSecrets,
    *,
    owed: bool,
) -> DecisiveValue:
    node = candidate.node
    name = _name(node, request.kind, words)
    is_argv = (request.kind, node.path) == (RequestKind.COMMAND, "/argv")
    shown = hidden.value(node.path, node.value, argv_text(node.value) if is_argv else None)
    return DecisiveValue(
        path=node.path,
        key=_label(node, request.kind, words),
        value=shown.text,
        masks=shown.masks,
        owed=owed,
        owed_reason=_owed_reason(candidate, request, words) if owed else "",
        action=words("phrases.confirm_action", name=name),
        object=words("phrases.confirm_object", name=name),
        note=_note(candidate, words),
    )


def _owed_reason(candidate: _Candidate, request: ApprovalRequest, words: Words) -> str:
    origin = candidate.origin
    if origin is not None:
        return words("phrases.owed_traced", server=origin.server, n=origin.result)
    if request.kind is RequestKind.CHANGE:
        return words("phrases.owed_changed")
    if _is_new(candidate, request):
        return words("phrases.owed_first_seen")
    if request.kind is RequestKind.COMMAND and (agreed := agreed_text(request, words)):
        return agreed
    if request.kind in _REVIEWS or request.first_use:
        return words("phrases.owed_first")
    return words("phrases.owed_decides")


def _name(node: Node, kind: RequestKind, words: Words) -> str:
    """Name the value in a sentence; a key that is no plain word is not repeated in our voice."""
    subject = _subject_name(node.path, kind, words)
    if subject:
        return subject
    keys = [part for part in pointer_parts(node.path) if not part.isdigit()]
    if keys and _PLAIN_KEY.fullmatch(keys[-1]):
        return " ".join(name_words(keys[-1])) or words("phrases.value")
    return words("phrases.value")


def _label(node: Node, kind: RequestKind, words: Words) -> str:
    """Name the value above its box: "Ship to address"."""
    subject = _subject_name(node.path, kind, words)
    parts = pointer_parts(node.path)
    if not subject and not all(part.isdigit() or _PLAIN_KEY.fullmatch(part) for part in parts):
        return shortened(node.path, _LONGEST_LABEL)
    told = subject or " ".join(
        f"[{part}]" if part.isdigit() else " ".join(name_words(part)) for part in parts
    )
    return told[:1].upper() + told[1:] if told else words("phrases.value")


def _subject_name(path: str, kind: RequestKind, words: Words) -> str:
    match kind, path:
        case (RequestKind.COMMAND, "/argv"):
            return words("phrases.name_command")
        case (RequestKind.COMMAND, "/url"):
            return words("phrases.name_address")
        case (RequestKind.COMMAND, "/cwd"):
            return words("phrases.name_folder")
        case (RequestKind.DEFINITION | RequestKind.CHANGE, "/description" | "/after/description"):
            return words("phrases.name_description")
        case (RequestKind.DEFINITION | RequestKind.CHANGE, "/name" | "/after/name"):
            return words("phrases.name_tool")
        case (RequestKind.CALL, "/uri"):
            return words("phrases.name_uri")
        case _:
            return ""


def _note(candidate: _Candidate, words: Words) -> str:
    notes = [] if candidate.place.declared else [words("phrases.note_undeclared")]
    value = candidate.node.value
    host = _unusual_host(value)
    default = next(candidate.place.said("default"), value)
    if host:
        notes.append(words("phrases.note_host", host=host))
    elif default != value and not isinstance(default, dict | list):
        text = bare_json(default)
        if len(text) <= 40:
            notes.append(words("phrases.note_default", value=text))
    return ", ".join(notes)


def _unusual_host(value: JsonValue) -> str:
    """Return the ASCII form of a host that holds other letters (console.md section 3.2)."""
    if not isinstance(value, str) or value.isascii() or len(value) > 2048:
        return ""
    try:
        host = urlsplit(value).hostname or (value if "." in value and " " not in value else "")
        plain = "" if host.isascii() else host.encode("idna").decode()
        return plain if _PLAIN_HOST.fullmatch(plain) else ""
    except (UnicodeError, ValueError):
        return ""


def _argument_schema(request: ApprovalRequest) -> JsonObject:
    definition = read_json(request.definition) if request.definition else None
    schema = definition.get("inputSchema") if isinstance(definition, dict) else None
    return schema if isinstance(schema, dict) and request.kind is RequestKind.CALL else {}
