"""Owns the sentences about an approval request: who wants what, why it is asked, what it touches.

Our own voice says only what the local catalogue or Keyturn itself knows; the words of a server
stand in quotation marks and are named as the server's.
"""

from keyturn.application.approval_request import (
    BECAUSE_PRACTICE,
    BECAUSE_SIGNS,
    ApprovalRequest,
    RequestKind,
)
from keyturn.application.review_request import (
    BECAUSE_CLOSURE,
    BECAUSE_PROGRAM,
    BECAUSE_VALUES,
    VALUES_CHANGED,
)
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.client_request import PROMPT
from keyturn.domain.definition import said_of
from keyturn.domain.lamps import Lamps, lamps_from_letters
from keyturn.domain.policy import Because
from keyturn.domain.tier import LARGE_ARGUMENTS_BYTES, Tier
from keyturn.presentation.asked_names import (
    LONGEST_NAME,
    QUOTATION_MARKS,
    asked_phrase,
    is_of_tool,
    name_in_sentence,
)
from keyturn.presentation.card import Lamp, waits_key
from keyturn.presentation.commands import with_command
from keyturn.presentation.held_results import words_noticed
from keyturn.presentation.hidden_secrets import in_words
from keyturn.presentation.json_nodes import read_json
from keyturn.presentation.launch_changes import changed_headline
from keyturn.presentation.launch_facts import change_text, facts_with
from keyturn.presentation.relative_time import duration_text
from keyturn.presentation.touches import with_touches
from keyturn.presentation.verbs import Verbs
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

PRODUCTION = "production"
_TIER_KEYS = {
    Tier.T0: "phrases.tier_0",
    Tier.T1: "phrases.tier_1",
    Tier.T2: "phrases.tier_2",
    Tier.T3: "phrases.tier_3",
}
_REACH_KEYS = {
    Tier.T0: "phrases.no_rule_0",
    Tier.T1: "phrases.no_rule_1",
    Tier.T2: "phrases.no_rule_2",
    Tier.T3: "phrases.no_rule_3",
}
_WHY_KEYS: dict[str, str] = {
    Because.POSTURE_READS.value: "phrases.why_posture_reads",
    Because.THREE_LAMPS.value: "phrases.why_three_lamps",
    Because.UNTRUSTED_VALUE.value: "phrases.why_untrusted_value",
    Because.OTHER_PARAMS.value: "phrases.why_other_params",
    Because.NOT_ASKED.value: "phrases.why_not_asked",
    Because.EARLIER_TASK.value: "phrases.why_earlier_task",
    Because.EDITED.value: "phrases.why_edited",
    Because.STEPPED_UP.value: "phrases.why_stepped_up",
    Because.TWO_PERSONS.value: "phrases.why_two_persons",
    Because.RULES_UNSURE.value: "phrases.why_rules_unsure",
    Because.SENDS_SECRET.value: "phrases.why_sends_secret",
    Because.ENVIRONMENT_DIFFERS.value: "phrases.why_environment_differs",
    Because.ENVIRONMENT_UNCLEAR.value: "phrases.why_environment_unclear",
    Because.GRANT.value: "phrases.why_grant",
    Because.UNKNOWN_AGENT.value: "phrases.why_unknown_agent",
    Because.PROGRAM_CHANGED.value: "phrases.why_program_changed",
    "review_command": "phrases.why_command",
    "review_definition": "phrases.why_definition",
    "review_change": "phrases.why_change",
    "review_agent": "phrases.why_agent",
    BECAUSE_PROGRAM: "phrases.why_program",
    BECAUSE_SIGNS: "phrases.why_signs",
    BECAUSE_PRACTICE: "phrases.why_practice",
}
_WHY_RULE_KEYS: dict[str, tuple[str, str]] = {
    Because.RULE.value: ("phrases.why_rule", "phrases.why_some_rule"),
    Because.RULE_FAULT.value: ("phrases.why_rule_fault", "phrases.why_some_rule_fault"),
    Because.RULE_ENDED.value: ("phrases.why_rule_ended", "phrases.why_some_rule_ended"),
    Because.RULE_SPENT.value: ("phrases.why_rule_spent", "phrases.why_some_rule_spent"),
    Because.RULE_RATE.value: ("phrases.why_rule_rate", "phrases.why_some_rule_rate"),
    Because.RULE_TOO_MANY.value: ("phrases.why_rule_many", "phrases.why_some_rule_many"),
    Because.RULE_HOUR.value: ("phrases.why_rule_hour", "phrases.why_some_rule_hour"),
    Because.NOT_CONFIRMED.value: ("phrases.why_not_confirmed", "phrases.why_reads_not_confirmed"),
}
_LAMP_KEYS = {
    Lamps.U: ("phrases.lamp_u", "phrases.lamp_u_short"),
    Lamps.P: ("phrases.lamp_p", "phrases.lamp_p_short"),
    Lamps.X: ("phrases.lamp_x", "phrases.lamp_x_short"),
}
_CHANGED_PARTS = (
    ("phrases.part_description", ("description", "title")),
    ("phrases.part_input", ("inputSchema",)),
    ("phrases.part_output", ("outputSchema",)),
    ("phrases.part_claims", ("annotations",)),
)


