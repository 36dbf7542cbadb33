"""Words the history: rows and details of recorded decisions, made with the cards' own builder.

What a decision was about is shown as its card showed it, from the recorded (masked) arguments.
"""

from collections.abc import Mapping

from keyturn.application.approval_request import PRACTICE_SERVER, ApprovalRequest
from keyturn.application.late_calls import FIRST
from keyturn.application.recorded_names import BUILT_IN
from keyturn.domain.decision import Actor, Delivery, Outcome
from keyturn.domain.origin import Trace
from keyturn.presentation.asked_names import server_and_name
from keyturn.presentation.card import ArgumentRow, Chip, Pair
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.flow_graph import flow_of
from keyturn.presentation.flows import told_flows
from keyturn.presentation.history import (
    EarlierCall,
    HistoryDetail,
    HistoryRow,
    HistorySummary,
    MissedNotice,
)
from keyturn.presentation.history_because import because_pair
from keyturn.presentation.json_nodes import bare_text
from keyturn.presentation.marks import Icon, IconText, Role, tier_icon, tier_role
from keyturn.presentation.recorded_call import (
    RecordedCall,
    RecordedDetail,
    is_held_result,
    request_of,
    tier_of,
)
from keyturn.presentation.refused import result_facts, unsent_pairs
from keyturn.presentation.relative_time import clock_text, local_time
from keyturn.presentation.result_controls import done_in_short, done_pairs, kept_text
from keyturn.presentation.source_excerpts import sources_of
from keyturn.presentation.tier_reasons import raised_pair
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.weakenings import is_weakening, weakening_detail, weakening_row
from keyturn.presentation.words import Words

_DIGEST_DIGITS = 24
_OUTCOMES: Mapping[str, tuple[Icon, Role]] = {
    Outcome.ALLOWED_ONCE.value: (Icon.CHECK, Role.ALLOW),
    Outcome.ALLOWED_RULE.value: (Icon.RULES, Role.ALLOW),
    Outcome.ALLOWED_GRANT.value: (Icon.GRANT, Role.ALLOW),
    Outcome.ALLOWED_RETRY_GRANT.value: (Icon.RETRY, Role.ALLOW),
    Outcome.ALLOWED_MODIFIED.value: (Icon.EDITED, Role.ALLOW),
    Outcome.CONTINUATION.value: (Icon.GOES_ON, Role.ALLOW),
    Outcome.DENIED_USER.value: (Icon.CROSS, Role.DENY),
    Outcome.DENIED_RULE.value: (Icon.DENIED_BY_RULE, Role.DENY),
    Outcome.EXPIRED_NO_ANSWER.value: (Icon.EXPIRED, Role.INFO),
    Outcome.CANCELLED_BY_CLIENT.value: (Icon.WITHDRAWN, Role.INFO),
    Outcome.REFUSED_PAUSED.value: (Icon.STOP, Role.STOP),
    Outcome.REFUSED_OVERLOAD.value: (Icon.OVERLOAD, Role.NEUTRAL),
    Outcome.REFUSED_MALFORMED.value: (Icon.MALFORMED, Role.NEUTRAL),
    Outcome.REFUSED_INVALID_ARGUMENTS.value: (Icon.ARGUMENTS, Role.NEUTRAL),
    Outcome.REFUSED_UNREVIEWED.value: (Icon.UNREVIEWED, Role.NEUTRAL),
    Outcome.REFUSED_HIDDEN.value: (Icon.HIDDEN, Role.NEUTRAL),
    Outcome.REFUSED_KEYCHAIN.value: (Icon.LOCKED, Role.NEUTRAL),
    Outcome.REFUSED_NO_APPROVER.value: (Icon.NO_APPROVER, Role.NEUTRAL),
    Outcome.BLOCKED_DEFINITION_CHANGED.value: (Icon.CHANGED, Role.NEUTRAL),
    Outcome.ERROR_BROKER.value: (Icon.ATTENTION, Role.NEUTRAL),
}
_DELIVERIES: Mapping[str, tuple[Icon, Role]] = {
    Delivery.UNKNOWN.value: (Icon.UNKNOWN, Role.WARNING),
    Delivery.FAILED.value: (Icon.DISCONNECTED, Role.NEUTRAL),
    Delivery.TOOL_ERROR.value: (Icon.FAILED, Role.NEUTRAL),
    Delivery.NOT_SENT.value: (Icon.REFUSED, Role.NEUTRAL),
    Delivery.RESULT_WITHHELD.value: (Icon.WITHHELD, Role.WARNING),
}
"""What is said in the place of the outcome: it went wrong after it was allowed."""
_ODD = (Icon.REFUSED, Role.NEUTRAL)
"""Of an outcome that another version wrote."""
_PEOPLE = frozenset({Actor.HUMAN.value})


