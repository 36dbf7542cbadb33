"""Servers, agents and pins as canonical JSON: the one closed reading and writing for the database.

A text that does not say exactly what was written is refused, never repaired (security.md I-12).
"""

from collections.abc import Callable
from typing import TypeVar

from keyturn.domain.canonical import JsonObject, JsonValue, Parsed, canonical, parse_strict
from keyturn.domain.configuration import (
    AgentConfig,
    CwdMode,
    RemoteTransport,
    ReviewMode,
    ServerConfig,
    ToolSetting,
)
from keyturn.domain.definition import Pin, pinned_definition, said_definition, said_of
from keyturn.domain.errors import ConfigurationError, DamagedDatabase, Said, filled, said_by
from keyturn.domain.lamps import Lamps, lamps_from_letters
from keyturn.domain.rule import Rule
from keyturn.domain.rule_data import rule_from_data, rule_to_data
from keyturn.domain.rule_life import instant
from keyturn.domain.sight import (
    Sight,
    SightProfile,
    profile_to_data,
    rows_from_data,
    sight_to_data,
)
from keyturn.domain.step_up import Cause, Change, change_to_data
from keyturn.domain.tier import CONFIRMABLE, Tier

SIGHT_OF_AGENT, SIGHT_OF_PROFILE = "agent", "profile"
"""What a row of the sights speaks of."""
_Value = TypeVar("_Value")


def rule_text(rule: Rule) -> str:
    """Write a rule."""
    return canonical(rule_to_data(rule)).decode()


def read_rule(name: str, text: str) -> Rule:
    """Read a rule; raises DamagedDatabase for anything that `rule_text` does not write."""
    return _read("rule", name, text, rule_from_data, rule_text, "id")


def server_text(server: ServerConfig) -> str:
    """Write a server."""
    tools: list[JsonValue] = [
        {"pattern": t.pattern, "tier": _tier_name(t.tier), "labels": t.labels.letters()}
        for t in server.tools
    ]
    data: JsonObject = {
        "name": server.name,
        "command": list(server.command),
        "env": dict(server.env),
        "environment": server.environment,
        "receipt": server.receipt,
        "review": server.review.value,
        "cwd": server.cwd.value,
        "cwd_path": server.cwd_path,
        "tools": tools,
        "confirmed": server.confirmed,
    }
    if server.url:
        data |= {
            "url": server.url,
            "transport": server.transport.value,
            "headers": dict(server.headers),
        }
    if server.credential_environments:
        data["credential_environments"] = dict(server.credential_environments)
    return canonical(data).decode()


def read_server(name: str, text: str) -> ServerConfig:
    """Read a server; raises DamagedDatabase for anything that `server_text` does not write."""
    return _read("server", name, text, _server, server_text, "name")


def agent_text(agent: AgentConfig) -> str:
    """Write an agent; its token is there as a hash only."""
    data: JsonObject = {
        "name": agent.name,
        "token_sha256": agent.token_sha256,
        "executable": agent.executable,
        "enrolled_at": agent.enrolled_at,
        "confirmed": agent.confirmed,
    }
    if agent.executable_sha256:
        data["executable_sha256"] = agent.executable_sha256
    if agent.http:
        data["http"] = True
    if agent.environment:
        data["environment"] = agent.environment
    return canonical(data).decode()


def read_agent(name: str, text: str) -> AgentConfig:
    """Read an agent; raises DamagedDatabase for anything that `agent_text` does not write."""
    return _read("agent", name, text, _agent, agent_text, "name")


def pin_text(pin: Pin) -> str:
    """Write a pin; the hash is not written, it is taken from the definition again."""
    data: JsonObject = {
        "server": pin.server,
        "launch_hash": pin.launch_hash,
        "definition": pin.definition.body,
        "tier": _tier_name(pin.tier),
        "labels": pin.labels.letters(),
        "pinned_at": pin.pinned_at,
        "hidden": pin.hidden,
    }
    if said_of(pin.definition.name) is not None:
        data["said"] = pin.definition.name
    if pin.two_persons:
        data["two_persons"] = True
    return canonical(data).decode()


