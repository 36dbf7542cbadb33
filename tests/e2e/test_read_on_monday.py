"""A secret that one agent read on Monday is known when another sends it on Thursday."""

import random
import sys

import pytest

from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from tests.canaries import a_github_token
from tests.e2e.agent_host import connected, text_of
from tests.e2e.blind_person import BlindPerson
from tests.e2e.desk import ROOT, Folders, Keyturn
from tests.e2e.screen_reader import HeardDesk
from tests.e2e.seeding import SeededServer, seed
from tests.private_keychain import gnome_keyring

pytestmark = pytest.mark.keychain

LOG_SERVER = ROOT / "tests" / "integration" / "servers" / "log_server.py"
ALLOW = Rule(id="all", effect=Effect.ALLOW)
AGENTS = ("analyst", "coder")


@pytest.mark.requirement("FLOW-LINK", "FLOW-NO-RULE", "FLOW-NO-VALUE")
def test_what_one_agent_read_is_named_when_another_sends_it_after_a_restart(
    folders: Folders,
    heard: HeardDesk,
    heard_keyturn: Keyturn,
    blind: BlindPerson,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keyturn, token = heard_keyturn, a_github_token(random.Random())
    log = folders.work / "service.log"
    log.write_text(f"09:00:04 cloned with {token} ok\n", encoding="utf-8")
    server = SeededServer(
        name="logs",
        command=(sys.executable, str(LOG_SERVER), str(log)),
        tiers={"read_log": Tier.T0, "*": Tier.T1},
    )
    seed(folders, server, agents=AGENTS, rules=(ALLOW,))
    session = folders.env(DBUS_SESSION_BUS_ADDRESS=heard.env["DBUS_SESSION_BUS_ADDRESS"])
    with gnome_keyring(session, monkeypatch, folders.root):
        keyturn.start("--platform", "xcb")
        with connected(keyturn.env, "logs", agent="analyst", mode="legacy") as monday:
            said = text_of(monday.call("read_log", {}).result(20))
            assert "[GitHub token" in said
            assert token not in said
        keyturn.end()
        keyturn.start("--platform", "xcb")
        blind.sit_down()
        with connected(keyturn.env, "logs", agent="coder", mode="legacy") as thursday:
            # What is no secret the rule lets go, so that it is the secret that asks.
            assert not thursday.call("send", {"body": "nothing of note"}).result(20).is_error
            sent = thursday.call("send", {"body": f"see {token}"})
            keyturn.wait_for_waiting(1)
            blind.stands_at("label", "coder wants to")
            blind.finds("GitHub token", "another agent, analyst, read from logs / read_log")
            blind.finds("Why asked", "only a person allows it")
            blind.press_until("ctrl+BackSpace", "You denied coder")
            assert sent.result(20).is_error
        assert log.with_suffix(".sent").read_text() == "nothing of note"
        keyturn.end()
    holders = [path for path in folders.profile.folder.rglob("*") if path.is_file()]
    assert not [path for path in holders if token.encode() in path.read_bytes()]
    assert keyturn.verify().returncode == 0
