"""Builds the card of an approval request: everything that a person reads before the decision.

Decides nothing. Raw is the canonical text itself, never a prettier copy of it (law 2).
"""

from collections.abc import Mapping

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.presentation.argument_edit import edit_rows, is_editable
from keyturn.presentation.asked_names import is_of_tool, server_and_name
from keyturn.presentation.brief_names import whole_names, with_brief_names
from keyturn.presentation.card import (
    ArgumentRow,
    CardActions,
    CardKind,
    CardView,
    Chip,
    CommandLine,
    Deadline,
    DecisiveValue,
    DiffRow,
    TracedSpan,
    ValueKind,
)
from keyturn.presentation.chips import chips_of
from keyturn.presentation.claims import claimed_pairs, claimed_title, observed_pairs
from keyturn.presentation.commands import command_lines
from keyturn.presentation.concealed import Concealed
from keyturn.presentation.decisive import decisive_of, decisive_values
from keyturn.presentation.definition_text import definition_text, laid_out
from keyturn.presentation.environments import band_of
from keyturn.presentation.findings import card_lines
from keyturn.presentation.flow_graph import flow_of
from keyturn.presentation.flows import flow_lines
from keyturn.presentation.held_results import found_span, without_repeats
from keyturn.presentation.hidden_secrets import HiddenSecrets, hidden_of
from keyturn.presentation.json_nodes import (
    Node,
    count_nodes,
    first_nodes,
    read_json,
)
from keyturn.presentation.launch_changes import command_diff
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.phrases import Phrases
from keyturn.presentation.review_choice import review_choice
from keyturn.presentation.secret_texts import (
    excerpts_without_secrets,
    hidden_text,
    moved_spans,
    rows_without_secrets,
    secret_lines,
    without_secrets,
)
from keyturn.presentation.source_excerpts import Sources, sources_of
from keyturn.presentation.text_diff import diff_rows
from keyturn.presentation.verbs import Verbs
from keyturn.presentation.words import Words

_LONGEST_SPOKEN = 120
_ALLOW_KEYS: Mapping[RequestKind, str] = {
    RequestKind.CALL: "phrases.allow_once",
    RequestKind.COMMAND: "phrases.allow_command",
    RequestKind.DEFINITION: "phrases.allow_definition",
    RequestKind.CHANGE: "phrases.allow_change",
    RequestKind.INPUT: "phrases.allow_input",
    RequestKind.RESULT: "phrases.allow_result",
    RequestKind.AGENT: "phrases.allow_agent",
}
_COMPARED = (RequestKind.CHANGE, RequestKind.COMMAND)
"""What is always compared: it is short, and only that tells what differs."""
_MOST_COMPARED = 20_000
"""Lines of an old and a new text; longer ones stand among the arguments only."""
_OLD_AND_NEW = (
    ("old_string", "new_string"),
    ("old_str", "new_str"),
    ("oldText", "newText"),
    ("old_text", "new_text"),
    ("before", "after"),
    ("search", "replace"),
)


