"""The headless FILE: its closed schema, read from parsed TOML into values; opens no file."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from keyturn.domain.canonical import MAX_SAFE_INTEGER, JsonObject, JsonValue
from keyturn.domain.configuration import (
    KEYCHAIN_PREFIX,
    AgentConfig,
    CwdMode,
    HeadlessConfig,
    Limits,
    OAuthConfig,
    PolicyConfig,
    RemoteTransport,
    ReviewMode,
    ServerConfig,
    ToolSetting,
)
from keyturn.domain.environment import Reach, is_label
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.lamps import lamps_from_letters
from keyturn.domain.policy import Posture
from keyturn.domain.remote import fault_of_header, fault_of_oauth, fault_of_url, names_authorization
from keyturn.domain.result_controls import ResultControls, controls_from_data
from keyturn.domain.rule_data import rule_from_data
from keyturn.domain.sight import Sight, rows_from_data
from keyturn.domain.tier import CONFIRMABLE, Tier

_Choice = TypeVar("_Choice", bound=StrEnum)

_FILE = "FILE"
_LIMITS = frozenset({"hold_seconds", "result_tokens_per_session", "result_tokens_per_day"})
_TOP = frozenset({"policy", "servers", "agents", "rules", "limits", "approver", "reach"})
_SERVER = frozenset(
    {"command", "url", "transport", "headers", "oauth"}
    | {"env", "environment", "credential_environments", "receipt", "review", "cwd", "tools"}
)
_OAUTH = frozenset(
    {"sign_in", "client_id", "client_secret", "client_metadata_url", "issuer", "scope"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEntry:
    """An agent as FILE names it; its token is read by whoever may open files."""

    name: str
    token_file: str
    """As written; relative to FILE. Empty: HOME/agents/NAME.token."""
    environment: str = ""
    sight: Sight | None = None
    """What it sees; None for everything that was reviewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """What FILE says, before the tokens of its agents are read."""

    policy: PolicyConfig
    servers: tuple[ServerConfig, ...]
    agents: tuple[AgentEntry, ...]
    limits: Limits
    approver_command: tuple[str, ...]
    folder: str

    def with_agents(self, agents: tuple[AgentConfig, ...], file_sha256: str) -> HeadlessConfig:
        """Complete the configuration with the agents' token hashes and FILE's own hash."""
        return HeadlessConfig(
            policy=self.policy,
            servers=self.servers,
            agents=agents,
            sights=tuple(entry.sight for entry in self.agents if entry.sight is not None),
            limits=self.limits,
            approver_command=self.approver_command,
            folder=self.folder,
            file_sha256=file_sha256,
        )


def read_file_content(data: Mapping[str, object], folder: Path) -> FileContent:
    """Read parsed TOML; raises ConfigurationError that names the first key it does not know.

    `folder` is FILE's own: servers start there, relative paths in commands count from it.
    """
    table = _Table(_FILE, data, _TOP)
    policy = table.child("policy", frozenset({"posture"}))
    approver = table.child("approver", frozenset({"command"}))
    return FileContent(
        policy=PolicyConfig(
            posture=_posture(policy.text("posture", Posture.ASK_ALL.value)),
            rules=tuple(
                rule_from_data(row, default_id=f"file-{n}")
                for n, row in enumerate(table.rows("rules"), 1)
            ),
            reach=tuple(_reach(row) for row in table.rows("reach")),
        ),
        servers=tuple(
            _server(name, value, folder) for name, value in table.tables("servers").items()
        ),
        agents=tuple(_agent(name, value) for name, value in table.tables("agents").items()),
        limits=_limits(table.child("limits", _LIMITS)),
        approver_command=approver.texts("command"),
        folder=str(folder),
    )


