"""Calls as agents may spell them: generated JSON text, and what becomes of each.

A call is refused, or what is shown of it, what the server gets and what another reader makes of the
agent's own text are one and the same (security-cases.md item 9).
"""

import json
import random
from collections.abc import Iterable
from typing import Any

from keyturn.application.call import Forwarded, IncomingCall
from keyturn.application.connection import Connection
from keyturn.broker.envelope import BadFrame, read_client, strict_params
from keyturn.domain.canonical import Malformed, canonical
from keyturn.domain.configuration import ToolSetting
from keyturn.domain.tier import Tier
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.factories import make_connection, make_server, make_tool
from tests.sources import ROOT
from tests.unit.application.gate_world import World

_CARDS = CardBuilder(
    Words(ROOT / "resources" / "translations"), read_verbs(ROOT / "resources" / "verbs.toml")
)
TOOL = make_tool("send", inputSchema={"type": "object"})
_TEXTS = (
    *(
        "",
        "a",
        "to",
        "Tarn é",
        "שלום",
        "👩\u200d👩\u200d👧",
        "\u202eevil",
        "a\u200bb",
        "\U000e0041",
    ),
    *("\t\n", '"\\/', "x" * 300, "\x00"),
)
_NUMBERS = (
    *("0", "-0", "-0.0", "1", "1.0", "1e2", "1E+2", "1e-7", "0.1", "1e400", "-1e400", "1" * 30),
    *("9007199254740993", "1.7976931348623157e308", "5e-324", "1e-400"),
    *("NaN", "Infinity", "01", "+1", ".5", "1."),
)
_KEYS = ("a", "to", "A", "é", "e\u0301", "", "__proto__", "ＡＢ", "a\u0000", "ſ")
_SPACES = ("", "", "", " ", "\n", "\r\n", "\t ", "\ufeff", "\u00a0")


def one_text(dice: random.Random, depth: int = 0) -> str:
    """Make up the text of a value, now and then one that is no JSON or can be read in two ways."""
    make = dice.choice((_string, _string, _number, _word, _list, _object, _object))
    text = make(dice, depth) if depth < 5 else _string(dice, depth)
    return f"{_space(dice)}{text}{_space(dice)}"


def arguments_text(dice: random.Random) -> str:
    """Make up the text of a call's arguments, which are an object mostly."""
    return _object(dice, 0) if dice.random() < 0.95 else one_text(dice)


def connected(world: World) -> "Connecting":
    """Return what connects an agent to a server with one tool, whose calls are asked about."""
    server = make_server(tools=(ToolSetting(pattern="*", tier=Tier.T1),))
    return Connecting(world, make_connection(server=server))


class Connecting:
    """A connection, once it is there."""

    def __init__(self, world: World, connection: Connection) -> None:
        self.world = world
        self.connection = connection
        self.asked = 0

    async def begin(self) -> "Connecting":
        """List the tool."""
        self.connection = await self.world.connect(self.connection, TOOL)
        return self

    async def send(self, text: str, number: int) -> str:
        """Send one call and allow it; return what is wrong, "refused", or "sent"."""
        line = (
            f'{{"jsonrpc":"2.0","id":{number},"method":"tools/call",'
            f'"params":{{"name":"send","arguments":{text}}}}}\n'
        ).encode("utf-8", "surrogatepass")
        frame = read_client(line)
        if isinstance(frame, BadFrame):
            return "refused"
        params = strict_params(frame)
        if isinstance(params, Malformed) or not isinstance(params.get("arguments"), dict):
            return "refused"
        return await self._through_the_gate(text, params, number)

    async def _through_the_gate(self, text: str, params: Any, number: int) -> str:
        world, arrived = self.world, len(self.world.server.arrivals)
        call = IncomingCall(
            id=f"call-{number}", connection=self.connection, request_id=number, params=params
        )
        task = world.start(call)
        self.asked += 1
        request = await world.asked(self.asked)
        card = _CARDS.card(request)
        world.answer(request, allow=True)
        if not isinstance(await task, Forwarded):
            return "allowed and not sent"
        (arrival,) = world.server.arrivals[arrived:]
        return _differences(text, card.raw_json, arrival.params["arguments"]) or "sent"


def _differences(text: str, shown: str, executed: Any) -> str:
    """Say in what the three differ; empty where they are one."""
    if shown.encode() != canonical(executed):
        return "what was shown is not what the server got"
    try:
        said = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except ValueError as fault:
        return f"another reader does not take the agent's text: {fault}"
    if canonical(json.loads(shown)) != canonical(said):
        return "what was shown is not what the agent said"
    return ""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _space(dice: random.Random) -> str:
    return dice.choice(_SPACES) if dice.random() < 0.15 else ""


def _string(dice: random.Random, _depth: int) -> str:
    return _spelt(dice, dice.choice(_TEXTS))


def _spelt(dice: random.Random, text: str) -> str:
    """Write a text with each character plain, escaped, or (rarely) as it may not stand."""
    return '"' + "".join(_character(dice, one) for one in text) + '"'


def _character(dice: random.Random, one: str) -> str:
    units = one.encode("utf-16-be")
    escaped = "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
    if dice.random() < 0.01:
        return dice.choice(("\\ud83d", "\\x41", "\\", one.upper(), "\ud800"))
    if one in '"\\' or ord(one) < 0x20:
        return escaped if dice.random() < 0.97 else one
    return escaped if dice.random() < 0.2 else one


def _number(dice: random.Random, _depth: int) -> str:
    return dice.choice(_NUMBERS) if dice.random() < 0.5 else str(dice.randint(-(10**6), 10**6))


def _word(dice: random.Random, _depth: int) -> str:
    return dice.choice(("true", "false", "null", "true", "false", "null", "True", "undefined"))


def _list(dice: random.Random, depth: int) -> str:
    return f"[{_joined(dice, (one_text(dice, depth + 1) for _ in range(dice.randint(0, 4))))}]"


def _object(dice: random.Random, depth: int) -> str:
    def member() -> str:
        key = _spelt(
            dice, dice.choice(_KEYS) + (str(dice.randint(0, 99)) if dice.random() < 0.8 else "")
        )
        return f"{key}:{one_text(dice, depth + 1)}"

    return f"{{{_joined(dice, (member() for _ in range(dice.randint(0, 4))))}}}"


def _joined(dice: random.Random, parts: Iterable[str]) -> str:
    text = ",".join(parts)
    return text + "," if dice.random() < 0.01 else text
