"""Builds the review of a tool that changed: both texts, and every difference in words."""

from datetime import datetime

from keyturn.application.approval_request import ApprovalRequest
from keyturn.domain.canonical import JsonObject, canonical, digest_of
from keyturn.domain.tier import Tier
from keyturn.presentation.card import Chip
from keyturn.presentation.card_builder import CardBuilder, server_tool
from keyturn.presentation.chips import hidden_in, tier_of
from keyturn.presentation.definition_changes import DefinitionChanges, definition_changes
from keyturn.presentation.definition_text import definition_text
from keyturn.presentation.marks import Icon, Role, tier_icon, tier_role
from keyturn.presentation.relative_time import relative_time
from keyturn.presentation.servers import ReviewView
from keyturn.presentation.text_diff import diff_rows
from keyturn.presentation.words import Words

_HASH_DIGITS = 12


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
        """Return the review of a `change` request; `now` is aware, in the reader's time zone."""
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
            server_tool=server_tool(request),
            seen=self._seen(request, now),
            chips=self._chips(request, tier, calls_refused, len(suspended_rules)),
            owed=changes.owed,
            lines=changes.lines,
            diff=diff_rows(before, after),
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
        )

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
