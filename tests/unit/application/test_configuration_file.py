"""The headless FILE: the design's own example is read, and whatever it does not have is refused."""

import math
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.configuration_file import AgentEntry, json_value, read_file_content
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.configuration import (
    AgentConfig,
    CwdMode,
    Limits,
    RemoteTransport,
    ReviewMode,
    ServerConfig,
    ToolSetting,
)
from keyturn.domain.environment import Reach
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.lamps import Lamps
from keyturn.domain.launch import remote_identity
from keyturn.domain.policy import Posture
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.sight import Sight, SightRow, row_of
from keyturn.domain.tier import Tier

SIGNS_IN = '[servers.a]\nurl = "https://a"\n[servers.a.oauth]\nsign_in = ["a"]\n'
BESIDE_A_HEADER = (
    '[servers.a]\nurl = "https://a"\nheaders = { authorization = "b" }\noauth.sign_in = ["a"]'
)
FOLDER = Path("/srv/keyturn")
EXAMPLE = """
[policy]
posture = "ask_all"                            # ask_all | ask_writes (a visible built-in rule)
[servers.shipments]
command = ["python3", "shipments.py"]          # or url = "https://..." with headers = { }
env = { MODE = "demo", TOKEN = "keychain:ship" }
environment = "production"                     # optional: raises tiers
receipt = false                                # true: calls wait for the signing key
review = "ask"                                 # ask | accept; drift is refused either way
[servers.shipments.tools."read_*"]             # name or glob, "*" too
tier = "T0"                                    # T0 | T1 | T2
labels = ["U"]
[agents.analyst]
token_file = "analyst.token"                   # relative to FILE
[[rules]]
effect = "allow"                               # deny | ask | allow
kind = "call"                                  # call | read | prompt | ...
agent = "*"
server = "shipments"
tool = "read_*"
when = [{ path = "/page", op = "le", value = 5 }]
[limits]
hold_seconds = 50
[approver]
command = ["python3", "my_approver.py"]
"""


def read(text: str) -> Any:
    """Read a FILE."""
    return read_file_content(tomllib.loads(text), FOLDER)


@pytest.mark.parametrize(
    ("tools", "rows"),
    [
        ('["shipments/read_*"]', (row_of("shipments/read_*"),)),
        ("[]", ()),
        (
            '["a/b", { server = "docs", name = "*", kinds = ["prompt", "read"] }]',
            (row_of("a/b"), row_of("prompt read docs/*")),
        ),
    ],
)
def test_what_an_agent_sees_is_read(tools: str, rows: tuple[SightRow, ...]) -> None:
    content = read(f"[agents.a]\ntools = {tools}\n[agents.b]\n")
    assert [agent.sight for agent in content.agents] == [Sight(agent="a", rows=rows), None]
    assert content.with_agents((), "").sights == (Sight(agent="a", rows=rows),)


@pytest.mark.parametrize("tools", ['"shipments/*"', "[1]", '["shipments"]', "[{}]", "[1979-05-27]"])
def test_a_list_that_is_none_is_refused(tools: str) -> None:
    with pytest.raises(ConfigurationError):
        read(f"[agents.a]\ntools = {tools}\n")


def test_the_example_of_the_design_is_read() -> None:
    content = read(EXAMPLE)
    assert content.policy.posture is Posture.ASK_ALL
    assert content.policy.rules == (
        Rule(
            id="file-1",
            effect=Effect.ALLOW,
            kind=Kind.CALL,
            server="shipments",
            tool="read_*",
            when=(Condition(path="/page", op=Operator.LE, value=5),),
        ),
    )
    assert content.servers == (
        ServerConfig(
            name="shipments",
            command=("python3", "shipments.py"),
            env={"MODE": "demo", "TOKEN": "keychain:ship"},
            environment="production",
            review=ReviewMode.ASK,
            cwd=CwdMode.CONFIG,
            cwd_path=str(FOLDER),
            tools=(ToolSetting(pattern="read_*", tier=Tier.T0, labels=Lamps.U),),
        ),
    )
    assert content.agents == (AgentEntry(name="analyst", token_file="analyst.token"),)
    assert content.limits == Limits(hold_seconds=50.0)
    assert content.approver_command == ("python3", "my_approver.py")


