"""Owns the sentence that says what a typed PIN is for: the kind of a change, and its object.

The broker makes it of the very intent that it will carry out, never the window, so that a program
which presses buttons cannot have a PIN typed for another change than the one that is read.
"""

from collections.abc import Callable, Sequence
from typing import Final

from keyturn.application.agent_messages import (
    EnrolAgent,
    FloodChoice,
    NewTask,
    ReviewChanges,
    SetAgentHttp,
    SettleFlood,
)
from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.console_protocol import (
    Decide,
    Intent,
    PutServer,
    RemoveRule,
    RemoveServer,
    Resume,
    SaveRule,
    SetTier,
    UseRules,
)
from keyturn.application.environment_messages import SetEnvironment, SetReach
from keyturn.application.pin_guard import rule_of
from keyturn.application.pin_messages import MarkTwoPersons, SettleSeals
from keyturn.application.ports.seals import SEALED_TABLES
from keyturn.application.result_messages import SetControls
from keyturn.application.rule_removals import RemoveRules, RestoreRules
from keyturn.application.sight_intents import (
    EndProfile,
    PutProfile,
    RemoveProfile,
    SetProfilesOnly,
    SetSight,
    SightIntent,
    SwitchProfile,
)
from keyturn.domain.result_controls import OF_AN_AGENT
from keyturn.domain.rule import Rule
from keyturn.presentation.relative_time import duration_text
from keyturn.presentation.result_controls import budgets_said, switched_off
from keyturn.presentation.rule_sentences import RuleSentences
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_LONGEST: Final = 400
"""Characters of a name or a rule that are said; beyond that the rest is counted."""
_LONGEST_RULE: Final = 2_000
"""Longer, because a long pattern must not push what bounds a rule out of sight."""
FindRequest = Callable[[str], ApprovalRequest | None]
"""Finds what waits for a person by its id."""
FindRule = Callable[[str], Rule | None]
"""Finds a rule that is in force by its id."""