class CardBuilder:
    """Makes cards in one language."""

    def __init__(self, words: Words, verbs: Verbs) -> None:
        self._words = words
        self._verbs = verbs
        self.phrases = Phrases(words, verbs)
        self.vocabulary = verbs.vocabulary

    def card(
        self,
        request: ApprovalRequest,
        *,
        revision: int = 1,
        deadline: Deadline | None = None,
        compared: bool = True,
    ) -> CardView:
        """Return the card; `deadline` is in the caller's clock, None where no call waits.

        Without `compared` no difference is made for a call: it takes long for long texts.
        """
        sources = sources_of(request.trace, self._words, request.signs)
        found = decisive_of(request, self._verbs, self._words)
        decisive = found.values
        more = self._words("phrases.decisive_more", n=found.more) if found.more else ""
        named = with_brief_names(request, self._words)
        hidden = hidden_of(request, self._words)
        return CardView(
            request_id=request.id,
            revision=revision,
            digest=request.digest,
            kind=CardKind(request.kind.value),
            tier=request.tier,
            headline=self.phrases.headline(named),
            action=self.action(request, decisive),
            server_tool=server_tool(request, self._words),
            call_number=self._call_number(request),
            chips=(
                *chips_of(request, self.phrases, self._words, stopped=_stopped(deadline)),
                *([Chip(role=Role.WARNING, icon=Icon.ATTENTION, text=more)] if more else []),
            ),
            band=band_of(request, self._words),
            lamps=self.phrases.lamps(request),
            decisive=decisive,
            decisive_more=more,
            commands=self._lines(request, hidden),
            rows=self.rows(request, sources),
            raw_json=request.arguments,
            raw_meta=request.bound_meta,
            hidden=hidden_text(hidden, self._words),
            raw_masked=hidden.raw() if hidden.count else None,
            meta_masked=hidden.meta() if hidden.count else None,
            diff=self._diff(request) if compared or _is_compared(request) else (),
            edited=request.edited is not None,
            flow=flow_of(request, self._words),
            excerpts=excerpts_without_secrets(sources.excerpts, hidden),
            claimed=claimed_pairs(request, self._words),
            claimed_title=claimed_title(request, self._words),
            observed=(*whole_names(request, self._words), *observed_pairs(request, self._words)),
            why_asked=self.phrases.why_asked(named),
            deadline=deadline,
            actions=self.actions(request, stopped=_stopped(deadline)),
            tool_short_name=short_name(request),
            review=review_choice(request, self._words, self.vocabulary),
        )

    def decisive(self, request: ApprovalRequest) -> tuple[DecisiveValue, ...]:
        """Return the values that decide what the request does."""
        return decisive_values(request, self._verbs, self._words)

    def rows(self, request: ApprovalRequest, sources: Sources) -> tuple[ArgumentRow, ...]:
        """Return the subject as a tree, each leaf of a call with where it came from.

        A tree that nobody reads to its end says how much more there is.
        """
        traced = request.kind is RequestKind.CALL
        subject = read_json(request.arguments)
        shown = first_nodes(subject)
        hidden = hidden_of(request, self._words)
        rows = [
            ArgumentRow(
                path=node.path,
                depth=node.depth,
                key=node.key,
                value=leaf.text if leaf is not None else self._container(node),
                value_kind=ValueKind.EXACT if node.is_leaf else ValueKind.CONTAINER,
                spans=_spans(request, node, sources, leaf) if leaf is not None else (),
                origin=sources.label(node.path, node.value) if node.is_leaf and traced else None,
                masks=leaf.masks if leaf is not None else (),
            )
            for node in shown
            for leaf in [hidden.quoted(node.path, node.value) if node.is_leaf else None]
        ]
        if request.kind is RequestKind.RESULT:
            rows = without_repeats(rows, shown, self._words)
        more = count_nodes(subject) - len(shown)
        if more > 0:
            rows.append(self._row_of_rest(more))
        return tuple(rows)

    def _lines(self, request: ApprovalRequest, hidden: HiddenSecrets) -> tuple[CommandLine, ...]:
        words = self._words
        return (
            *card_lines(request, words),
            *flow_lines(request, words),
            *secret_lines(request, hidden, words),
            *without_secrets(command_lines(hidden.spoken_form(), words), hidden),
        )

    def _diff(self, request: ApprovalRequest) -> tuple[DiffRow, ...]:
        if request.kind is RequestKind.COMMAND:
            return command_diff(request, self._words)
        if request.edited is not None:
            rows = edit_rows(request.edited.arguments, request.arguments)
        else:
            rows = _diff(request)
        return rows_without_secrets(rows, hidden_of(request, self._words))

    def _row_of_rest(self, more: int) -> ArgumentRow:
        return ArgumentRow(
            path="",
            depth=0,
            key=self._words("phrases.rest"),
            value=self._words("phrases.rest_of_values", n=more),
            value_kind=ValueKind.CONTAINER,
            left_out=more,
        )

    def actions(self, request: ApprovalRequest, *, stopped: bool = False) -> CardActions:
        """Return the words of the decision row."""
        words = self._words
        a_call = request.kind is RequestKind.CALL
        answered = a_call or request.kind is RequestKind.INPUT
        blocked = request.kind in (RequestKind.CHANGE, RequestKind.DEFINITION)
        allow = _ALLOW_KEYS[request.kind]
        if self.phrases.is_remote(request):
            allow = "phrases.allow_address"
        return CardActions(
            allow=words("phrases.allow_retry" if stopped else allow),
            armed_hint=words("phrases.allow_hint"),
            deny=words("phrases.keep_blocked" if blocked else "phrases.deny"),
            deny_with_message=words("phrases.deny_with_message") if answered else "",
            later=words("phrases.decide_later"),
            edit=words("edit.button") if is_editable(request, stopped=stopped) else "",
            # Also where no rule can decide: the sheet then says why not.
            rule=words("phrases.allow_with_rule") if a_call else "",
        )

    def action(self, request: ApprovalRequest, decisive: tuple[DecisiveValue, ...]) -> str:
        """Return the request as the object of a button's name; long values stay on the card."""
        deed = self.phrases.deed(request)
        value = next((d.value for d in decisive if d.owed), decisive[0].value if decisive else "")
        if not value or len(value) > _LONGEST_SPOKEN:
            return deed
        return self._words("phrases.action", verb=deed, value=value)

    def _container(self, node: Node) -> str:
        size = len(node.value) if isinstance(node.value, dict | list) else 0
        key = "phrases.object" if isinstance(node.value, dict) else "phrases.list"
        return self._words(key, n=size)

    def _call_number(self, request: ApprovalRequest) -> str:
        if request.call_number < 1:
            return ""
        return self._words("phrases.call_number", n=request.call_number)


