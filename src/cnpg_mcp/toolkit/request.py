"""What a tool call and the http request around it tell each other, by keys of the ASGI scope."""

from collections.abc import MutableMapping
from typing import Any

from fastmcp.server.dependencies import get_http_request

from cnpg_mcp.domain.caller import Scope
from cnpg_mcp.errors import ToolFailure
from cnpg_mcp.toolkit.registry import ToolSpec

REQUEST_ID = "cnpg_mcp.request_id"
"""The name of the request in logs and answers, where it has one."""
MISSING_SCOPES = "cnpg_mcp.missing_scopes"
"""A list for the scopes that the call lacks, where somebody wants to know."""


def http_scope() -> MutableMapping[str, Any]:
    """The ASGI scope of the present call; empty on stdio."""
    try:
        return get_http_request().scope
    except RuntimeError:
        return {}


def note_missing(failure: ToolFailure, spec: ToolSpec) -> None:
    """Notes the scope where tool and arguments alone ask for it.

    Not where the state of a cluster decides what is needed: asking for more rights is then no
    answer to the request as such.
    """
    if failure.needs is None or (spec.scope_by_state and failure.needs == Scope.WRITE):
        return
    noted = http_scope().get(MISSING_SCOPES)
    if noted is not None:
        noted.append(Scope(failure.needs))
