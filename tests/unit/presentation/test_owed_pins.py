"""What a PIN is typed for is said with its kind and its object, whatever would take one."""

import re

import pytest

from keyturn.application.console_protocol import Decide, Intent, Quit, RemoveRule, SaveRule, SetTier
from keyturn.application.rule_removals import RemoveRules, RestoreRules
from keyturn.application.sight_intents import PutProfile, SetSight
from keyturn.domain.canonical import canonical
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_data import rule_to_data
from keyturn.domain.rule_life import RuleLimits
from keyturn.domain.tier import Tier
from keyturn.presentation.owed_pins import OwedPins
from keyturn.presentation.words import Words
from tests.factories import make_request
from tests.sources import ROOT
from tests.unit.application.test_pin_guard import LOOSENING

DENY = Rule(id="r-deny", effect=Effect.DENY, tool="dispatch_order", name="Nothing to see here")
WORDS = Words(ROOT / "resources" / "translations")
OWED = OwedPins(WORDS, {DENY.id: DENY}.get, lambda _id: None)


def save(rule: Rule) -> SaveRule:
    """Save a rule as the window sends it."""
    return SaveRule(n=1, data=canonical(rule_to_data(rule)).decode())


@pytest.mark.requirement("PIN-1", "LAW-4")
def test_each_change_that_takes_it_is_said_apart() -> None:
    """No two sound alike, and none is said as "some change"."""
    said = [OWED.said(intent) for intent in LOOSENING]
    assert len(set(said)) == len(said)
    assert not any(WORDS("owed.other") in one for one in said)
    assert WORDS("owed.other") in OWED.said(Quit(n=1))


OBJECTS: list[tuple[Intent, str]] = [
    (RemoveRule(n=1, id="r-deny"), "Remove the rule: .*“dispatch_order”"),
    (RemoveRules(n=1, ids=("r-deny", "r-1")), "Remove 2 rules"),
    (RestoreRules(n=1, ids=("r-deny",)), "Put 1 removed rule back"),
    (save(Rule(id="r-new", effect=Effect.ALLOW)), "Add the rule: "),
    (save(Rule(id="r-deny", effect=Effect.ASK)), "Change a rule to: .* Before: .*dispatch_order"),
    (
        save(Rule(id="r-deny", effect=Effect.DENY, tool="dispatch_order", enabled=False)),
        "No longer use the rule: ",
    ),
    (
        save(Rule(id="r-deny", effect=Effect.DENY, tool="other", enabled=False)),
        "No longer use the rule: .*“dispatch_order”",
    ),
    (save(Rule(id="r-new", effect=Effect.ALLOW, enabled=False)), "Add the rule, switched off: "),
    (
        save(Rule(id="r-new", effect=Effect.ALLOW, tool="x" * 500, limits=RuleLimits(uses=7))),
        "Add the rule: .*7 ",
    ),
    (
        save(Rule(id="r-new", effect=Effect.ALLOW, limits=RuleLimits(uses=3))),
        "Add the rule: .*3 ",
    ),
    (SetSight(n=1, agent="analyst", rows=("ship/read_*",)), "analyst see: ship/read_[*]"),
    (SetSight(n=1, agent="analyst", rows=()), "analyst see: nothing"),
    (PutProfile(n=1, name="x" * 1000, rows=()), "x{400} .*600"),
    (
        SetTier(
            n=1,
            server="ship",
            tool="re\u202ead",
            launch_hash="",
            def_hash="",
            tier=Tier.T1,
            labels="X",
            hidden=False,
        ),
        r"Show “re\[.*\]ad” of ship to agents, as T1",
    ),
]


@pytest.mark.requirement("PIN-1")
@pytest.mark.parametrize(("intent", "what"), OBJECTS)
def test_its_object_is_said_as_the_broker_has_it(intent: Intent, what: str) -> None:
    """A rule by what it covers, never by the name that anybody may have given it."""
    said = OWED.said(intent)
    assert re.search(what, said), said
    assert "Nothing to see here" not in said


def test_a_tool_without_labels_is_said_to_have_none() -> None:
    request = make_request()
    owed = OwedPins(WORDS, lambda _rule: None, lambda _id: request)
    bare = Decide(n=1, id=request.id, digest="", allow=True, tier=Tier.T0, labels="")
    assert "as T0, without labels." in owed.said(bare)
