"""The tools, prompts and resources that the conformance suite looks for, by its own names.

They return what the suite's scenarios describe; all else is the server's.
"""

import base64
from typing import Annotated, Any

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.prompts import Message
from fastmcp.tools import Tool, ToolResult
from mcp_types import (
    AudioContent,
    Completion,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
)
from pydantic import Field

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8"
    "z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="
FIXTURE = "What the conformance suite looks for."
TEXT_AND_IMAGE = (
    TextContent(type="text", text="Multiple content types test:"),
    ImageContent(type="image", data=PNG, mime_type="image/png"),
)
SCHEMA_2020_12: dict[str, Any] = {
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
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


def add_contents(server: FastMCP) -> None:
    """Adds what the suite wants to read, call and complete."""
    for tool in (
        test_simple_text,
        test_image_content,
        test_audio_content,
        test_embedded_resource,
        test_multiple_content_types,
        test_tool_with_logging,
        test_tool_with_progress,
        test_error_handling,
        test_custom_header,
    ):
        server.tool(tool, description=FIXTURE)
    server.add_tool(
        _Preserved(name="json_schema_2020_12_tool", description=FIXTURE, parameters=SCHEMA_2020_12)
    )
    for prompt in (
        test_simple_prompt,
        test_prompt_with_arguments,
        test_prompt_with_embedded_resource,
        test_prompt_with_image,
    ):
        server.prompt(prompt, description=FIXTURE)
    server.resource("test://static-text", mime_type="text/plain")(static_text)
    server.resource("test://static-binary", mime_type="image/png")(static_binary)
    server.resource("test://template/{id}/data", mime_type="application/json")(template_data)
    server.completion(complete)


def test_simple_text() -> str:
    return "This is a simple text response for testing."


def test_image_content() -> ImageContent:
    return ImageContent(type="image", data=PNG, mime_type="image/png")


def test_audio_content() -> AudioContent:
    return AudioContent(type="audio", data=WAV, mime_type="audio/wav")


def test_embedded_resource() -> EmbeddedResource:
    return _embedded(
        "test://embedded-resource", "text/plain", "This is an embedded resource content."
    )


def test_multiple_content_types() -> ToolResult:
    data = _embedded("test://mixed-content-resource", "application/json", '{"test": "data"}')
    return ToolResult(content=[*TEXT_AND_IMAGE, data])


async def test_tool_with_logging(ctx: Context) -> str:
    for step in ("started", "processing data", "completed"):
        await ctx.info(f"Tool execution {step}")
    return "Logged three messages."


async def test_tool_with_progress(ctx: Context) -> str:
    for progress in (0, 50, 100):
        await ctx.report_progress(progress, 100)
    return "Reported progress three times."


def test_error_handling() -> str:
    raise ToolError("This tool intentionally returns an error for testing")


def test_custom_header(
    region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})],
) -> str:
    return region


class _Preserved(Tool):
    """A tool whose input schema no function could have."""

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        return ToolResult(content=str(sorted(arguments)))


def test_simple_prompt() -> str:
    return "This is a simple prompt for testing."


def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


def test_prompt_with_embedded_resource(resourceUri: str) -> list[Message]:  # noqa: N803
    text = "Embedded resource content for testing."
    return [
        Message(_embedded(resourceUri, "text/plain", text)),
        Message("Please process the embedded resource above."),
    ]


def test_prompt_with_image() -> list[Message]:
    image = ImageContent(type="image", data=PNG, mime_type="image/png")
    return [Message(image), Message("Please analyze the image above.")]


def static_text() -> str:
    return "This is the content of the static text resource."


def static_binary() -> bytes:
    return base64.b64decode(PNG)


def template_data(id: str) -> dict[str, Any]:  # noqa: A002 - the template's word
    return {"id": id, "templateTest": True, "data": f"Data for ID: {id}"}


def complete(reference: object, argument: object, context: object) -> Completion:
    return Completion(values=["paris", "park", "party"], total=3, has_more=False)


def _embedded(uri: str, mime_type: str, text: str) -> EmbeddedResource:
    resource = TextResourceContents(uri=uri, mime_type=mime_type, text=text)
    return EmbeddedResource(type="resource", resource=resource)