def read_pin(server: str, launch_hash: str, tool: str, text: str) -> Pin:
    """Read a pin; raises DamagedDatabase for anything that `pin_text` does not write."""
    pin = _read("pin", server, text, _pin, pin_text, "server")
    if (pin.launch_hash, pin.definition.name) != (launch_hash, tool):
        raise _unreadable("pin", f"{server}/{tool}", "it speaks of another tool")
    return pin


def sight_text(sight: Sight) -> str:
    """Write what an agent sees."""
    return canonical(sight_to_data(sight)).decode()


def read_sight(agent: str, text: str) -> Sight:
    """Read it; raises DamagedDatabase for anything that `sight_text` does not write."""
    return _read("list of agent", agent, text, _sight, sight_text, "agent")


def profile_text(profile: SightProfile) -> str:
    """Write a profile of a task."""
    return canonical(profile_to_data(profile)).decode()


def read_profile(name: str, text: str) -> SightProfile:
    """Read a profile; raises DamagedDatabase for anything that `profile_text` does not write."""
    return _read("profile", name, text, _profile, profile_text, "name")


def change_text(change: Change) -> str:
    """Write what changed around an agent."""
    return canonical(change_to_data(change)).decode()


def read_change(agent: str, server: str, cause: str, text: str) -> Change:
    """Read it; raises DamagedDatabase for anything that `change_text` does not write."""
    change = _read("change around agent", agent, text, _change, change_text, "agent")
    if (change.server, change.cause.value) != (server, cause):
        raise _unreadable("change around agent", agent, "it speaks of another one")
    return change


def _read(
    kind: str,
    name: str,
    text: str,
    from_data: Callable[[JsonObject], _Value],
    to_text: Callable[[_Value], str],
    key: str,
) -> _Value:
    """Read a value and write it again: what comes out otherwise was not written here.

    That one comparison closes the schema: unknown, missing and repeated keys all differ. A row
    whose key was changed under it would agree to another thing, so `key` has to say `name`.
    """
    parsed = parse_strict(text)
    try:
        if not isinstance(parsed, Parsed) or not isinstance(parsed.value, dict):
            raise ValueError("it is not a JSON object")
        value = from_data(parsed.value)
        if to_text(value) != text:
            raise ValueError("it is not in the form that Keyturn writes")
        if parsed.value.get(key) != name:
            raise ValueError("it speaks of another one")
    except (KeyError, TypeError, ValueError, ConfigurationError) as fault:
        raise _unreadable(kind, name, said_by(fault)) from fault
    return value


def _unreadable(kind: str, name: str, cause: str | Said) -> DamagedDatabase:
    return DamagedDatabase(
        filled(
            "The {kind} {name!r} in the database cannot be read.", kind=Said(kind, {}), name=name
        ),
        cause=filled("{cause}.", cause=cause if isinstance(cause, Said) else Said(cause, {})),
        mend="Put a backup of the profile in its place.",
    )


def _server(data: JsonObject) -> ServerConfig:
    env, headers = data["env"], data.get("headers", {})
    labels = data.get("credential_environments", {})
    if not isinstance(env, dict) or not isinstance(headers, dict) or not isinstance(labels, dict):
        raise TypeError("`env`, `headers` or `credential_environments` is not an object")
    return ServerConfig(
        name=_text(data, "name"),
        command=tuple(str(part) for part in _list(data, "command")),
        url=_text(data, "url") if "url" in data else "",
        transport=RemoteTransport(_text(data, "transport"))
        if "url" in data
        else RemoteTransport.HTTP,
        headers={key: str(value) for key, value in headers.items()},
        env={key: str(value) for key, value in env.items()},
        environment=_text(data, "environment"),
        credential_environments={key: str(value) for key, value in labels.items()},
        receipt=_flag(data, "receipt"),
        review=ReviewMode(_text(data, "review")),
        cwd=CwdMode(_text(data, "cwd")),
        cwd_path=_text(data, "cwd_path"),
        tools=tuple(_tool(item) for item in _list(data, "tools")),
        confirmed=_flag(data, "confirmed"),
    )