class Phrases:
    """Every sentence that a card, a row and an approver's text share."""

    def __init__(self, words: Words, verbs: Verbs) -> None:
        self._words = words
        self._verbs = verbs

    def headline(self, request: ApprovalRequest) -> str:
        """Return who wants what with what: "analyst wants to write a file with filesystem"."""
        return in_words(request, self._words, self._headline)

    def _headline(self, request: ApprovalRequest) -> str:
        words, tool = self._words, request.tool or ""
        match request.kind:
            case RequestKind.CALL:
                plain = self._call_headline(request)
                told = with_command(plain, request, words)
                return told or with_touches(plain, request.touches, words)
            case RequestKind.COMMAND:
                if changed := changed_headline(request, words):
                    return changed
                remote = self.is_remote(request)
                key = "phrases.headline_remote" if remote else "phrases.headline_command"
                return words(key, server=request.server)
            case RequestKind.DEFINITION:
                key = "definition" if said_of(tool) is None else "said"
                return words(f"phrases.headline_{key}", server=request.server, tool=tool)
            case RequestKind.CHANGE:
                return self._change_headline(request)
            case RequestKind.INPUT:
                return self._input_headline(request)
            case RequestKind.RESULT:
                signs = request.because == BECAUSE_SIGNS and any(f.words for f in request.findings)
                key = "phrases.headline_signs" if signs else "phrases.headline_result"
                return words(key, server=request.server, agent=request.agent, tool=tool)
            case RequestKind.AGENT if request.because == BECAUSE_PROGRAM:
                unseen = "phrases.headline_no_program"
                key = "phrases.headline_program" if self._runs_in(request) else unseen
                return words(key, agent=request.agent)
            case RequestKind.AGENT:
                return words("phrases.headline_agent", agent=request.agent)

    def verb(self, request: ApprovalRequest) -> str:
        """Return what is wanted, to stand alone: "Write a file", 'Run "Sync all"'."""
        text = self.deed(request)
        return text[:1].upper() + text[1:] if request.kind is RequestKind.CALL else text

    def deed(self, request: ApprovalRequest) -> str:
        """Return the same, to stand in a sentence: "write a file"."""
        if request.kind is not RequestKind.CALL:
            return self.headline(request)
        named = self._words("phrases.run_named", name=self.server_name_of(request))
        return in_words(request, self._words, self._verb_phrase) or named

    def server_speaks(self, request: ApprovalRequest) -> bool:
        """Tell whether only the server's own words say what the call does."""
        return request.kind is RequestKind.CALL and not self._verb_phrase(request)

    def why_asked(self, request: ApprovalRequest) -> str:
        """Return why nothing but a person decides this."""
        words, because = self._words, request.because
        of_tool = is_of_tool(request.method)
        tool = request.tool or request.server
        tool = tool if of_tool else name_in_sentence(tool, words)
        named = _WHY_RULE_KEYS.get(because)
        if named is not None:
            key = named[0] if request.rule else named[1]
            return words(key, rule=request.rule, tool=tool)
        if because == Because.NO_RULE.value:
            reach = "phrases.no_rule_prompt" if request.method == PROMPT else ""
            return words(reach or _REACH_KEYS[request.tier], tool=tool)
        if because == Because.OTHER_PARAMS.value and not of_tool:
            return words("phrases.why_other_members")
        if because == BECAUSE_VALUES:
            return words("phrases.why_values", server=request.server, names=self._changed(request))
        if because == BECAUSE_CLOSURE:
            change = change_text(facts_with(request), words)
            return words("phrases.why_closure", server=request.server, change=change)
        if noticed := words_noticed(request):
            said = shown_line(noticed, words)
            return words(
                "phrases.why_signs_words", words=said.translate(QUOTATION_MARKS), tool=tool
            )
        key = _WHY_KEYS.get(because, "phrases.why_always")
        if because == BECAUSE_PROGRAM and not self._runs_in(request):
            key = "phrases.why_no_program"
        if key == "phrases.why_command" and self.is_remote(request):
            key = "phrases.why_address"
        if key == "phrases.why_definition" and said_of(tool) is not None:
            key = "phrases.why_said"
        return words(key, agent=request.agent, server=request.server, tool=request.tool or "")

    def is_remote(self, request: ApprovalRequest) -> bool:
        """Tell whether it is about a server at an address, which nobody starts."""
        return request.kind is RequestKind.COMMAND and "url" in self.subject(request)

    def _runs_in(self, request: ApprovalRequest) -> bool:
        """Tell whether the program that an agent runs in is seen."""
        return bool(self.subject(request).get("executable"))

    def _changed(self, request: ApprovalRequest) -> str:
        """Name the values that are others by now; all of them stand in the subject."""
        said = self.subject(request).get(VALUES_CHANGED)
        names = said if isinstance(said, list) else []
        return self.listed([name_in_sentence(str(name), self._words) for name in names[:6]])

    def deadline(self, deadline_ms: int | None, kind: RequestKind = RequestKind.CALL) -> str:
        """Return how long somebody waits from now; for a review, that nobody's call waits."""
        if deadline_ms is None:
            return self._words("phrases.deadline_review")
        if deadline_ms <= 0:
            return self._words("phrases.deadline_passed")
        passed = duration_text(deadline_ms / 1000, self._words)
        return self._words(
            waits_key(ends=kind is RequestKind.INPUT, withholds=kind is RequestKind.RESULT),
            duration=passed,
        )

    def tier(self, tier: Tier) -> str:
        """Return "T2 Reaches out"."""
        return self._words(_TIER_KEYS[tier])

    def lamps(self, request: ApprovalRequest) -> tuple[Lamp, ...]:
        """Return the session's three lamps, each with what lit it; none for a review."""
        if request.kind is not RequestKind.CALL:
            return ()
        lit = lamps_from_letters(request.lamps)
        now = lamps_from_letters(request.labels)
        if request.tier >= Tier.T2:
            now |= Lamps.X
        return tuple(self._lamp(lamp, request, lit, now) for lamp in _LAMP_KEYS)

    def claimed_name(self, request: ApprovalRequest) -> str:
        """Return what the server calls its tool: its title, else the tool's name."""
        title = _title(request)
        return title if 0 < len(title) <= LONGEST_NAME else (request.tool or "")

    def server_name_of(self, request: ApprovalRequest) -> str:
        """Return the server's name for its tool in quotation marks that it cannot close."""
        name = self.claimed_name(request).translate(QUOTATION_MARKS)
        return self._words("phrases.quoted", text=name)

    def subject(self, request: ApprovalRequest) -> JsonObject:
        """Return the subject as an object; empty for anything else."""
        value = read_json(request.arguments)
        return value if isinstance(value, dict) else {}

    def _verb_phrase(self, request: ApprovalRequest) -> str:
        """Return the catalogue's phrase, unless nobody has confirmed what the tool is."""
        if not is_of_tool(request.method):
            return asked_phrase(request.tool or "", request.method, self._words)
        if request.tier is Tier.T3 and not _is_large(request):
            return ""
        arguments: JsonValue = read_json(request.arguments)
        return self._verbs.phrase(
            request.server, request.tool or "", arguments, self._words.language
        )

    def _call_headline(self, request: ApprovalRequest) -> str:
        phrase = self._verb_phrase(request)
        if request.method == PROMPT:
            name = name_in_sentence(request.tool or "", self._words)
            return self._words(
                "phrases.headline_prompt", agent=request.agent, name=name, server=request.server
            )
        if phrase:
            return self._words(
                "phrases.headline_call", agent=request.agent, phrase=phrase, server=request.server
            )
        confirmed = request.tier is not Tier.T3 or _is_large(request)
        key = "phrases.headline_named" if confirmed else "phrases.headline_unreviewed"
        return self._words(
            key, agent=request.agent, name=self.server_name_of(request), server=request.server
        )

    def _change_headline(self, request: ApprovalRequest) -> str:
        subject, words = self.subject(request), self._words
        parts = [words(key) for key, names in _CHANGED_PARTS if _differs(subject, names)]
        if not parts:
            return words("phrases.headline_change", server=request.server, tool=request.tool or "")
        return words(
            "phrases.headline_change_parts",
            server=request.server,
            tool=request.tool or "",
            parts=self.listed(parts),
        )

    def _input_headline(self, request: ApprovalRequest) -> str:
        method = self.subject(request).get("method")
        key = {
            "sampling/createMessage": "phrases.headline_sampling",
            "elicitation/create": "phrases.headline_elicitation",
            "roots/list": "phrases.headline_roots",
        }.get(method if isinstance(method, str) else "", "phrases.headline_input")
        return self._words(key, server=request.server, agent=request.agent)

    def listed(self, parts: list[str]) -> str:
        """Join "says, takes and claims"."""
        if len(parts) < 2:
            return "".join(parts)
        return self._words("phrases.listed", first=", ".join(parts[:-1]), last=parts[-1])

    def _lamp(self, lamp: Lamps, request: ApprovalRequest, lit: Lamps, now: Lamps) -> Lamp:
        key, short_key = _LAMP_KEYS[lamp]
        letter = lamp.letters()
        assumed = lamp is Lamps.U and request.trace.incomplete and lamp not in lit
        where = ""
        if lamp in lit:
            number = dict(request.lit_by).get(letter)
            where = "" if number is None else self._words("phrases.lit_by", number=number)
        elif assumed:
            where = self._words("phrases.lit_assumed")
        elif lamp in now:
            where = self._words("phrases.lit_now")
        return Lamp(
            letter=letter,
            words=self._words(key),
            short_words=self._words(short_key),
            lit=lamp in lit | now or assumed,
            where=where,
        )


def _is_large(request: ApprovalRequest) -> bool:
    """Tell whether the size alone may have made it T3 (architecture.md section 7)."""
    text = request.arguments
    if len(text) > LARGE_ARGUMENTS_BYTES:
        return True
    return len(text) * 4 > LARGE_ARGUMENTS_BYTES and len(text.encode()) > LARGE_ARGUMENTS_BYTES


def _title(request: ApprovalRequest) -> str:
    definition = read_json(request.definition) if request.definition else None
    if not isinstance(definition, dict):
        return ""
    annotations = definition.get("annotations")
    claimed = annotations.get("title") if isinstance(annotations, dict) else None
    title = definition.get("title") or claimed
    return title if isinstance(title, str) else ""


def _differs(subject: JsonObject, names: tuple[str, ...]) -> bool:
    before, after = subject.get("before"), subject.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return False
    return any(before.get(name) != after.get(name) for name in names)
