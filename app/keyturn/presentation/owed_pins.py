"""Owns the sentence that says what a typed PIN is for: the kind of a change, and its object.

The broker makes it of the very intent that it will carry out, never the window, so that a program
which presses buttons cannot have a PIN typed for another change than the one that is read.
"""

from collections.abc import Callable
from typing import Final

from keyturn.application.agent_messages import EnrolAgent, NewTask, ReviewChanges
from keyturn.application.console_protocol import (
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
FindRule = Callable[[str], Rule | None]
"""Finds a rule that is in force by its id."""


class OwedPins:
    """Says of a change what it is."""

    def __init__(self, words: Words, find_rule: FindRule) -> None:
        self._words = words
        self._find_rule = find_rule
        self._sentences = RuleSentences(words)

    def said(self, intent: Intent, *, both: bool = False) -> str:
        """Return one paragraph: the change, and that it takes the PIN, or both persons'."""
        key = "owed.takes_both" if both else "owed.takes_pin"
        return self._words(key, change=self._change(intent))

    def _change(self, intent: Intent) -> str:  # noqa: C901 -- one row an intent
        words = self._words
        match intent:
            case SaveRule():
                return self._saved_rule(intent)
            case RemoveRule(id=rule_id):
                rule = self._find_rule(rule_id)
                return words("owed.remove_rule", rule=self._rule(rule) if rule else "")
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
            case NewTask(agent=agent):
                return words("owed.new_task", agent=self._named(agent))
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
        if not rule.enabled:
            return self._words("owed.turn_off", rule=said)
        if before is None:
            return self._words("owed.add_rule", rule=said)
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
        return f"{self._named(', '.join(parts))}."

    def _tier(self, intent: SetTier) -> str:
        words = self._words
        tier = intent.tier.name if intent.tier is not None else words("owed.no_tier")
        named = {"tool": self._named(intent.tool), "server": self._named(intent.server)}
        if intent.hidden is False:
            return words("owed.show_tool", tier=tier, labels=intent.labels or "-", **named)
        return words("owed.tier", tier=tier, labels=intent.labels or "-", **named)

    def _environment(self, intent: SetEnvironment) -> str:
        words = self._words
        said = {"name": self._named(intent.name), "label": self._label(intent.environment)}
        match intent.of:
            case "agent":
                return words("owed.label_agent", **said)
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
