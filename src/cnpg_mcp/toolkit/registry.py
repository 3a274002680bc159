"""The registry: every tool is data plus a handler, declared once, the same for both servers."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from cnpg_mcp.domain.caller import Scope
from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.domain.results import Result
from cnpg_mcp.toolkit.schema import compact_schema, outline

Answer = Awaitable[Result] | AsyncIterator[Progress | Result]
Handler = Callable[..., Answer]
H = TypeVar("H", bound=Handler)
_ESTATE = "estate"


@dataclass(frozen=True)
class Hints:
    """What the tool does to the world (MCP tool annotations), all four always stated."""

    read_only: bool
    destructive: bool
    idempotent: bool
    open_world: bool = True


@dataclass(frozen=True)
class ToolSpec:
    """One tool: its contract, its handler, and how its result reads as text.

    `scope` is what its ordinary form needs; destructive forms need `cnpg:admin` to be applied.
    `scope_by_state`: which form a call has, the state of the cluster decides.
    """

    name: str
    title: str
    description: str
    hints: Hints
    scope: Scope
    handler: Handler
    arguments: type[BaseModel]
    result: type[Result]
    render: Callable[[Any], str]
    scope_by_state: bool = False

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        """JSON schema of the arguments."""
        return compact_schema(self.arguments)

    @cached_property
    def output_schema(self) -> dict[str, Any]:
        """JSON schema of the structured content."""
        return outline(compact_schema(self.result))


class Registry:
    """The tools by name, in the order in which they are listed.

    `renderers` tells for each kind of result how it reads as text.
    """

    def __init__(self, renderers: Mapping[type[Result], Callable[[Any], str]]) -> None:
        self._renderers = renderers
        self._specs: dict[str, ToolSpec] = {}

    @property
    def tools(self) -> Mapping[str, ToolSpec]:
        """The tools by name."""
        return dict(self._specs)

    def tool(
        self,
        *,
        title: str,
        scope: Scope,
        hints: Hints,
        result: type[Result],
        scope_by_state: bool = False,
    ) -> Callable[[H], H]:
        """Declares a handler as a tool; its docstring is the description, its types the schema."""

        def declare(handler: H) -> H:
            name = handler.__name__
            self._specs[name] = ToolSpec(
                name=name,
                title=title,
                description=inspect.cleandoc(handler.__doc__ or ""),
                hints=hints,
                scope=scope,
                handler=handler,
                arguments=_arguments(handler),
                result=result,
                render=self._renderers[result],
                scope_by_state=scope_by_state,
            )
            return handler

        return declare


def _arguments(handler: Handler) -> type[BaseModel]:
    """A model of the handler's parameters; anything else is refused."""
    hints = get_type_hints(handler, include_extras=True)
    fields: dict[str, Any] = {
        name: (hints[name], ... if parameter.default is parameter.empty else parameter.default)
        for name, parameter in inspect.signature(handler).parameters.items()
        if name != _ESTATE
    }
    config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    model: type[BaseModel] = create_model(
        f"{handler.__name__}_arguments", __config__=config, **fields
    )
    return model