def server_tool(request: ApprovalRequest, words: Words) -> str:
    """Return "logistics / dispatch_all", as the names are."""
    return server_and_name(request.server, request.tool, request.method, words)


def short_name(request: ApprovalRequest) -> str:
    """Return what a person types for a T3 call: the tool's name, as nobody types a whole URI."""
    tool = request.tool if is_of_tool(request.method) else None
    return tool or request.server


def _is_compared(request: ApprovalRequest) -> bool:
    return request.kind in _COMPARED or request.edited is not None


def _stopped(deadline: Deadline | None) -> bool:
    return deadline is not None and deadline.stopped_waiting_at_ms is not None


def _diff(request: ApprovalRequest) -> tuple[DiffRow, ...]:
    subject = read_json(request.arguments)
    if not isinstance(subject, dict):
        return ()
    if request.kind is RequestKind.CHANGE:
        texts = (definition_text(subject.get("before")), definition_text(subject.get("after")))
        return laid_out(diff_rows(*texts))
    pair = _old_and_new(subject) if request.kind is RequestKind.CALL else None
    if pair is None or sum(text.count("\n") for text in pair) > _MOST_COMPARED:
        return ()
    return diff_rows(*pair)


def _old_and_new(arguments: JsonObject) -> tuple[str, str] | None:
    """Find an old and a new text side by side, in the arguments or in their only edit."""
    places: list[JsonValue] = [arguments]
    edits = arguments.get("edits")
    if isinstance(edits, list) and len(edits) == 1:
        places.append(edits[0])
    for place in places:
        if not isinstance(place, dict):
            continue
        for old_name, new_name in _OLD_AND_NEW:
            old, new = place.get(old_name), place.get(new_name)
            if isinstance(old, str) and isinstance(new, str):
                return old, new
    return None


def _spans(
    request: ApprovalRequest, node: Node, sources: Sources, shown: Concealed
) -> tuple[TracedSpan, ...]:
    if request.kind in (RequestKind.RESULT, RequestKind.INPUT):
        return found_span(node.value, request.findings)
    return moved_spans(sources.spans(node.path, node.value), shown)