def test_an_empty_file_asks_about_everything() -> None:
    content = read("")
    assert content.policy.posture is Posture.ASK_ALL
    assert content.policy.rules == content.servers == content.agents == ()
    assert content.approver_command == ()
    assert content.limits == Limits()


def test_it_is_completed_with_what_only_files_know() -> None:
    agents = (AgentConfig(name="analyst", token_sha256="0" * 64),)
    config = read(EXAMPLE).with_agents(agents, "1" * 64)
    assert config.agents == agents
    assert config.file_sha256 == "1" * 64
    assert config.servers[0].name == "shipments"
    assert config.approver_command == ("python3", "my_approver.py")


def test_what_may_be_left_out() -> None:
    content = read(
        """
        [policy]
        posture = "ask_writes"
        [servers.a]
        command = ["a"]
        review = "accept"
        cwd = "agent"
        tools."*" = {}
        [agents.b]
        [limits]
        hold_seconds = 0.5
        """
    )
    (server,) = content.servers
    assert content.policy.posture is Posture.ASK_WRITES
    assert (server.review, server.cwd) == (ReviewMode.ACCEPT, CwdMode.AGENT)
    assert server.tools == (ToolSetting(pattern="*", tier=None),)
    assert content.agents == (AgentEntry(name="b", token_file=""),)
    assert content.limits.hold_seconds == 0.5


def test_labels_and_the_pairs_that_may_cross() -> None:
    content = read(
        """
        [servers.a]
        command = ["a"]
        environment = "qa"
        credential_environments = { db = "production" }
        [agents.b]
        environment = "qa"
        [[reach]]
        agent = "qa"
        other = "staging"
        """
    )
    (server,), (agent,) = content.servers, content.agents
    assert (server.environment, agent.environment) == ("qa", "qa")
    assert server.credential_environments == {"db": "production"}
    assert content.policy.reach == (Reach(agent="qa", other="staging"),)