class HistoryBuilder:
    """Makes rows and details in one language."""

    def __init__(self, words: Words, cards: CardBuilder) -> None:
        self._words = words
        self._cards = cards

    @property
    def words(self) -> Words:
        """Return the language that it words in."""
        return self._words

    def row(self, item: RecordedCall) -> HistoryRow:
        """Return the row of a decision, or of a weakening of protection."""
        if is_weakening(item):
            return weakening_row(item, self._words)
        request = request_of(item, item.arguments, None)
        decisive = self._cards.decisive(request)
        outcome = self.outcome(item)
        told = _about_result(item, self._words) or (decisive[0].value if decisive else "")
        server_tool = self._server_tool(item)
        return HistoryRow(
            number=item.number,
            time=clock_text(local_time(item.ts_utc)),
            agent=item.agent,
            server_tool=server_tool,
            decisive=told,
            tier=tier_of(item.tier),
            outcome=outcome,
            decided_by=self._decided_by(item),
            time_to_decide=self._seconds(item.decide_ms),
            result=self._result_words(item),
            spoken=self._words(
                "history.row_spoken",
                agent=item.agent,
                tool=server_tool,
                decisive=told,
                outcome=outcome.text,
            ),
        )

    def outcome(self, item: RecordedCall) -> IconText:
        """Return the outcome's word; a call that went wrong after it was allowed says so first."""
        delivery = _DELIVERIES.get(item.delivery)
        if delivery is not None:
            key = f"history.delivery_{item.delivery}"
            return IconText(icon=delivery[0], role=delivery[1], text=self._words(key))
        icon, role = _OUTCOMES.get(item.outcome, _ODD)
        return IconText(icon=icon, role=role, text=self._words(f"history.outcome_{item.outcome}"))

    def chain_checking(self) -> IconText:
        """Return what is said while the log is checked."""
        return IconText(icon=Icon.CHAIN, text=self._words("history.chain_checking"))

    def chain(self, *, records: int | None, sound: bool, first_bad: int | None) -> IconText:
        """Return what a look at the whole log found; no number of `records` when none was read."""
        words = self._words
        if records is None:
            text = words("history.chain_unreadable")
            return IconText(icon=Icon.PROBLEM, text=text, role=Role.WARNING)
        if sound:
            text = words("history.chain_sound", n=records, count=words.figure(records))
            return IconText(icon=Icon.CHAIN, text=text, role=Role.ALLOW)
        text = words("history.chain_changed")
        if first_bad is not None:
            text = words("history.chain_broken", number=words.figure(first_bad))
        return IconText(icon=Icon.PROBLEM, text=text, role=Role.DENY)

    def missed(self, expired: int, withdrawn: int) -> MissedNotice | None:
        """Return what ended while nobody was there; None for nothing."""
        words, count = self._words, expired + withdrawn
        if not count:
            return None
        parts = (
            words("history.missed_expired", n=expired) if expired else "",
            words("history.missed_withdrawn", n=withdrawn) if withdrawn else "",
        )
        return MissedNotice(
            strong=words("history.missed", n=count),
            rest=" ".join(filter(None, parts)),
            action=words("history.missed_show"),
        )

    def summary(
        self,
        by_outcome: Mapping[str, int],
        shown: int,
        of_all: int,
        chain: IconText | None = None,
    ) -> HistorySummary:
        """Return the line above the table, with what is known of the chain."""
        groups = {"allowed": 0, "denied": 0, "expired": 0, "withdrawn": 0, "refused": 0}
        for outcome, count in by_outcome.items():
            groups[_group(outcome)] += count
        marks = {
            "allowed": Icon.CHECK,
            "denied": Icon.CROSS,
            "expired": Icon.EXPIRED,
            "withdrawn": Icon.WITHDRAWN,
            "refused": Icon.REFUSED,
        }
        words = self._words
        return HistorySummary(
            shown=words.figure(shown),
            of_all=words("history.of_all", count=words.figure(of_all)),
            outcomes=tuple(
                IconText(
                    icon=marks[group], text=words(f"history.count_{group}", count=words.figure(n))
                )
                for group, n in groups.items()
                if n
            ),
            chain=chain,
        )

    def detail(self, found: RecordedDetail) -> HistoryDetail:
        """Return everything that was recorded of one decision, or weakening."""
        item = found.item
        if is_weakening(item):
            return weakening_detail(item, self._words)
        request = request_of(item, found.arguments, found.decision)
        sources = sources_of(request.trace, self._words)
        rows = self._cards.rows(request, sources)
        outcome = self.outcome(item)
        tier = tier_of(item.tier)
        traced = sum(1 for row in rows if row.spans)
        return HistoryDetail(
            number=item.number,
            chips=(
                Chip(role=outcome.role, icon=outcome.icon, text=outcome.text),
                Chip(
                    role=tier_role(tier), icon=tier_icon(tier), text=self._cards.phrases.tier(tier)
                ),
            ),
            headline=self._words("history.headline", agent=item.agent, what=self._wanted(request)),
            server_tool=self._server_tool(item),
            arguments=rows,
            traced=self._traced(request, traced),
            decided=self._decision_pairs(found),
            record=self._record_pairs(found),
            before=tuple(self._earlier(one, request.trace) for one in found.before),
            origins=traced,
            flow=flow_of(request, self._words),
            rule_id=_standing_rule(item),
            result=self._result_pairs(item),
            kept=kept_text(item.result, self._words),
            asked=_asked(found, self._cards, self._words),
            # What was only tried out is no call that a rule could decide.
            makes_rule=item.server != PRACTICE_SERVER,
        )

    def _server_tool(self, item: RecordedCall) -> str:
        return server_and_name(item.server, item.tool, item.method, self._words)

    def _wanted(self, request: ApprovalRequest) -> str:
        return self._cards.phrases.deed(request)

    def _traced(self, request: ApprovalRequest, traced: int) -> IconText | None:
        if not traced:
            return None
        worst = request.trace.worst_first()[0]
        text = self._words("history.traced", n=traced, server=worst.server, result=worst.result)
        return IconText(icon=Icon.TRACED, text=text, role=Role.TRACE)

    def _decided_by(self, item: RecordedCall) -> IconText:
        words = self._words
        if item.rule_id == BUILT_IN:
            return IconText(icon=Icon.RULES, text=words("history.by_environments"))
        if item.actor == Actor.RULE.value:
            return IconText(
                icon=Icon.RULES, text=item.rule_name or item.rule_id or words("history.by_posture")
            )
        if item.actor in _PEOPLE:
            key = f"history.by_{item.route}" if item.route else "history.by_human"
            return IconText(icon=Icon.PERSON, text=words(key))
        return IconText(icon=Icon.NOBODY, text=words(f"history.by_{item.actor}"))

    def _seconds(self, milliseconds: int) -> str:
        words, seconds = self._words, milliseconds / 1000
        return words("history.seconds", seconds=words.figure(seconds, ".1f")) if seconds else ""

    def _result_words(self, item: RecordedCall) -> str:
        words, size = self._words, item.result.get("bytes")
        known = isinstance(size, int)
        said = words("history.bytes", count=words.figure(size)) if known else ""
        done = done_in_short(item.result, words)
        return ", ".join(part for part in (said, done) if part)

    def _decision_pairs(self, found: RecordedDetail) -> tuple[Pair, ...]:
        words, item, entry = self._words, found.item, found.decision
        pairs = list(unsent_pairs(item.outcome, entry, words))
        pairs.append(Pair(key=words("history.key_decided_by"), value=self._decided_by(item).text))
        if entry is not None:
            request = request_of(item, found.arguments, entry)
            why = because_pair(entry, self._cards.phrases.why_asked(request), words)
            raised = raised_pair(item.tier, entry, words)
            pairs[:0] = [pair for pair in (why, raised) if pair is not None]
            if told := told_flows(entry.details, item.agent, words):
                pairs.append(Pair(key=words("history.key_flows"), value=told))
            message = entry.details.get("message")
            if isinstance(message, str):
                pairs.append(
                    Pair(key=words("history.key_told"), value=words("history.quoted", text=message))
                )
            persons = entry.details.get("persons")
            if isinstance(persons, list):
                named = ", ".join(bare_text(person) for person in persons)
                pairs.append(Pair(key=words("history.key_persons"), value=named))
            if entry.shown_ms:
                pairs.append(
                    Pair(key=words("history.key_shown"), value=self._seconds(entry.shown_ms))
                )
        pairs.append(Pair(key=words("history.key_sent"), value=words(_sent(item))))
        return tuple(pairs)

    def _record_pairs(self, found: RecordedDetail) -> tuple[Pair, ...]:
        words, item = self._words, found.item
        digits = item.digest[:_DIGEST_DIGITS]
        spaced = " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
        pairs = [
            Pair(
                key=words("history.key_number"),
                value=words("history.chained", number=words.figure(item.number)),
            ),
            Pair(key=words("history.key_digest"), value=spaced, exact=True),
            Pair(key=words("history.key_session"), value=item.session, exact=True),
            Pair(key=words("history.key_time"), value=item.ts_utc, exact=True),
        ]
        if item.masked:
            pairs.append(Pair(key=words("history.key_masked"), value=words("history.masked_words")))
        return tuple(pairs)

    def _result_pairs(self, item: RecordedCall) -> tuple[Pair, ...]:
        words = self._words
        if not item.delivery:
            return ()
        said = words(f"history.delivery_{item.delivery}")
        delivered = Pair(key=words("history.key_delivery"), value=said)
        return (delivered, *result_facts(item.result, words), *done_pairs(item.result, words))

    def _earlier(self, item: RecordedCall, trace: Trace) -> EarlierCall:
        outcome = self.outcome(item)
        number = item.result.get("result")
        return EarlierCall(
            icon=outcome.icon,
            role=outcome.role,
            server_tool=self._server_tool(item),
            result=self._result_words(item),
            is_source=any(o.result == number and not o.is_typed for o in trace.origins),
        )