def _tool(item: JsonValue) -> ToolSetting:
    if not isinstance(item, dict):
        raise TypeError("a tool is not an object")
    return ToolSetting(pattern=_text(item, "pattern"), tier=_tier(item), labels=_labels(item))


def _agent(data: JsonObject) -> AgentConfig:
    return AgentConfig(
        name=_text(data, "name"),
        token_sha256=_text(data, "token_sha256"),
        executable=_text(data, "executable"),
        executable_sha256=_text(data, "executable_sha256") if "executable_sha256" in data else "",
        enrolled_at=_text(data, "enrolled_at"),
        confirmed=_flag(data, "confirmed"),
        http="http" in data and _flag(data, "http"),
        environment=_text(data, "environment") if "environment" in data else "",
    )


def _pin(data: JsonObject) -> Pin:
    body = data["definition"]
    if not isinstance(body, dict):
        raise TypeError("`definition` is not an object")
    said = "said" in data
    definition = said_definition(_text(data, "said"), body) if said else pinned_definition(body)
    if definition is None:
        raise TypeError("`definition` is not a tool, nor what it is said to be")
    return Pin(
        server=_text(data, "server"),
        launch_hash=_text(data, "launch_hash"),
        definition=definition,
        tier=_tier(data),
        labels=_labels(data),
        pinned_at=_text(data, "pinned_at"),
        hidden=_flag(data, "hidden"),
        two_persons="two_persons" in data and _flag(data, "two_persons"),
    )


def _change(data: JsonObject) -> Change:
    return Change(
        agent=_text(data, "agent"),
        server=_text(data, "server"),
        cause=Cause(_text(data, "cause")),
        since=_text(data, "since"),
        names=tuple(str(name) for name in _list(data, "names")),
        marks=tuple(str(mark) for mark in _list(data, "marks")),
        reviewed=tuple(str(mark) for mark in _list(data, "reviewed")),
    )


def _sight(data: JsonObject) -> Sight:
    rows, until = data["rows"], _text(data, "until")
    return Sight(
        agent=_text(data, "agent"),
        rows=None if rows is None else rows_from_data(rows),
        profiles_only=_flag(data, "profiles_only"),
        profile=_text(data, "profile"),
        until=instant(until) if until else "",
        over=_flag(data, "over"),
    )


def _profile(data: JsonObject) -> SightProfile:
    return SightProfile(name=_text(data, "name"), rows=rows_from_data(data["rows"]))


def _tier_name(tier: Tier | None) -> str | None:
    return None if tier is None else tier.name


def _tier(data: JsonObject) -> Tier | None:
    name = data["tier"]
    if name is None:
        return None
    tier = Tier[_text(data, "tier")]
    if tier not in CONFIRMABLE:
        raise ValueError("T3 cannot be confirmed")
    return tier


def _labels(data: JsonObject) -> Lamps:
    return lamps_from_letters(_text(data, "labels"))


def _text(data: JsonObject, key: str) -> str:
    value = data[key]
    if not isinstance(value, str):
        raise TypeError(f"`{key}` is not a text")
    return value


def _flag(data: JsonObject, key: str) -> bool:
    value = data[key]
    if not isinstance(value, bool):
        raise TypeError(f"`{key}` is neither true nor false")
    return value


def _list(data: JsonObject, key: str) -> list[JsonValue]:
    value = data[key]
    if not isinstance(value, list):
        raise TypeError(f"`{key}` is not a list")
    return value
