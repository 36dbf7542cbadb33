"""What the command line can have a running broker do: look, tighten, propose, claim; never loosen.

This is all that a local socket offers besides carrying MCP (architecture.md law 4): there is no
request here that approves, resumes, pins, confirms or enrols.
"""

from collections.abc import Awaitable, Callable, Mapping

from keyturn.application.approvals import Approvals
from keyturn.application.events import Observers, Topic
from keyturn.application.live import LiveConnections
from keyturn.application.ports.secret_store import Secret
from keyturn.application.proposals import checked_list
from keyturn.application.registry import Registry
from keyturn.application.rulebook import RuleBook
from keyturn.application.stop import StopSwitch
from keyturn.application.typed_input import TypedInput
from keyturn.domain.approval import State
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.configuration import CwdMode, ServerConfig
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, KeyturnError
from keyturn.domain.remote import transport_of

LONGEST_REASON = 1000
"""Characters kept of why somebody stopped: it is recorded, and anybody here can stop."""

_Handler = Callable[[Mapping[str, JsonValue]], Awaitable[JsonObject]]


class Control:
    """Answers control requests with one JSON object each."""

    def __init__(
        self,
        *,
        stop: StopSwitch,
        approvals: Approvals,
        registry: Registry,
        rules: RuleBook,
        live: LiveConnections,
        observers: Observers,
        raise_window: Callable[[], bool],
        facts: JsonObject,
        home: str,
        typed: TypedInput,
        overdue: Callable[[], int] = lambda: 0,
    ) -> None:
        """`overdue` counts what nobody looked at in the access review for too long."""
        self._stop = stop
        self._approvals = approvals
        self._registry = registry
        self._rules = rules
        self._live = live
        self._observers = observers
        self._raise_window = raise_window
        self._facts = facts
        self._home = home
        self._overdue = overdue
        self._handlers: dict[str, _Handler] = {
            "status": self._status,
            "stop": self._engage,
            "raise": self._raise,
            "propose_server": self._propose_server,
            "propose_agent": self._propose_agent,
            "propose_credential": self._propose_credential,
            "propose_rules": self._propose_rules,
            "remove_server": self._propose_removal,
            "revoke_agent": self._revoke_agent,
            "check_input": typed.take,
        }

    @property
    def requests(self) -> frozenset[str]:
        """Return every request that is known; a test holds them against an allow-list."""
        return frozenset(self._handlers)

    async def control(self, request: Mapping[str, JsonValue]) -> JsonObject:
        """Carry out one request; anything unknown is refused.

        Its member `peer` is the id of the process that asks, where the socket knows it.
        """
        name = request.get("control")
        handler = self._handlers.get(name) if isinstance(name, str) else None
        if handler is None:
            return {"ok": False, "sentence": "The broker does not know this request."}
        try:
            return await handler(request)
        except KeyturnError as error:
            return {"ok": False, "sentence": str(error)}

    async def _status(self, _request: Mapping[str, JsonValue]) -> JsonObject:
        stopped = self._stop.engaged
        view = self._stop.view()
        waiting = [w for w in self._approvals.waiting() if w.state is State.PENDING]
        connections = self._live.connections()
        agents: list[JsonValue] = [*sorted({connection.agent for connection in connections})]
        return {
            "ok": True,
            "stopped": stopped,
            "since": view.facts.since_utc if view.facts is not None else None,
            "trigger": view.facts.trigger if view.facts is not None else None,
            "refused_since": view.refused_since,
            "waiting": len(waiting),
            "connections": len(connections),
            "agents": agents,
            "proposed_agents": [*sorted(self._registry.proposed_agents)],
            "access_overdue": self._overdue(),
            **self._facts,
        }

    async def _engage(self, request: Mapping[str, JsonValue]) -> JsonObject:
        reason = request.get("reason")
        why = reason[:LONGEST_REASON] if isinstance(reason, str) else ""
        facts = await self._stop.engage("command", why)
        return {"ok": True, "since": facts.since_utc}

    async def _raise(self, _request: Mapping[str, JsonValue]) -> JsonObject:
        return {"ok": self._raise_window()}

    async def _propose_server(self, request: Mapping[str, JsonValue]) -> JsonObject:
        name, words = request.get("name"), _texts(request.get("command", []))
        url, transport = request.get("url", ""), request.get("transport", "http")
        env, headers = _table(request.get("env", {})), _table(request.get("headers", {}))
        if not isinstance(name, str) or not name or words is None:
            raise ConfigurationError("A server needs a name, and a command or an address.")
        if env is None or headers is None:
            raise ConfigurationError("A server's environment and headers are tables of texts.")
        if not isinstance(url, str) or not isinstance(transport, str):
            raise ConfigurationError("A server's address and transport are texts.")
        environment = request.get("environment", "")
        await self._registry.propose_server(
            ServerConfig(
                name=name,
                command=words,
                url=url,
                transport=transport_of(transport),
                headers=headers,
                env=env,
                environment=environment if isinstance(environment, str) else "",
                cwd=CwdMode.HOME,
                cwd_path=self._home,
                confirmed=False,
            )
        )
        return {"ok": True}

    async def _propose_agent(self, request: Mapping[str, JsonValue]) -> JsonObject:
        name = request.get("name")
        if not isinstance(name, str):
            raise ConfigurationError("An agent needs a name.")
        rows = request.get("sees")
        texts = _texts(rows) if rows is not None else None
        if rows is not None and texts is None:
            raise ConfigurationError("What an agent is to see is a list of texts.")
        self._registry.propose_agent(name, checked_list(texts) if texts is not None else None)
        return {"ok": True}

    async def _propose_credential(self, request: Mapping[str, JsonValue]) -> JsonObject:
        server, name, value = (request.get(key) for key in ("server", "name", "value"))
        if not isinstance(server, str) or not isinstance(name, str) or not isinstance(value, str):
            raise ConfigurationError("A credential needs a server, a name and a value.")
        self._registry.propose_credential(server, name, Secret(value))
        return {"ok": True}

    async def _propose_rules(self, request: Mapping[str, JsonValue]) -> JsonObject:
        return {"ok": True, "proposed": self._rules.proposed.propose(request.get("rules"))}

    async def _propose_removal(self, request: Mapping[str, JsonValue]) -> JsonObject:
        name = request.get("name")
        self._registry.propose_removal(name if isinstance(name, str) else "")
        self._observers.changed(Topic.SERVERS)
        return {"ok": True}

    async def _revoke_agent(self, request: Mapping[str, JsonValue]) -> JsonObject:
        name = request.get("name")
        done = isinstance(name, str) and await self._registry.revoke(name, Actor.CLIENT)
        if not done:
            raise ConfigurationError(f"No agent is enrolled as {name!r}.")
        return {"ok": True}


def _table(value: JsonValue) -> dict[str, str] | None:
    """Return a table of texts as it is; None for anything else."""
    values = _texts(list(value.values())) if isinstance(value, dict) else None
    if not isinstance(value, dict) or values is None:
        return None
    return dict(zip(value, values, strict=True))


def _texts(value: JsonValue) -> tuple[str, ...] | None:
    """Return a list of texts as it is; None for anything else, which is not guessed at."""
    items = value if isinstance(value, list) else None
    texts = tuple(item for item in items or () if isinstance(item, str))
    return texts if items is not None and len(texts) == len(items) else None