def _asked(found: RecordedDetail, cards: CardBuilder, words: Words) -> tuple[ArgumentRow, ...]:
    if found.asked is None:
        return ()
    request = request_of(found.item, found.asked, None)
    return cards.rows(request, sources_of(request.trace, words))


def _about_result(item: RecordedCall, words: Words) -> str:
    if not is_held_result(item):
        return ""
    return words("history.result_of", tool=shown_line(item.tool, words))


def _standing_rule(item: RecordedCall) -> str:
    allowed = item.outcome == Outcome.ALLOWED_RULE.value
    return item.rule_id if allowed and item.rule_id != BUILT_IN else ""


def _sent(item: RecordedCall) -> str:
    """Return the words for whether this very call reached its server."""
    if FIRST in item.result:
        return "history.sent_before"
    return "history.sent_yes" if item.delivery not in ("", "not_sent") else "history.sent_no"


def _group(outcome: str) -> str:
    if outcome.startswith("allowed") or outcome == Outcome.CONTINUATION.value:
        return "allowed"
    if outcome.startswith("denied"):
        return "denied"
    if outcome == Outcome.EXPIRED_NO_ANSWER.value:
        return "expired"
    return "withdrawn" if outcome == Outcome.CANCELLED_BY_CLIENT.value else "refused"
