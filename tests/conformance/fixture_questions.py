"""Owns what the fixture server asks of the client's side, in both eras.

Up to 2025-11-25 a server sends requests of its own; from 2026-07-28 it answers that it needs input,
and the client calls again with the answers. Names and texts are the suite's.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

from mcp import types
from mcp.server.mcpserver import Context, MCPServer
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel, Field, create_model

from tests.conformance.fixture_contents import Tools, text, user

Needed = types.InputRequiredResult

# ---------------------------------------------------------------- requests of the server's own


class Reply(BaseModel):
    """A form of one field."""

    response: str = Field(description="User's response")


def _choice(description: str, kind: Any = str, **schema: Any) -> Any:
    return kind, Field(description=description, json_schema_extra=schema)


def _titled(**titles: str) -> list[dict[str, str]]:
    return [{"const": value, "title": title} for value, title in titles.items()]


_STATUS = ["active", "inactive", "pending"]
Defaults = create_model(
    "Defaults",
    name=(str, "John Doe"),
    age=(int, 30),
    score=(float, 95.5),
    status=(str, Field(default="active", json_schema_extra={"enum": [*_STATUS]})),
    verified=(bool, True),
)
_RIGHTS = {"type": "string", "enum": ["read", "write", "execute"]}
_LEVELS = _titled(low="Low Priority", medium="Medium Priority", high="High Priority")
_KINDS = {"anyOf": _titled(feature="New Feature", bug="Bug Fix", docs="Documentation")}
_SIZES: dict[str, Any] = {
    "enum": ["small", "medium", "large"],
    "enumNames": ["Small Size", "Medium Size", "Large Size"],
}
Enums = create_model(
    "Enums",
    untitledSingle=_choice("plain", enum=_STATUS),
    titledSingle=_choice("titled", oneOf=_LEVELS),
    untitledMulti=_choice("plain list", list[str], items=_RIGHTS),
    titledMulti=_choice("titled list", list[str], items=_KINDS),
    legacyEnum=_choice("old style", **_SIZES),
)


async def _sampling(prompt: str, ctx: Context) -> str:
    got = await ctx.session.create_message(  # pyright: ignore[reportDeprecated]  # still had
        messages=[types.SamplingMessage(role="user", content=text(prompt))],
        max_tokens=100,
        related_request_id=ctx.request_id,
    )
    return f"LLM response: {getattr(got.content, 'text', '')}"


async def _form(ctx: Context, message: str, model: type[BaseModel], opening: str) -> str:
    got = await ctx.elicit(message=message, schema=model)
    content = got.data.model_dump_json() if got.action == "accept" else "{}"
    return f"{opening}: action={got.action}, content={content}"


async def _eliciting(message: str, ctx: Context) -> str:
    return await _form(ctx, message, Reply, "User response")


async def _eliciting_defaults(ctx: Context) -> str:
    message = "Please provide user information"
    return await _form(ctx, message, Defaults, "Elicitation result")


async def _eliciting_enums(ctx: Context) -> str:
    return await _form(ctx, "Please select values", Enums, "Elicitation completed")


# ---------------------------------------------------------------- input that is required

_ROUNDS = "test_input_required_result_"


def _ask_form(message: str, **fields: Literal["string", "boolean"]) -> types.InputRequest:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in fields.items()},
        "required": list(fields),
    }
    params = types.ElicitRequestFormParams(message=message, requested_schema=schema)
    return types.ElicitRequest(params=params)


def _ask_model(words: str, tokens: int = 100) -> types.InputRequest:
    turn = types.SamplingMessage(role="user", content=text(words))
    params = types.CreateMessageRequestParams(messages=[turn], max_tokens=tokens)
    return types.CreateMessageRequest(params=params)


def _needs(state: str | None = None, **wanted: types.InputRequest) -> Needed:
    if state is None:
        return Needed(input_requests=wanted)
    return Needed(input_requests=wanted, request_state=state)


def _answers(ctx: Context) -> Mapping[str, Any]:
    return ctx.input_responses or {}


def _field(answer: Any, name: str) -> Any:
    return (answer.content or {}).get(name) if isinstance(answer, types.ElicitResult) else None


async def _needs_form(ctx: Context) -> str | Needed:
    got = _answers(ctx).get("user_name")
    if got:
        return f"Hello, {_field(got, 'name')}!"
    return _needs(user_name=_ask_form("What is your name?", name="string"))


async def _needs_model(ctx: Context) -> str | Needed:
    got = _answers(ctx).get("capital_question")
    if got:
        return f"Model said: {getattr(got.content, 'text', '')}"
    return _needs(capital_question=_ask_model("What is the capital of France?"))


async def _needs_roots(ctx: Context) -> str | Needed:
    got = _answers(ctx).get("client_roots")
    return f"{len(got.roots)} root(s)" if got else _needs(client_roots=types.ListRootsRequest())


async def _needs_state(ctx: Context) -> str | Needed:
    if "confirm" in _answers(ctx) and ctx.request_state == "nonce":
        return "state-ok: confirmed"
    return _needs("nonce", confirm=_ask_form("Please confirm", ok="boolean"))


async def _needs_three(ctx: Context) -> str | Needed:
    if {"user_name", "greeting", "client_roots"} <= set(_answers(ctx)):
        return "All inputs received."
    return _needs(
        "three",
        user_name=_ask_form("What is your name?", name="string"),
        greeting=_ask_model("Generate a greeting", 50),
        client_roots=types.ListRootsRequest(),
    )


async def _needs_two_rounds(ctx: Context) -> str | Needed:
    at = json.loads(ctx.request_state or '{"step": 0}')
    got = _answers(ctx)
    if at["step"] == 1 and "step1" in got:
        state = json.dumps({"step": 2, "who": _field(got["step1"], "name")})
        colour = _ask_form("Step 2: What is your favorite color?", color="string")
        return _needs(state, step2=colour)
    if at["step"] == 2 and "step2" in got:
        return f"{at['who']} likes {_field(got['step2'], 'color')}."
    return _needs('{"step": 1}', step1=_ask_form("Step 1: What is your name?", name="string"))


async def _needs_its_own_state(ctx: Context) -> str | Needed:
    # The SDK refuses a state that it did not seal.
    if ctx.request_state is not None:
        return "state-ok"
    return _needs("sealed", confirm=_ask_form("Please confirm", ok="boolean"))


async def _needs_what_is_declared(ctx: Context) -> Needed:
    declared = ctx.client_capabilities
    wanted: dict[str, types.InputRequest] = {}
    if declared is None or declared.sampling is not None:
        wanted["sample"] = _ask_model("Say hello", 50)
    if declared is None or declared.elicitation is not None:
        wanted["ask"] = _ask_form("What is your name?", name="string")
    return _needs("gated", **wanted)


async def _insists(ctx: Context) -> str:
    declared = ctx.session.client_capabilities
    if declared is None or declared.sampling is None:
        raise MCPError(
            code=types.MISSING_REQUIRED_CLIENT_CAPABILITY,
            message="sampling is required",
            data={"requiredCapabilities": {"sampling": {}}},
        )
    return "declared"


async def _prompt_that_asks(ctx: Context) -> list[Any] | Needed:
    got = _answers(ctx).get("user_context")
    if got:
        return user(text(f"Use the following context: {_field(got, 'context')}"))
    return _needs(user_context=_ask_form("What context should the prompt use?", context="string"))


TOOLS: Tools = {
    "test_sampling": (_sampling, "asks the client's model"),
    "test_elicitation": (_eliciting, "asks the user"),
    "test_elicitation_sep1034_defaults": (_eliciting_defaults, "a form with defaults"),
    "test_elicitation_sep1330_enums": (_eliciting_enums, "a form with every kind of choice"),
    _ROUNDS + "elicitation": (_needs_form, "one form"),
    _ROUNDS + "sampling": (_needs_model, "one turn of the model"),
    _ROUNDS + "list_roots": (_needs_roots, "one question for roots"),
    _ROUNDS + "request_state": (_needs_state, "a state that must come back"),
    _ROUNDS + "multiple_inputs": (_needs_three, "three questions at once"),
    _ROUNDS + "multi_round": (_needs_two_rounds, "two questions in a row"),
    _ROUNDS + "tampered_state": (_needs_its_own_state, "refuses a state that was altered"),
    _ROUNDS + "capabilities": (_needs_what_is_declared, "asks what the client can answer"),
    "test_missing_capability": (_insists, "insists on sampling"),
}


def put_questions(server: MCPServer[Any]) -> None:
    """Register the prompt that asks."""
    server.prompt(_ROUNDS + "prompt", description="asks first")(_prompt_that_asks)
