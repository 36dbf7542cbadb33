"""Owns what the fixture server answers without asking anybody: contents, steps, prompts, resources.

Names and most texts are fixed by the official conformance suite, which looks for them.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from mcp import types
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.prompts.base import Prompt, UserMessage
from pydantic import Field

STEP_SECONDS = 0.05
"""Between two notifications, so that a client can tell a stream from an answer."""
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SILENCE = (
    b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"
    b"\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00"
)
"""The head of a sound of no length."""

Tools = Mapping[str, tuple[Callable[..., Any], str]]
"""By name: what runs, and the description."""


def text(words: str) -> types.TextContent:
    """Return a text block."""
    return types.TextContent(type="text", text=words)


def inline(uri: str, words: str, mime: str = "text/plain") -> types.EmbeddedResource:
    """Return an embedded resource."""
    contents = types.TextResourceContents(uri=uri, mime_type=mime, text=words)
    return types.EmbeddedResource(type="resource", resource=contents)


def picture() -> types.ImageContent:
    """Return a picture of one pixel."""
    data = base64.b64encode(PIXEL).decode()
    return types.ImageContent(type="image", data=data, mime_type="image/png")


def user(*parts: types.TextContent | types.ImageContent | types.EmbeddedResource) -> list[Any]:
    """Return prompt messages of the user's, one a part."""
    return [UserMessage(role="user", content=part) for part in parts]


# ---------------------------------------------------------------- tools


def _simple() -> str:
    return "This is a simple text response for testing."


def _image() -> list[types.ImageContent]:
    return [picture()]


def _audio() -> list[types.AudioContent]:
    data = base64.b64encode(SILENCE).decode()
    return [types.AudioContent(type="audio", data=data, mime_type="audio/wav")]


def _embedded() -> list[types.EmbeddedResource]:
    return [inline("test://embedded-resource", "This is an embedded resource content.")]


def _mixed() -> list[types.TextContent | types.ImageContent | types.EmbeddedResource]:
    data = inline(
        "test://mixed-content-resource", '{"test": "data", "value": 123}', "application/json"
    )
    return [text("Multiple content types test:"), picture(), data]


def _failing() -> str:
    raise RuntimeError("This tool intentionally returns an error for testing")


def _mirrored(
    region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})] = "none",
) -> str:
    return f"region={region}"


def _nothing() -> str:
    return "ok"


async def _say(ctx: Context, line: str) -> None:
    await ctx.info(line)  # pyright: ignore[reportDeprecated]  # clients still have it


async def _logging(ctx: Context) -> str:
    for line in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await _say(ctx, line)
        await asyncio.sleep(STEP_SECONDS)
    return "logged"


async def _progressing(ctx: Context) -> str:
    for done in (0, 50, 100):
        await ctx.report_progress(progress=done, total=100, message=f"Completed step {done} of 100")
        await asyncio.sleep(STEP_SECONDS)
    return "progressed"


async def _reconnected(ctx: Context) -> str:
    await _say(ctx, "before")
    await ctx.close_sse_stream()
    await asyncio.sleep(4 * STEP_SECONDS)
    await _say(ctx, "after")
    return "Reconnection test completed"


async def _tools_changed(ctx: Context) -> str:
    ctx.mcp_server.add_tool(_nothing, name="test_dynamic_tool", description="short-lived")
    ctx.mcp_server.remove_tool("test_dynamic_tool")
    await ctx.notify_tools_changed()
    return "announced"


async def _prompts_changed(ctx: Context) -> str:
    prompt = Prompt.from_function(_nothing, name="test_dynamic_prompt", description="short-lived")
    ctx.mcp_server.add_prompt(prompt)
    ctx.mcp_server.remove_prompt("test_dynamic_prompt")
    await ctx.notify_prompts_changed()
    return "announced"


SCHEMA_TOOL = "json_schema_2020_12_tool"
TOOLS: Tools = {
    "test_simple_text": (_simple, "one text block"),
    "test_image_content": (_image, "one image block"),
    "test_audio_content": (_audio, "one audio block"),
    "test_embedded_resource": (_embedded, "one embedded resource"),
    "test_multiple_content_types": (_mixed, "text, image and resource together"),
    "test_error_handling": (_failing, "always fails"),
    "test_x_mcp_header": (_mirrored, "an argument that goes into a header too"),
    "test_tool_with_logging": (_logging, "three log lines"),
    "test_tool_with_progress": (_progressing, "three steps of progress"),
    "test_reconnection": (_reconnected, "drops its stream in the middle of the call"),
    "test_trigger_tool_change": (_tools_changed, "announces a changed list of tools"),
    "test_trigger_prompt_change": (_prompts_changed, "announces a changed list of prompts"),
    SCHEMA_TOOL: (_nothing, "its schema's keywords must survive the trip"),
}

_BY_PHONE = {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": _BY_PHONE,
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
"""Of SCHEMA_TOOL."""

# ---------------------------------------------------------------- resources and prompts


def _static() -> str:
    return "This is the content of the static text resource."


def _watched() -> str:
    return "Watched resource content"


def _binary() -> bytes:
    return PIXEL


def _template(id: str) -> str:
    return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


def _prompt() -> list[Any]:
    return user(text("This is a simple prompt for testing."))


def _prompt_of(arg1: str, arg2: str) -> list[Any]:
    return user(text(f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"))


def _prompt_with(resourceUri: str) -> list[Any]:  # noqa: N803  the suite's name of the argument
    data = inline(resourceUri, "Embedded resource content for testing.")
    return user(data, text("Please process it."))


def _prompt_of_picture() -> list[Any]:
    return user(picture(), text("Please analyze the image above."))


async def _complete(
    ref: types.PromptReference | types.ResourceTemplateReference,
    argument: types.CompletionArgument,
    context: types.CompletionContext | None,
) -> types.Completion:
    return types.Completion(values=[], total=0, has_more=False)


def put_contents(server: MCPServer[Any]) -> None:
    """Register the resources, the prompts and the completion."""
    server.resource("test://static-text")(_static)
    server.resource("test://watched-resource")(_watched)
    server.resource("test://static-binary")(_binary)
    server.resource("test://template/{id}/data")(_template)
    server.prompt("test_simple_prompt", description="no arguments")(_prompt)
    server.prompt("test_prompt_with_arguments", description="two arguments")(_prompt_of)
    server.prompt("test_prompt_with_embedded_resource", description="a resource")(_prompt_with)
    server.prompt("test_prompt_with_image", description="a picture")(_prompt_of_picture)
    server.completion()(_complete)