@pytest.mark.parametrize(
    "text",
    [
        "colour = 1",
        'reach = [{ agent = "a", other = "b", colour = 1 }]',
        "[policy]\ncolour = 1",
        "[limits]\ncolour = 1",
        "[approver]\ncolour = 1",
        '[servers.a]\ncommand = ["a"]\ncolour = 1',
        '[servers.a]\ncommand = ["a"]\ntools.x.colour = 1',
        "[agents.a]\ncolour = 1",
        '[[rules]]\neffect = "deny"\ncolour = 1',
        '[[rules]]\neffect = "deny"\nwhen = [{ path = "/a", op = "eq", value = 1, colour = 1 }]',
        '[[rules]]\neffect = "deny"\ncel = "true"',
    ],
)
def test_an_unknown_key_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert caught.value.sentence.endswith(".")
    assert caught.value.mend.endswith(".")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("policy = 1", "'policy' in FILE is not a table"),
        ('[agents.a]\nenvironment = "a b"', "'environment' in agents.a is no name"),
        ('[[reach]]\nagent = "a"', "'other' in reach is missing"),
        ('[[reach]]\nother = "a"', "'agent' in reach is missing"),
        ("servers = 1", "'servers' in FILE is not a table"),
        ("servers.a = 1", "'a' in FILE.servers is not a table"),
        ("[policy]\nposture = 1", "'posture' in policy is not a text"),
        ('[policy]\nposture = "allow_all"', "'posture' in policy is neither"),
        ("[servers.a]", "'command' in servers.a is missing"),
        ("[servers.a]\ncommand = []", "'command' in servers.a is missing"),
        ('[servers.a]\ncommand = "a"', "'command' in servers.a is not a list of texts"),
        ("[servers.a]\ncommand = [1]", "'command' in servers.a is not a list of texts"),
        ('[servers.a]\ncommand = ["a"]\nenv = { A = 1 }', "'env' in servers.a has a value"),
        ('[servers.a]\ncommand = ["a"]\nenv = 1', "'env' in servers.a is not a table"),
        ('[servers.a]\ncommand = ["a"]\nreceipt = 1', "'receipt' in servers.a is neither"),
        ('[servers.a]\ncommand = ["a"]\nreview = "never"', "'review' in servers.a is neither"),
        ('[servers.a]\ncommand = ["a"]\ncwd = "/tmp"', "'cwd' in servers.a is none of"),
        ('[servers.a]\nurl = "http://example.org"', "'url' in servers.a must be https"),
        ('[servers.a]\nurl = "file:///etc"', "'url' in servers.a is no http or https URL"),
        ('[servers.a]\nurl = "https://a:b@example.org"', "'url' in servers.a holds a name"),
        ('[servers.a]\nurl = "https://example.org:x"', "'url' in servers.a is no URL"),
        ('[servers.a]\nurl = "https://a"\ncommand = ["a"]', "means nothing beside a url"),
        ('[servers.a]\nurl = "https://a"\nenv = { A = "b" }', "means nothing beside a url"),
        ('[servers.a]\ncommand = ["a"]\nheaders = { A = "b" }', "means nothing without a url"),
        ('[servers.a]\ncommand = ["a"]\ntransport = "sse"', "means nothing without a url"),
        ('[servers.a]\nurl = "https://a"\ntransport = "ws"', "is neither http nor sse"),
        ('[servers.a]\ncommand = ["a"]\noauth = {}', "means nothing without a url"),
        ('[servers.a]\nurl = "https://a"\noauth = 1', "'oauth' in servers.a is not a table"),
        ('[servers.a]\nurl = "https://a"\noauth = {}', "'sign_in' in servers.a.oauth is missing"),
        (BESIDE_A_HEADER, "'oauth' in servers.a means nothing beside a header Authorization"),
        (SIGNS_IN + 'client_secret = "plain"', "'client_secret' in servers.a.oauth is no keychain"),
        (SIGNS_IN + 'client_secret = "keychain:a b"', "names no entry of the keychain"),
        (SIGNS_IN + 'client_secret = "keychain:a"', "needs a client_id and the issuer"),
        (SIGNS_IN + 'issuer = "http://example.org"', "'issuer' in servers.a.oauth must be https"),
        (SIGNS_IN + 'client_metadata_url = "http://a/b"', "is no https URL of a document"),
        (SIGNS_IN + 'client_metadata_url = "https://a/"', "is no https URL of a document"),
        (SIGNS_IN + 'scope = "a\\nb"', "holds what is no printable ASCII"),
        (SIGNS_IN + "more = 1", "'more' in servers.a.oauth is not known here"),
        ('[servers.a]\ncommand = ["a"]\ntools.x = 1', "'x' in servers.a.tools is not a table"),
        ('[servers.a]\ncommand = ["a"]\ntools.x.tier = "T3"', "is none of T0, T1, T2"),
        ('[servers.a]\ncommand = ["a"]\ntools.x.tier = 1', "'tier' in servers.a.tools.x is not"),
        ('[servers.a]\ncommand = ["a"]\ntools.x.labels = ["Q"]', "letters other than U, P, X"),
        ('[servers.a]\ncommand = ["a"]\ntools.x.results = 1', "is no table of what"),
        ('[servers.a]\ncommand = ["a"]\ntools.x.results.secrets = "no"', "is no table of what"),
        ('[servers.a]\ncommand = ["a"]\ntools.x.results.else = true', "is no table of what"),
        ("[agents.a]\ntoken_file = 1", "'token_file' in agents.a is not a text"),
        ("rules = 1", "'rules' in FILE is not a list of tables"),
        ("rules = [1]", "'rules' in FILE is not a list of tables"),
        ('[[rules]]\neffect = "perhaps"', "`effect` is none of"),
        ("[limits]\nhold_seconds = 0", "is not a number above 0"),
        ("[limits]\nresult_tokens_per_day = 0", "is not a whole number above 0"),
        ("[limits]\nresult_tokens_per_session = 1.5", "is not a whole number above 0"),
        ("[limits]\nresult_tokens_per_day = true", "is not a whole number above 0"),
        ("[limits]\nhold_seconds = -1", "is not a number above 0"),
        ("[limits]\nhold_seconds = true", "is not a number above 0"),
        ('[limits]\nhold_seconds = "50"', "is not a number above 0"),
        ("[limits]\nhold_seconds = inf", "is not a number above 0"),
        ("[limits]\nhold_seconds = nan", "is not a number above 0"),
        ("[approver]\ncommand = 1", "'command' in approver is not a list of texts"),
    ],
)
def test_a_wrong_value_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[servers.a]\ncommand = ["a"]\nreceipt = true', "a asks for receipts"),
    ],
)
def test_what_would_have_no_effect_is_refused_with_cause_and_mend(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        read(text)
    assert caught.value.cause.endswith(".")
    assert caught.value.mend.endswith(".")


@pytest.mark.parametrize("kind", list(Kind))
def test_a_rule_is_of_any_kind(kind: Kind) -> None:
    (rule,) = read(f'[[rules]]\neffect = "deny"\nkind = "{kind.value}"').policy.rules
    assert rule == Rule(id="file-1", effect=Effect.DENY, kind=kind)


@pytest.mark.parametrize(
    ("cwd", "folder"), [("config", str(FOLDER)), ("home", ""), ("agent", str(FOLDER))]
)
def test_the_folder_is_the_one_that_cwd_names(cwd: str, folder: str) -> None:
    (server,) = read(f'[servers.a]\ncommand = ["a"]\ncwd = "{cwd}"').servers
    assert server.cwd_path == folder


@pytest.mark.parametrize(
    "value", ["2026-11-23", "14:07:52", "inf", "nan", "9007199254740993", "[1, { a = inf }]"]
)
def test_a_rule_compares_only_with_what_json_has(value: str) -> None:
    rule = f'effect = "allow"\nwhen = [{{ path = "/a", op = "eq", value = {value} }}]'
    with pytest.raises(ConfigurationError, match="cannot compare with"):
        read(f"[[rules]]\n{rule}")


@given(
    st.recursive(
        st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
    )
)
def test_json_values_stay_what_they_are(value: object) -> None:
    assert json_value(value) == value


@pytest.mark.parametrize("value", [None, date(2026, 11, 23), math.inf, 2**53, {"a": [math.nan]}])
def test_other_values_are_refused(value: object) -> None:
    with pytest.raises(ConfigurationError):
        json_value(value)


def test_a_remote_server_is_read_with_its_headers() -> None:
    (server,) = read(
        '[servers.a]\nurl = "https://example.org/mcp"\nheaders = { A = "keychain:ship", B = "c" }'
    ).servers
    assert (server.url, server.command) == ("https://example.org/mcp", ())
    assert server.transport is RemoteTransport.HTTP
    assert server.credential_names() == ("ship",)
    assert server.header_names() == ("A=keychain:ship", "B")


def test_a_remote_server_may_speak_the_older_transport() -> None:
    (server,) = read('[servers.a]\nurl = "https://example.org/sse"\ntransport = "sse"').servers
    assert server.transport is RemoteTransport.SSE


def test_a_remote_server_may_want_a_sign_in() -> None:
    (server,) = read(
        """
        [servers.a]
        url = "https://example.org/mcp"
        [servers.a.oauth]
        client_id = "keyturn"
        client_secret = "keychain:own"
        issuer = "https://auth.example.org"
        """
    ).servers
    assert server.oauth is not None
    assert server.credential_names() == ("own",)
    assert server.oauth.lines() == (
        "client_id=keyturn",
        "client_secret=keychain:own",
        "issuer=https://auth.example.org",
    )
    with_it = remote_identity(server)
    without = remote_identity(replace(server, oauth=None))
    assert with_it.launch_hash != without.launch_hash
    assert "oauth" not in without.subject()
