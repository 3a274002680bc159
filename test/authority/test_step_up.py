"""When the lack of a scope is told as 403, and when the tool's own answer stays."""

from typing import Any

import httpx
import pytest
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

import cnpg_tools
from cnpg_mcp.auth.bearer import verified
from cnpg_mcp.domain.caller import Scope as Right
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.serving.step_up import StepUp
from cnpg_mcp.toolkit import request
from cnpg_mcp.toolkit.request import MISSING_SCOPES, note_missing

READ, WRITE, ADMIN = Right
METADATA = "https://host.example/.well-known/oauth-protected-resource/mcp"
ANSWER = "what the tool says"


Asked = tuple[str, ...] | None


async def answered(asked: Asked, *missing: Right, has_token: bool = True) -> httpx.Response:
    """What a client whose login asked for this is answered when a tool lacks these scopes."""

    async def tool(scope: Scope, receive: Receive, send: Send) -> None:
        scope.get(MISSING_SCOPES, []).extend(missing)
        await PlainTextResponse(ANSWER)(scope, receive, send)

    app = StepUp(tool, METADATA)

    async def signed_in(scope: Scope, receive: Receive, send: Send) -> None:
        if has_token:
            token = verified({"sub": "someone", "iss": "i"}, client_id="", asked=asked)
            scope["user"] = AuthenticatedUser(token)
        await app(scope, receive, send)

    transport = httpx.ASGITransport(signed_in)
    async with httpx.AsyncClient(transport=transport, base_url="http://host.example") as http:
        return await http.post("/mcp")


WAYS: dict[str, tuple[Asked, Right, bool]] = {
    "unknown": (None, ADMIN, True),
    "nothing": ((), READ, True),
    "less": (("openid", "cnpg:read"), WRITE, True),
    "just-that": (("cnpg:write",), WRITE, False),
    "more": (("cnpg:admin",), WRITE, False),
    "everything": (tuple(Right), ADMIN, False),
}


@pytest.mark.parametrize(("asked", "missing", "is_sent"), WAYS.values(), ids=WAYS)
async def test_client_is_sent_to_ask_only_for_what_its_login_has_not_asked_for(
    asked: Asked, missing: Right, is_sent: bool
) -> None:
    answer = await answered(asked, missing)
    assert (answer.status_code, answer.text == ANSWER) == ((403, False) if is_sent else (200, True))


@pytest.mark.parametrize(
    ("missing", "scope"),
    [
        (READ, "cnpg:read"),
        (WRITE, "cnpg:read cnpg:write"),
        (ADMIN, "cnpg:read cnpg:write cnpg:admin"),
    ],
)
async def test_all_scopes_up_to_the_missing_one_are_asked_for(missing: Right, scope: str) -> None:
    answer = await answered(None, missing)
    assert answer.json()["scope"] == scope
    assert f'scope="{scope}"' in answer.headers["www-authenticate"]
    assert f'resource_metadata="{METADATA}"' in answer.headers["www-authenticate"]
    assert int(answer.headers["content-length"]) == len(answer.content)


async def test_answer_stays_where_nothing_is_missing_or_nobody_signed_in() -> None:
    assert (await answered(None)).text == ANSWER
    assert (await answered(None, WRITE, has_token=False)).text == ANSWER


# What is noted


BY_STATE = "scale_postgres_cluster"
NOTED: dict[str, tuple[str, Right | None, list[Right]]] = {
    "write": ("create_postgres_role", WRITE, [WRITE]),
    "admin": ("delete_postgres_role", ADMIN, [ADMIN]),
    "read": ("list_postgres_roles", READ, [READ]),
    "other-reason": ("create_postgres_role", None, []),
    "write-by-state": (BY_STATE, WRITE, []),
    "admin-by-state": (BY_STATE, ADMIN, [ADMIN]),
    "read-by-state": (BY_STATE, READ, [READ]),
}


@pytest.mark.parametrize(("tool", "needs", "noted"), NOTED.values(), ids=NOTED)
def test_scope_is_noted_unless_the_state_of_the_cluster_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, tool: str, needs: Right | None, noted: list[Right]
) -> None:
    scope: dict[str, Any] = {MISSING_SCOPES: []}
    monkeypatch.setattr(request, "http_scope", lambda: scope)
    failure = ToolFailure(ErrorCode.INSUFFICIENT_SCOPE, "no", "ask", needs=needs)
    note_missing(failure, cnpg_tools.REGISTRY.tools[tool])
    assert scope[MISSING_SCOPES] == noted


def test_state_decides_for_scaling_alone() -> None:
    tools = cnpg_tools.REGISTRY.tools
    assert [name for name, spec in tools.items() if spec.scope_by_state] == [BY_STATE]
