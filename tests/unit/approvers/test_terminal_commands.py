"""Only exact words are commands, and no value can make a command allow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.approvers.terminal_commands import (
    CONFIRM,
    Command,
    CommandName,
    Proof,
    proof_of,
    read_command,
)
from keyturn.domain.tier import Tier
from tests.fakes.approval_requests import DEFINITION, a_call, a_change, a_command, a_definition
from tests.fakes.approver_programs import CARDS


def proof(request: ApprovalRequest) -> Proof | None:
    return proof_of(request, CARDS.decisive(request))


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("allow", Command(name=CommandName.ALLOW)),
        ("  ALLOW ", Command(name=CommandName.ALLOW)),
        ("deny", Command(name=CommandName.DENY)),
        ("deny  not there ", Command(name=CommandName.DENY, message="not there")),
        ("later", Command(name=CommandName.LATER)),
        ("Whole", Command(name=CommandName.WHOLE)),
        ("whole thing", Command(name=CommandName.UNKNOWN)),
        ("", Command(name=CommandName.UNKNOWN)),
        ("y", Command(name=CommandName.UNKNOWN)),
        ("yes", Command(name=CommandName.UNKNOWN)),
        ("allow it", Command(name=CommandName.UNKNOWN)),
        ("pin t0", Command(name=CommandName.UNKNOWN)),
        ("hide", Command(name=CommandName.UNKNOWN)),
    ],
)
def test_a_call_has_few_commands(line: str, command: Command) -> None:
    assert read_command(line, a_call()) == command


@pytest.mark.parametrize(
    ("line", "name", "tier"),
    [
        ("pin", CommandName.PIN, None),
        ("allow", CommandName.PIN, None),
        ("pin t0", CommandName.PIN, Tier.T0),
        ("PIN T2", CommandName.PIN, Tier.T2),
        ("pin t3", CommandName.UNKNOWN, None),
        ("pin it", CommandName.UNKNOWN, None),
        ("hide", CommandName.HIDE, None),
        ("deny", CommandName.DENY, None),
    ],
)
def test_a_definition_is_pinned_with_or_without_a_tier(
    line: str, name: CommandName, tier: Tier | None
) -> None:
    assert read_command(line, a_definition()) == Command(name=name, tier=tier)


def test_a_changed_tool_keeps_the_tier_that_a_person_confirmed() -> None:
    request = a_change(DEFINITION, proposed_tier=Tier.T1)
    assert read_command("pin", request).tier is Tier.T1
    assert read_command("pin t2", request).tier is Tier.T2


def test_nobody_reads_a_message_about_a_command() -> None:
    assert read_command("deny why", a_command()).message == ""


@pytest.mark.parametrize("tier", [Tier.T0, Tier.T1])
def test_nothing_is_proven_below_t2(tier: Tier) -> None:
    assert proof(a_call(tier=tier)) is None


def test_t2_needs_the_last_word_of_the_owed_value() -> None:
    needed = proof(a_call())
    assert needed is not None
    assert needed.accepted == ("9", CONFIRM)
    assert needed.holds(" 9 ")
    assert needed.holds("CONFIRM")
    assert not needed.holds("confirm")
    assert not needed.holds("")


def test_t3_needs_the_tools_name() -> None:
    needed = proof(a_call(tier=Tier.T3))
    assert needed is not None
    assert needed.accepted == ("dispatch_all",)


def test_without_a_value_the_name_is_typed() -> None:
    needed = proof(a_call(subject={}))
    assert needed is not None
    assert needed.accepted == ("dispatch_all",)


def test_a_command_is_confirmed() -> None:
    needed = proof(a_command())
    assert needed is not None
    assert needed.accepted[-1] == CONFIRM


@pytest.mark.parametrize(
    "word", ["deny", "Deny", "later", "allow", "pin", "hide", "whole", "\u0434\u0430"]
)
def test_a_word_that_is_a_command_or_cannot_be_typed_is_never_asked_for(word: str) -> None:
    value = proof(a_call(subject={"path": f"x {word}"}))
    assert value is not None
    assert value.accepted == (CONFIRM,)
    name = proof(a_call(subject={"path": "x"}, tool=word, tier=Tier.T3))
    assert name is not None
    assert name.accepted == (CONFIRM,)


@given(value=st.text(), tool=st.text(min_size=1), tier=st.sampled_from([Tier.T2, Tier.T3]))
def test_no_refusal_is_ever_a_proof(value: str, tool: str, tier: Tier) -> None:
    needed = proof(a_call(subject={"path": value}, tool=tool, tier=tier))
    assert needed is not None
    for line in ("", "deny", "DENY", "later", "deny it", "allow"):
        assert not needed.holds(line)
    assert needed.holds(needed.asked)


@pytest.mark.parametrize("kind", list(RequestKind))
def test_no_command_is_made_of_nothing(kind: RequestKind) -> None:
    assert read_command("\x00", a_call(kind=kind)).name is CommandName.UNKNOWN
