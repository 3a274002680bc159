"""The tools and the prompt with which the conformance suite tries a server that asks back.

On 2026-07-28 a server asks by answering ``input_required``; the client calls again with answers.
"""

from collections.abc import Callable
from typing import Any

from fastmcp import Context, FastMCP
from mcp.shared.exceptions import MCPError
from mcp_types import InputRequiredResult
from mcp_types.jsonrpc import MISSING_REQUIRED_CLIENT_CAPABILITY

from test.clients.suite_contents import FIXTURE

PREFIX = "test_input_required_result"
"""What the suite's names begin with."""


def add_questions(server: FastMCP) -> None:
    """Adds everything that answers with a question first."""
    for name, asks, state in (
        ("elicitation", {"user_name": _form("What is your name?", name="string")}, None),
        ("sampling", {"capital_question": _sample("What is the capital of France?")}, None),
        ("list_roots", {"client_roots": _ROOTS}, None),
        ("request_state", {"confirm": _form("Please confirm", ok="boolean")}, "asked"),
        ("tampered_state", {"confirm": _form("Please confirm", ok="boolean")}, "asked"),
        ("multiple_inputs", _ONE_OF_EACH, "asked"),
    ):
        server.tool(_asks_once(asks, state), name=f"{PREFIX}_{name}", description=FIXTURE)
    server.tool(_asks_twice, name=f"{PREFIX}_multi_round", description=FIXTURE)
    server.tool(_asks_what_the_client_can, name=f"{PREFIX}_capabilities", description=FIXTURE)
    server.tool(_needs_sampling, name="test_missing_capability", description=FIXTURE)
    server.prompt(_prompt, name=f"{PREFIX}_prompt", description=FIXTURE)


def _form(message: str, **types: str) -> dict[str, Any]:
    properties = {name: {"type": kind} for name, kind in types.items()}
    schema = {"type": "object", "properties": properties, "required": list(types)}
    return {
        "method": "elicitation/create",
        "params": {"message": message, "requestedSchema": schema},
    }


def _sample(question: str) -> dict[str, Any]:
    message = {"role": "user", "content": {"type": "text", "text": question}}
    return {
        "method": "sampling/createMessage",
        "params": {"messages": [message], "maxTokens": 100},
    }


_ROOTS: dict[str, Any] = {"method": "roots/list", "params": {}}
_ONE_OF_EACH = {
    "user_name": _form("What is your name?", name="string"),
    "greeting": _sample("Generate a greeting"),
    "client_roots": _ROOTS,
}


def _question(asks: dict[str, Any], state: str | None = None) -> InputRequiredResult:
    return InputRequiredResult.model_validate({"inputRequests": asks, "requestState": state})


def _asks_once(
    asks: dict[str, Any], state: str | None
) -> Callable[[Context], str | InputRequiredResult]:
    def tool(ctx: Context) -> str | InputRequiredResult:
        answers = ctx.input_responses or {}
        if not asks.keys() <= answers.keys() or ctx.request_state != state:
            return _question(asks, state)
        return f"state-ok: {[answers[name].model_dump_json() for name in asks]}"

    return tool


def _asks_twice(ctx: Context) -> str | InputRequiredResult:
    if not ctx.input_responses or ctx.request_state is None:
        return _question({"step1": _form("Step 1: What is your name?", name="string")}, "one")
    if ctx.request_state == "one":
        return _question({"step2": _form("Step 2: Favorite color?", color="string")}, "two")
    return "Asked twice."


def _asks_what_the_client_can(ctx: Context) -> str | InputRequiredResult:
    able = ctx.session.client_capabilities
    asks = {
        "greeting": _sample("Generate a greeting") if able and able.sampling else None,
        "user_name": _form("Your name?", name="string") if able and able.elicitation else None,
    }
    return _question({name: ask for name, ask in asks.items() if ask})


def _needs_sampling(ctx: Context) -> str:
    able = ctx.session.client_capabilities
    if able is None or able.sampling is None:
        missing = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "Needs a client that samples.", missing)
    return "The client can sample."


def _prompt(ctx: Context) -> str | InputRequiredResult:
    if not ctx.input_responses:
        return _question({"user_context": _form("Which context?", context="string")})
    return "A prompt with the context that was asked for."
