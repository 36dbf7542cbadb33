"""Builds the review of a tool that is new or changed: its text, and what is telling in words."""

from datetime import datetime

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.domain.canonical import JsonObject, canonical, digest_of
from keyturn.domain.definition import said_of
from keyturn.domain.tier import Tier
from keyturn.presentation.card import Chip, DiffRow, DiffSide
from keyturn.presentation.card_builder import CardBuilder, server_tool
from keyturn.presentation.chips import hidden_in, tier_of
from keyturn.presentation.definition_changes import DefinitionChanges, definition_changes
from keyturn.presentation.definition_facts import definition_facts
from keyturn.presentation.definition_text import definition_text, laid_out
from keyturn.presentation.findings import finding_chips, finding_lines
from keyturn.presentation.json_nodes import read_json
from keyturn.presentation.marks import Icon, Role, tier_icon, tier_role
from keyturn.presentation.relative_time import relative_time
from keyturn.presentation.review_choice import review_choice
from keyturn.presentation.servers import OwedChange, ReviewView
from keyturn.presentation.text_diff import diff_rows
from keyturn.presentation.visible_text import hidden_in_all
from keyturn.presentation.words import Words

_HASH_DIGITS = 12
_OURS = frozenset({"proposed_tier", "labels"})


class ReviewBuilder:
    """Makes reviews in one language."""

    def __init__(self, words: Words, cards: CardBuilder) -> None:
        self._words = words
        self._cards = cards

    def review(
        self,
        request: ApprovalRequest,
        *,
        now: datetime,
        revision: int = 1,
        calls_refused: int = 0,
        suspended_rules: tuple[str, ...] = (),
    ) -> ReviewView:
        """Return the review of a `change` or `definition` request.

        `now` is aware, in the reader's time zone.
        """
        if request.kind is RequestKind.DEFINITION:
            return self._new_tool(request, now=now, revision=revision)
        words, phrases = self._words, self._cards.phrases
        before, after = self.texts(request)
        changes = self.changes(request)
        subject = phrases.subject(request)
        tier = tier_of(request)
        return ReviewView(
            request_id=request.id,
            revision=revision,
            digest=request.digest,
            tier=tier,
            headline=phrases.headline(request),
            action=phrases.headline(request),
            server_tool=server_tool(request, self._words),
            seen=self._seen(request, now),
            chips=self._chips(request, tier, calls_refused, len(suspended_rules)),
            owed=changes.owed,
            lines=(*finding_lines(request.findings, words), *changes.lines),
            diff=laid_out(diff_rows(before, after)),
            after_text=_description(_member(subject, "after")),
            suspended_rules=suspended_rules,
            hashes=(
                words("phrases.hash_was", hash=_short_hash(_member(subject, "before"))),
                words("phrases.hash_is", hash=_short_hash(_member(subject, "after"))),
            ),
            hashes_note="",
            footing=words("phrases.review_footing"),
            actions=self._cards.actions(request),
            remove=words("phrases.remove_tool"),
            copy=words("phrases.copy_report"),
            choice=review_choice(request, words, self._cards.vocabulary),
            changed_title=words("servers.what_changed"),
            tool=request.tool or "",
        )

    def _new_tool(self, request: ApprovalRequest, *, now: datetime, revision: int) -> ReviewView:
        words, phrases = self._words, self._cards.phrases
        definition = new_definition(request)
        description = _description(definition)
        said = said_of(request.tool or "")
        tier = tier_of(request)
        return ReviewView(
            request_id=request.id,
            revision=revision,
            digest=request.digest,
            tier=request.tier,
            headline=phrases.headline(request),
            action=phrases.headline(request),
            server_tool=server_tool(request, self._words),
            seen=self._seen(request, now),
            chips=self._new_chips(request, definition, tier),
            owed=(owed_description(description or request.tool or "", words),),
            lines=(
                *finding_lines(request.findings, words),
                *definition_facts(definition, words, said=said),
            ),
            diff=laid_out(_numbered(definition_text(definition))),
            after_text=description,
            suspended_rules=(),
            hashes=(words("phrases.hash_is", hash=_short_hash(definition)),),
            hashes_note="",
            footing=words("servers.new_footing" if said is None else "servers.said_footing"),
            actions=self._cards.actions(request),
            remove=words("phrases.remove_tool"),
            copy=words("phrases.copy_report"),
            choice=review_choice(request, words, self._cards.vocabulary),
            changed_title=words("servers.what_it_says"),
            tool=request.tool or "",
        )

    def _new_chips(
        self, request: ApprovalRequest, definition: JsonObject, tier: Tier
    ) -> tuple[Chip, ...]:
        words = self._words
        chips = [
            Chip(role=tier_role(tier), icon=tier_icon(tier), text=self._cards.phrases.tier(tier)),
            Chip(role=Role.INFO, icon=Icon.FIRST_USE, text=words("servers.chip_new")),
            *finding_chips(request.findings, words),
        ]
        hidden = hidden_in(canonical(definition).decode())
        if hidden:
            text = words("phrases.chip_hidden", n=hidden)
            chips.append(Chip(role=Role.WARNING, icon=Icon.LOOK, text=text))
        return tuple(chips)

    def texts(self, request: ApprovalRequest) -> tuple[str, str]:
        """Return the pinned definition and the one that is listed now, for reading."""
        subject = self._cards.phrases.subject(request)
        return definition_text(subject.get("before")), definition_text(subject.get("after"))

    def changes(self, request: ApprovalRequest) -> DefinitionChanges:
        """Return what differs, in words."""
        subject = self._cards.phrases.subject(request)
        tier = request.proposed_tier
        return definition_changes(
            _member(subject, "before"),
            _member(subject, "after"),
            tier_words="" if tier is None else self._words("phrases.tier_word", tier=tier.name),
            words=self._words,
        )

    def _seen(self, request: ApprovalRequest, now: datetime) -> str:
        seen = self._when(request.created_utc, now)
        if not request.pinned_at:
            return self._words("phrases.seen_only", seen=seen)
        return self._words("phrases.seen", seen=seen, pinned=self._when(request.pinned_at, now))

    def _when(self, utc: str, now: datetime) -> str:
        try:
            then = datetime.fromisoformat(utc).astimezone(now.tzinfo)
        except ValueError:
            return utc
        return relative_time(then, now, self._words)

    def _chips(
        self, request: ApprovalRequest, tier: Tier, refused: int, suspended: int
    ) -> tuple[Chip, ...]:
        words, phrases = self._words, self._cards.phrases
        blocked = (
            words("phrases.calls_refused", n=refused) if refused else words("phrases.chip_blocked")
        )
        chips = [
            Chip(role=tier_role(tier), icon=tier_icon(tier), text=phrases.tier(tier)),
            Chip(role=Role.DENY, icon=Icon.REFUSED, text=blocked),
            *finding_chips(request.findings, words),
        ]
        if suspended:
            text = words("phrases.rules_suspended", n=suspended)
            chips.append(Chip(role=Role.WARNING, icon=Icon.RULES, text=text))
        after = _member(phrases.subject(request), "after")
        hidden = hidden_in(canonical(after).decode())
        if hidden:
            text = words("phrases.chip_hidden", n=hidden)
            chips.append(Chip(role=Role.WARNING, icon=Icon.LOOK, text=text))
        return tuple(chips)