class OwedPins:
    """Says of a change what it is."""

    def __init__(self, words: Words, find_rule: FindRule, find_request: FindRequest) -> None:
        self._words = words
        self._find_request = find_request
        self._find_rule = find_rule
        self._sentences = RuleSentences(words)

    def said_all(self, intents: Sequence[Decide | Intent], *, both: bool = False) -> str:
        """Return each change in a line of its own, and that one PIN carries out all of them."""
        if len(intents) == 1:
            return self.said(intents[0], both=both)
        lines = (
            self._words("owed.one_of", number=number, change=self._change(intent))
            for number, intent in enumerate(intents, 1)
        )
        key = "owed.take_both" if both else "owed.take_pin"
        return "\n".join((self._words(key, n=len(intents)), *lines))

    def said(self, intent: Decide | Intent, *, both: bool = False) -> str:
        """Return one paragraph: the change, and that it takes the PIN, or both persons'."""
        key = "owed.takes_both" if both else "owed.takes_pin"
        return self._words(key, change=self._change(intent))

    def _change(self, intent: Decide | Intent) -> str:  # noqa: C901 -- one row an intent
        words = self._words
        match intent:
            case Decide():
                return self._review(intent)
            case SaveRule():
                return self._saved_rule(intent)
            case RemoveRule(id=rule_id):
                rule = self._find_rule(rule_id)
                return words("owed.remove_rule", rule=self._rule(rule) if rule else "")
            case RemoveRules(ids=ids):
                return words("owed.remove_rules", n=len(ids))
            case RestoreRules(ids=ids):
                return words("owed.restore_rules", n=len(ids))
            case SetTier():
                return self._tier(intent)
            case PutServer():
                label = self._label(intent.environment)
                return words("owed.put_server", server=self._named(intent.name), label=label)
            case RemoveServer(name=name):
                return words("owed.remove_server", server=self._named(name))
            case SettleSeals():
                key = "owed.seals_accept" if intent.accept else "owed.seals_drop"
                known = intent.table in SEALED_TABLES
                return words(key, table=words(f"owed.table_{intent.table}") if known else "")
            case SetReach():
                pair = {"agent": self._named(intent.agent), "other": self._named(intent.other)}
                return words("owed.reach", **pair)
            case SetEnvironment():
                return self._environment(intent)
            case MarkTwoPersons(server=server, tool=tool):
                named = {"tool": self._named(tool), "server": self._named(server)}
                return words("owed.one_person", **named)
            case SetControls():
                return self._controls(intent)
            case ReviewChanges(agent=agent):
                return words("owed.reviewed", agent=self._named(agent))
            case SetAgentHttp(name=name):
                return words("owed.agent_http", agent=self._named(name))
            case NewTask(agent=agent):
                return words("owed.new_task", agent=self._named(agent))
            case SettleFlood():
                return self._flood(intent)
            case EnrolAgent(name=name, rows=None):
                return words("owed.enrol", agent=self._named(name))
            case EnrolAgent(name=name, rows=rows):
                listed = self._named(", ".join(rows or ())) or words("owed.nothing")
                return words("owed.enrol_sees", agent=self._named(name), rows=listed)
            case _ if isinstance(intent, SightIntent):
                return self._sight(intent)
            case _:
                return self._of_all(intent)

    def _of_all(self, intent: Intent) -> str:
        """Say a change that has no object: it is of everything."""
        match intent:
            case Resume(careful=careful):
                return self._words("owed.resume_carefully" if careful else "owed.resume")
            case UseRules():
                return self._words("owed.use_rules")
            case _:
                return self._words("owed.other")

    def _flood(self, intent: SettleFlood) -> str:
        words = self._words
        agent = self._named(intent.agent) if intent.enrolled else words("owed.unproven")
        match intent.choice:
            case FloodChoice.GO_ON:
                return words("owed.flood_go_on", agent=agent)
            case FloodChoice.CONTINUE:
                return words("owed.flood_continue", agent=agent)
            case FloodChoice.REVIEW:
                return words("owed.flood_review", agent=agent)
            case _:
                return words("owed.other")

    def _controls(self, intent: SetControls) -> str:
        named = {"tool": self._named(intent.tool), "server": self._named(intent.server)}
        off, limit = switched_off(intent.controls, self._words)
        if intent.server == OF_AN_AGENT:
            most = budgets_said(intent.controls, self._words)
            return self._words("owed.given", agent=self._named(intent.tool), most=most)
        return self._words(
            "owed.controls", **named, off=off or self._words("owed.nothing"), limit=limit
        )

    def _saved_rule(self, intent: SaveRule) -> str:
        rule = rule_of(intent.data)
        said = self._rule(rule)
        if intent.request:
            return self._remembered(said, intent.seconds)
        before = self._find_rule(rule.id)
        if before is None:
            key = "owed.add_rule" if rule.enabled else "owed.add_rule_off"
            return self._words(key, rule=said)
        if not rule.enabled:
            # What ends is the rule as it was, whatever it is to say from then on.
            return self._words("owed.turn_off", rule=self._rule(before))
        if self._rule(before) == said:
            return self._words("owed.turn_on", rule=said)
        return self._words("owed.change_rule", rule=said, before=self._rule(before))

    def _remembered(self, rule: str, seconds: float | None) -> str:
        if seconds is None:
            return self._words("owed.remember_rule", rule=rule)
        return self._words("owed.remember", rule=rule, length=duration_text(seconds, self._words))

    def _rule(self, rule: Rule) -> str:
        """Say a rule by all that it covers; never by its name, which anybody may have chosen."""
        conditions, limits = self._sentences.conditions(rule), self._sentences.limits(rule)
        parts = (
            self._sentences.sentence(rule).removesuffix("."),
            *(self._words("rules.only_when", condition=one) for one in conditions),
            *limits,
        )
        return f"{shown_line(', '.join(parts), self._words, most=_LONGEST_RULE)}."

    def _tier(self, intent: SetTier) -> str:
        words = self._words
        tier = intent.tier.name if intent.tier is not None else words("owed.no_tier")
        named = {"tool": self._named(intent.tool), "server": self._named(intent.server)}
        if intent.hidden is False:
            return words("owed.show_tool", tier=tier, labels=self._lettered(intent.labels), **named)
        return words("owed.tier", tier=tier, labels=self._lettered(intent.labels), **named)

    def _review(self, decide: Decide) -> str:
        """Say what a card's answer does to what it is about, by what the broker asked."""
        request = self._find_request(decide.id)
        if request is None:
            return self._words("owed.other")
        if request.kind is RequestKind.AGENT:
            return self._words("owed.review_agent", agent=self._named(request.agent))
        if request.kind is RequestKind.COMMAND:
            return self._words("owed.review_start", server=self._named(request.server))
        tier = decide.tier.name if decide.tier is not None else self._words("owed.no_tier")
        named = {"tool": self._named(request.tool or ""), "server": self._named(request.server)}
        if decide.labels is None:
            return self._words("owed.review", tier=tier, **named)
        return self._words(
            "owed.review_labels", tier=tier, labels=self._lettered(decide.labels), **named
        )

    def _lettered(self, labels: str) -> str:
        if not labels:
            return self._words("owed.no_labels")
        return self._words("owed.with_labels", labels=self._named(labels))

    def _environment(self, intent: SetEnvironment) -> str:
        words = self._words
        said = {"name": self._named(intent.name), "label": self._label(intent.environment)}
        match intent.of:
            case "agent":
                return words("owed.label_agent", **said)
            case "former":
                return words("owed.label_former", **said)
            case "server":
                return words("owed.label_server", **said)
            case _:
                return words("owed.label_credential", server=self._named(intent.server), **said)

    def _sight(self, intent: SightIntent) -> str:
        words, named = self._words, self._named
        match intent:
            case SetSight(agent=agent, rows=None):
                return words("owed.sees_all", agent=named(agent))
            case SetSight(agent=agent, rows=rows):
                listed = named(", ".join(rows or ()))
                return words("owed.sees", agent=named(agent), rows=listed or words("owed.nothing"))
            case SetProfilesOnly(agent=agent, on=on):
                key = "owed.profiles_only" if on else "owed.profiles_not_only"
                return words(key, agent=named(agent))
            case SwitchProfile(agent=agent, profile=profile, seconds=seconds):
                length = duration_text(seconds, words)
                return words(
                    "owed.switch", agent=named(agent), profile=named(profile), length=length
                )
            case EndProfile(agent=agent):
                return words("owed.end", agent=named(agent))
            case PutProfile(name=name, rows=rows):
                listed = named(", ".join(rows)) or words("owed.nothing")
                return words("owed.put_profile", profile=named(name), rows=listed)
            case RemoveProfile(name=name):
                return words("owed.remove_profile", profile=named(name))

    def _label(self, label: str) -> str:
        return self._named(label) or self._words("owed.no_label")

    def _named(self, text: str) -> str:
        return shown_line(text, self._words, most=_LONGEST)
