"""Says in words how a tool definition differs from its pin.

Everything that differs is named: what no sentence covers is named by its member. What a server
newly claims is quoted, never judged.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.presentation.claims import hints_of
from keyturn.presentation.definition_facts import argument_schemas, required_names, type_words
from keyturn.presentation.definition_text import definition_text
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.servers import ChangeLine, OwedChange
from keyturn.presentation.visible_text import hidden_in_all, visible
from keyturn.presentation.words import Words

_SENTENCE = re.compile(r"[^.!?\n]*[.!?\n]+|[^.!?\n]+$")
_MOST_SENTENCES = 100
_MOST_PIECES = 1_000
"""Of more it is not even tried to tell which of them hide at the end of another."""
_LONGEST_COMPARED = 500
_ALIKE = 0.6
_TOLD = frozenset({"description", "inputSchema", "outputSchema", "title", "annotations"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionChanges:
    """The differences, the ones that a person must confirm apart."""

    owed: tuple[OwedChange, ...]
    lines: tuple[ChangeLine, ...]


def definition_changes(
    before: JsonObject, after: JsonObject, *, tier_words: str, words: Words
) -> DefinitionChanges:
    """Compare a pin with what is listed now; `tier_words` is empty for an unconfirmed tier.

    Owed are the sentences that the description gains, else those it changes; without either,
    every difference is owed as one.
    """
    gained, changed, lost = _sentences(_text(before), _text(after))
    key = "phrases.gains_sentence" if gained else "phrases.changes_sentence"
    owed = [
        _owed_sentence(index, text, words(key), words)
        for index, text in enumerate(gained or changed)
    ]
    # A sentence that only ends in another way, because one was put behind it, is no other one.
    ends = {_without_end(one) for one in _cut(_text(before))}
    others = [one for one in changed if _without_end(one) not in ends]
    lines = [*_description_lines(gained, others, lost, words)]
    lines += _argument_lines(before, after, words)
    lines += _other_lines(before, after, tier_words, words)
    text = definition_text(after).split("\n")
    located = tuple(_located(line, text, words) for line in lines)
    if not owed and located:
        owed.append(
            OwedChange(
                path="/after",
                reason=located[0].text,
                text="\n".join(line.text for line in located),
                action=words("phrases.confirm_change"),
                object=words("phrases.object_change"),
            )
        )
    return DefinitionChanges(owed=tuple(owed), lines=located)


def _text(definition: JsonObject) -> str:
    text = definition.get("description")
    return text if isinstance(text, str) else ""


def _sentences(before: str, after: str) -> tuple[list[str], list[str], list[str]]:
    """Return the sentences that are gained, changed and lost."""
    old, new = _cut(before), _cut(after)
    plain = {one: _plain(one) for one in (*old, *new)}
    plain_old = {plain[one] for one in old}
    plain_new = {plain[one] for one in new}
    fresh = [one for one in new if one not in old]
    gone = [one for one in old if plain[one] not in plain_new]
    past = [plain[one] for one in gone]
    changed = [one for one in fresh if plain[one] in plain_old or _has_alike(plain[one], past)]
    gained = _rejoined([one for one in fresh if one not in changed], after)
    return gained, changed, gone[: max(0, len(gone) - len(changed))]


def _cut(text: str) -> list[str]:
    kept: list[str] = []
    pieces = [found.group() for found in islice(_SENTENCE.finditer(text), _MOST_PIECES + 1)]
    if len(pieces) > _MOST_PIECES:
        return [text]
    for piece in pieces:
        if kept and not _plain(piece):
            # Nothing to be seen in it: it hides at the end of the sentence before.
            kept[-1] += piece
        elif piece.strip(" \n\t"):
            kept.append(piece)
    sentences = [one.strip(" \n\t") for one in kept]
    return sentences if len(sentences) <= _MOST_SENTENCES else [text]


def _rejoined(gained: list[str], text: str) -> list[str]:
    """Put together what was cut within a word: the dot of an address ends no sentence.

    Only of what is owed anyway, so that nothing is owed less for the way in which it is written.
    """
    joined: list[str] = []
    for one in gained:
        if joined and joined[-1] + one in text:
            joined[-1] += one
        else:
            joined.append(one)
    return joined


def _plain(sentence: str) -> str:
    """Return what a person would see of a sentence, so that hidden letters make no new one."""
    shown = "".join(part.text for part in visible(sentence) if part.mark is None)
    return " ".join(shown.split())


def _has_alike(plain: str, others: list[str]) -> bool:
    one = plain[:_LONGEST_COMPARED]
    return any(
        SequenceMatcher(None, one, other[:_LONGEST_COMPARED], autojunk=False).ratio() >= _ALIKE
        for other in others
    )


def _without_end(sentence: str) -> str:
    return sentence.rstrip(".!? ")


def _owed_sentence(index: int, text: str, said: str, words: Words) -> OwedChange:
    hidden = hidden_in_all((text,))
    reason = words("phrases.gains_hidden", n=hidden) if hidden else said
    return OwedChange(
        path=f"/after/description#{index}",
        reason=reason,
        text=text,
        action=words("phrases.confirm_sentence"),
        object=words("phrases.object_sentence"),
    )


def _description_lines(
    gained: list[str], changed: list[str], lost: list[str], words: Words
) -> Iterator[ChangeLine]:
    # Sentences that are owed have a box of their own; without any, the changed ones do.
    for _ in changed if gained else []:
        yield _line(Icon.CHANGED, words("phrases.changes_sentence"), "description")
    if lost:
        yield _line(
            Icon.CHANGED, words("phrases.loses_sentence", n=len(lost)), "description", Role.DENY
        )


def _argument_lines(before: JsonObject, after: JsonObject, words: Words) -> Iterator[ChangeLine]:
    if before.get("inputSchema") == after.get("inputSchema"):
        return
    old, new = argument_schemas(before), argument_schemas(after)
    needed = required_names(after)
    for name in sorted(set(new) - set(old)):
        text = words(
            "phrases.adds_argument",
            name=name,
            type=type_words(new[name], words),
            need=words("phrases.required" if name in needed else "phrases.optional"),
        )
        yield _line(Icon.ADDED, text, name, Role.ALLOW)
    for name in sorted(set(old) - set(new)):
        yield _line(Icon.NOBODY, words("phrases.removes_argument", name=name), "", Role.DENY)
    alike = [name for name in sorted(set(old) & set(new)) if old[name] != new[name]]
    alike += sorted((needed ^ required_names(before)) & set(old) & set(new) - set(alike))
    for name in alike:
        yield _line(Icon.CHANGED, words("phrases.changes_argument", name=name), name)
    if _rest(before) != _rest(after):
        yield _line(Icon.CHANGED, words("phrases.changes_input"), "inputSchema")


def _other_lines(
    before: JsonObject, after: JsonObject, tier_words: str, words: Words
) -> Iterator[ChangeLine]:
    if before.get("outputSchema") != after.get("outputSchema"):
        yield _line(Icon.CHANGED, words("phrases.changes_output"), "outputSchema")
    title = after.get("title")
    if before.get("title") != title:
        name = title if isinstance(title, str) else words("phrases.claims_nothing")
        yield _line(Icon.CLAIMED, words("phrases.changes_title", name=f'"{name}"'), "title")
    if before.get("annotations") != after.get("annotations"):
        claims = ", ".join(_new_hints(before, after, words)) or words("phrases.claims_nothing")
        key = "phrases.changes_claims" if tier_words else "phrases.changes_claims_unconfirmed"
        yield _line(Icon.CLAIMED, words(key, claims=claims, tier=tier_words), "annotations")
    for name in sorted((set(before) | set(after)) - _TOLD):
        if before.get(name) != after.get(name):
            yield _line(Icon.CHANGED, words("phrases.changes_member", name=name), name)


def _new_hints(before: JsonObject, after: JsonObject, words: Words) -> list[str]:
    told = hints_of(before, words)
    return [hint for hint in hints_of(after, words) if hint not in told]


def _rest(definition: JsonObject) -> JsonValue:
    schema = definition.get("inputSchema")
    if not isinstance(schema, dict):
        return schema
    return {name: part for name, part in schema.items() if name not in ("properties", "required")}


def _line(icon: Icon, text: str, member: str, role: Role = Role.NEUTRAL) -> ChangeLine:
    """Make a line; its place holds the member's name until `_located` finds the line number."""
    return ChangeLine(icon=icon, role=role, text=text, place=member)


def _located(line: ChangeLine, lines: list[str], words: Words) -> ChangeLine:
    mark = f'"{line.place}":'
    found = [n for n, text in enumerate(lines, 1) if text.lstrip().startswith(mark)]
    place = words("phrases.line", n=found[0]) if line.place and found else ""
    return ChangeLine(icon=line.icon, role=line.role, text=line.text, place=place)
