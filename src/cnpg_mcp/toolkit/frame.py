"""From a registered tool to an MCP tool: validate, call the handler, shape the answer."""

import logging
import re
from collections.abc import AsyncIterator
from typing import Any

from fastmcp import FastMCP
from fastmcp.server.dependencies import get_context
from fastmcp.tools.base import Tool, ToolResult
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import PrivateAttr, ValidationError

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.outcomes import Write
from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.results import Result
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.kube.errors import KubeError
from cnpg_mcp.toolkit.record import Observer, Record, observe_nothing
from cnpg_mcp.toolkit.registry import Registry, ToolSpec
from cnpg_mcp.toolkit.request import note_missing
from cnpg_mcp.toolkit.text.plans import plan
from cnpg_mcp.toolkit.translate import explain, explain_arguments

_PATH = re.compile(r"[\w.\[\]/-]{0,120}", re.ASCII)
_log = logging.getLogger(__name__)


class RegisteredTool(Tool):
    """One tool of the registry, bound to an estate."""

    _spec: ToolSpec = PrivateAttr()
    _estate: Estate = PrivateAttr()
    _observe: Observer = PrivateAttr()

    @classmethod
    def of(cls, spec: ToolSpec, estate: Estate, observe: Observer) -> "RegisteredTool":
        """The MCP tool for a spec."""
        hints = spec.hints
        tool = cls(
            name=spec.name,
            title=spec.title,
            description=spec.description,
            parameters=spec.input_schema,
            output_schema=spec.output_schema,
            annotations=ToolAnnotations(
                read_only_hint=hints.read_only,
                destructive_hint=hints.destructive,
                idempotent_hint=hints.idempotent,
                open_world_hint=hints.open_world,
            ),
        )
        tool._spec, tool._estate, tool._observe = spec, estate, observe
        return tool

    def get_meta(self) -> dict[str, Any]:
        """Nothing: FastMCP's empty tags only cost tokens."""
        return {}

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        """Answers one call; every failure becomes a tool error with a code and a next step."""
        known = self._spec.arguments.model_fields
        record = Record.open(self._estate, self.name, arguments, known, self._observe)
        try:
            record.estate = await record.estate.admitted()
            result = await self._answer(record.estate, arguments)
            record.outcome = str(getattr(result, "outcome", "read"))
            return _success(self._spec, result)
        except ToolFailure as failure:
            return self._refused(record, failure)
        except KubeError as error:
            return self._refused(record, explain(error))
        except Exception:  # noqa: BLE001 - the one place where anything becomes `internal`
            return self._refused(record, _unexpected(self.name, record.request_id))
        finally:
            await record.close()

    def _refused(self, record: Record, failure: ToolFailure) -> ToolResult:
        record.outcome, record.error = "refused", failure.code
        note_missing(failure, self._spec)
        return _error(failure, self._spec)

    async def _answer(self, estate: Estate, arguments: dict[str, Any]) -> Result:
        spec = self._spec
        try:
            parsed = spec.arguments.model_validate(arguments)
        except ValidationError as error:
            raise explain_arguments(error, spec.arguments) from None
        values = {name: getattr(parsed, name) for name in spec.arguments.model_fields}
        answer = spec.handler(estate, **values)
        if isinstance(answer, AsyncIterator):
            return await _follow(answer)
        return await answer


def register_all(
    registry: Registry, server: FastMCP, estate: Estate, observe: Observer = observe_nothing
) -> None:
    """Adds every tool of the registry to a server; `observe` is told of every call."""
    for spec in registry.tools.values():
        server.add_tool(RegisteredTool.of(spec, estate, observe))


async def _follow(steps: AsyncIterator[Progress | Result]) -> Result:
    """Passes progress on to the client, and returns the result that comes last."""
    async for step in steps:
        if isinstance(step, Result):
            return step
        await get_context().report_progress(step.waited, step.allowed, step.message)
    raise AssertionError("an operation yields its result last")


def _success(spec: ToolSpec, result: Result) -> ToolResult:
    # Constructed without validation: what was just dumped would be dumped once more.
    return ToolResult.model_construct(
        content=[TextContent(type="text", text=spec.render(result))],
        structured_content=result.model_dump(mode="json", exclude_none=True),
    )


def _error(failure: ToolFailure, spec: ToolSpec) -> ToolResult:
    """The failure as text and, for programs, in `_meta` (never as structured content)."""
    fields = [{"field": item.field, "message": item.message} for item in failure.fields]
    told = [item for item in failure.fields if item.message != failure.message]
    only = failure.fields[0].field if len(failure.fields) == 1 and not told else ""
    lines = [f"{failure.code}: {_shown(only) + ': ' if only else ''}{failure.message}"]
    lines += [f"- {_shown(item.field) or 'object'}: {item.message}" for item in told]
    lines.append(f"Next: {failure.next_step}")
    data: dict[str, Any] = {
        "code": failure.code.value,
        "message": failure.message,
        "next_step": failure.next_step,
    }
    if fields:
        data["fields"] = fields
    if isinstance(failure.shown, Write):
        is_own = isinstance(failure.shown, spec.result)
        lines.append((spec.render if is_own else plan)(failure.shown))
        key = "result" if is_own else "plan"
        data[key] = failure.shown.model_dump(mode="json", exclude_none=True)
    return ToolResult.from_mcp_result(
        CallToolResult(
            content=[TextContent(type="text", text="\n".join(lines))],
            is_error=True,
            _meta={"cnpg-mcp.io/error": data},
        )
    )


def _shown(field: str) -> str:
    """A field's path as it is, or quoted where a caller could have put text into it."""
    return field if _PATH.fullmatch(field) else quoted(field, 80)


def _unexpected(tool: str, request_id: str) -> ToolFailure:
    """What the caller may know of a defect; the trace goes to the log alone."""
    _log.exception("unexpected failure in %s, request %s", tool, request_id)
    return ToolFailure(
        ErrorCode.INTERNAL,
        f"An unexpected failure in this server (request {request_id}).",
        "Report it with the request id; the server's log has the details.",
    )