def owed_description(text: str, words: Words) -> OwedChange:
    """Return a tool's description as something to confirm."""
    hidden = hidden_in_all((text,))
    reason = words("servers.says_hidden", n=hidden) if hidden else words("servers.says")
    return OwedChange(
        path="/description",
        reason=reason,
        text=text,
        action=words("servers.confirm_description"),
        object=words("servers.object_description"),
    )


def new_definition(request: ApprovalRequest) -> JsonObject:
    """Return the definition that is asked about; Keyturn's own members are not the server's."""
    if request.definition:
        definition = read_json(request.definition)
        if isinstance(definition, dict):
            return definition
    subject = read_json(request.arguments)
    whole = subject if isinstance(subject, dict) else {}
    return {name: value for name, value in whole.items() if name not in _OURS}


def _numbered(text: str) -> tuple[DiffRow, ...]:
    """Return a text as rows to read; there is nothing to compare it with."""
    return tuple(
        DiffRow(side=DiffSide.BOTH, before=None, after=number, text=line)
        for number, line in enumerate(text.split("\n"), 1)
    )


def _member(subject: JsonObject, name: str) -> JsonObject:
    value = subject.get(name)
    return value if isinstance(value, dict) else {}


def _description(definition: JsonObject) -> str:
    text = definition.get("description")
    return text if isinstance(text, str) else ""


def _short_hash(definition: JsonObject) -> str:
    """Return the first digits of the definition's hash, in groups of four."""
    digits = digest_of(canonical(definition))[:_HASH_DIGITS]
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