class _Table:
    """One TOML table with a closed set of keys."""

    def __init__(
        self, where: str, data: Mapping[str, object], keys: frozenset[str] | None = None
    ) -> None:
        self._where = where
        self._data = data
        unknown = sorted(set(data) - keys) if keys is not None else []
        if unknown:
            raise _fault(where, unknown[0], "is not known here")

    def text(self, key: str, default: str) -> str:
        value = self._data.get(key, default)
        if not isinstance(value, str):
            raise _fault(self._where, key, "is not a text")
        return value

    def label(self, key: str) -> str:
        text = self.text(key, "")
        if not is_label(text):
            raise _fault(self._where, key, "is no name of up to 64 letters, digits, dots, dashes")
        return text

    def choice(self, key: str, default: _Choice, fault: str) -> _Choice:
        try:
            return type(default)(self.text(key, default.value))
        except ValueError:
            raise _fault(self._where, key, fault) from None

    def flag(self, key: str, *, default: bool) -> bool:
        value = self._data.get(key, default)
        if not isinstance(value, bool):
            raise _fault(self._where, key, "is neither true nor false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._data.get(key, [])
        items = cast("list[object]", value) if isinstance(value, list) else None
        if items is None or not all(isinstance(item, str) for item in items):
            raise _fault(self._where, key, "is not a list of texts")
        return tuple(cast("list[str]", items))

    def number(self, key: str, default: float) -> float:
        value = self._data.get(key, default)
        number = float(value) if isinstance(value, int | float) else 0.0
        # TOML has inf and nan; neither is a time that ends.
        if isinstance(value, bool) or not 0 < number < math.inf:
            raise _fault(self._where, key, "is not a number above 0")
        return number

    def count(self, key: str) -> int:
        if key not in self._data:
            return 0
        value = self._data[key]
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            raise _fault(self._where, key, "is not a whole number above 0")
        return value

    def child(self, key: str, keys: frozenset[str] | None) -> "_Table":
        where = key if self._where == _FILE else f"{self._where}.{key}"
        return _Table(where, self._mapping(key), keys)

    def tables(self, key: str) -> dict[str, Mapping[str, object]]:
        found: dict[str, Mapping[str, object]] = {}
        for name, value in self._mapping(key).items():
            if not isinstance(value, dict):
                raise _fault(f"{self._where}.{key}", name, "is not a table")
            found[name] = cast("dict[str, object]", value)
        return found

    def rows(self, key: str) -> list[JsonObject]:
        value = self._data.get(key, [])
        items = cast("list[object]", value) if isinstance(value, list) else [value]
        rows = [json_value(item) for item in items]
        found = [row for row in rows if isinstance(row, dict)]
        if len(found) != len(rows):
            raise _fault(self._where, key, "is not a list of tables")
        return found

    def text_map(self, key: str) -> dict[str, str]:
        mapping = self._mapping(key)
        if not all(isinstance(value, str) for value in mapping.values()):
            raise _fault(self._where, key, "has a value that is not a text")
        return {name: str(value) for name, value in mapping.items()}

    def _mapping(self, key: str) -> Mapping[str, object]:
        value = self._data.get(key, {})
        if not isinstance(value, dict):
            raise _fault(self._where, key, "is not a table")
        return cast("dict[str, object]", value)


def _agent(name: str, data: Mapping[str, object]) -> AgentEntry:
    where = f"agents.{name}"
    table = _Table(where, data, frozenset({"token_file", "environment", "tools"}))
    sight = None
    if "tools" in data:
        try:
            rows = rows_from_data(json_value(data["tools"]))
        except ValueError as fault:
            raise _fault(where, "tools", str(fault)) from None
        sight = Sight(agent=name, rows=rows)
    return AgentEntry(
        name=name,
        token_file=table.text("token_file", ""),
        environment=table.label("environment"),
        sight=sight,
    )


def _reach(row: JsonObject) -> Reach:
    table = _Table("reach", row, frozenset({"agent", "other"}))
    reach = Reach(agent=table.label("agent"), other=table.label("other"))
    if not reach.agent or not reach.other:
        raise _fault("reach", "agent" if not reach.agent else "other", "is missing")
    return reach


def _server(name: str, data: Mapping[str, object], folder: Path) -> ServerConfig:
    where = f"servers.{name}"
    table = _Table(where, data, _SERVER)
    if table.flag("receipt", default=False):
        raise ConfigurationError(
            f"The server {name} asks for receipts, and this version makes none.",
            cause="Its calls would go out without one.",
            mend="Leave `receipt` out, or set it to false.",
        )
    command, url = table.texts("command"), table.text("url", "")
    if not command and not url:
        raise _fault(where, "command", "is missing")
    _check_remote(where, data, url)
    headers = _headers(where, table.text_map("headers"))
    if "oauth" in data and names_authorization(headers):
        raise _fault(where, "oauth", "means nothing beside a header Authorization")
    cwd = table.choice("cwd", CwdMode.CONFIG, "is none of agent, config, home")
    return ServerConfig(
        name=name,
        command=command,
        url=url,
        transport=table.choice("transport", RemoteTransport.HTTP, "is neither http nor sse"),
        headers=headers,
        oauth=_oauth(f"{where}.oauth", table.child("oauth", _OAUTH)) if "oauth" in data else None,
        env=table.text_map("env"),
        environment=table.label("environment"),
        credential_environments=_of_credentials(table),
        review=table.choice("review", ReviewMode.ASK, "is neither ask nor accept"),
        cwd=cwd,
        cwd_path="" if cwd is CwdMode.HOME else str(folder),
        tools=tuple(
            _tool(f"{where}.tools", pattern, value)
            for pattern, value in table.tables("tools").items()
        ),
    )


def _of_credentials(table: "_Table") -> dict[str, str]:
    labels = table.child("credential_environments", None)
    return {name: labels.label(name) for name in table.text_map("credential_environments")}


def _check_remote(where: str, data: Mapping[str, object], url: str) -> None:
    """Refuse what only a command has beside a URL, and what only a URL has without one."""
    for key in ("command", "env", "cwd") if url else ("headers", "transport", "oauth"):
        if key in data:
            raise _fault(where, key, f"means nothing {'beside' if url else 'without'} a url")
    fault = fault_of_url(url) if url else None
    if fault is not None:
        raise _fault(where, "url", fault)


def _oauth(where: str, table: "_Table") -> OAuthConfig:
    secret = table.text("client_secret", "")
    if secret and not secret.startswith(KEYCHAIN_PREFIX):
        raise _fault(where, "client_secret", "is no keychain:NAME, and no secret belongs into FILE")
    oauth = OAuthConfig(
        sign_in=table.texts("sign_in"),
        client_id=table.text("client_id", ""),
        client_secret=secret.removeprefix(KEYCHAIN_PREFIX),
        client_metadata_url=table.text("client_metadata_url", ""),
        issuer=table.text("issuer", ""),
        scope=table.text("scope", ""),
    )
    fault = fault_of_oauth(oauth)
    if fault is not None:
        raise _fault(where, *fault)
    return oauth


def _headers(where: str, headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        fault = fault_of_header(name, value)
        if fault is not None:
            raise _fault(f"{where}.headers", name, fault)
    return headers


def _tool(where: str, pattern: str, data: Mapping[str, object]) -> ToolSetting:
    table = _Table(f"{where}.{pattern}", data, frozenset({"tier", "labels", "results"}))
    tier = table.text("tier", "")
    if tier and tier not in {t.name for t in CONFIRMABLE}:
        raise _fault(f"{where}.{pattern}", "tier", "is none of T0, T1, T2")
    try:
        labels = lamps_from_letters(table.texts("labels"))
    except KeyError:
        raise _fault(f"{where}.{pattern}", "labels", "has letters other than U, P, X") from None
    return ToolSetting(
        pattern=pattern,
        tier=Tier[tier] if tier else None,
        labels=labels,
        controls=_controls(f"{where}.{pattern}", data.get("results")),
    )


def _controls(where: str, given: object) -> ResultControls | None:
    if given is None:
        return None
    try:
        return controls_from_data(msgspec.convert(given, dict[str, bool | int | str]))
    except (ValueError, msgspec.ValidationError):
        raise _fault(where, "results", "is no table of what is controlled in results") from None


def _posture(text: str) -> Posture:
    try:
        return Posture(text)
    except ValueError:
        raise _fault("policy", "posture", "is neither ask_all nor ask_writes") from None


def _limits(table: _Table) -> Limits:
    return Limits(
        hold_seconds=table.number("hold_seconds", Limits().hold_seconds),
        result_tokens_per_session=table.count("result_tokens_per_session"),
        result_tokens_per_day=table.count("result_tokens_per_day"),
    )


def _fault(where: str, key: str, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"The configuration cannot be used: {key!r} in {where} {what}.",
        mend="Correct it and start again; nothing was started.",
    )


def json_value(value: object) -> JsonValue:
    """Narrow parsed TOML to JSON values; raises ConfigurationError for what JSON does not have.

    TOML also has dates, times, `inf`, `nan` and integers of 64 bits.
    """
    if isinstance(value, list):
        return [json_value(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        return {str(k): json_value(v) for k, v in cast("dict[object, object]", value).items()}
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int) and abs(value) <= MAX_SAFE_INTEGER:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise ConfigurationError(
        f"The configuration holds {value}, which a rule cannot compare with.",
        mend="Write dates and times as texts, and numbers within 2^53.",
    )
