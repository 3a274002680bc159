"""Each request has one id, in its answer and for whoever works on it."""

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from cnpg_mcp.serving.requests import RequestId, current_request_id, new_request_id
from cnpg_mcp.toolkit.request import REQUEST_ID
from test.unit.serving.asgi import Answer, Echo, answer_with, ask, http_scope


class _Seen:
    """Keeps the ids under which it was called."""

    def __init__(self) -> None:
        self.ids: list[str | None] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0)
        self.ids.append(current_request_id())
        await answer_with(send)


async def _asked(*given: str) -> tuple[Answer, str | None]:
    app = _Seen()
    headers = [("X-Request-Id", value) for value in given]
    answer = await ask(RequestId(app, make=lambda: "made"), http_scope(headers=headers))
    return answer, app.ids[0]


async def test_request_without_id_is_given_one() -> None:
    answer, seen = await _asked()
    assert answer.headers["x-request-id"] == seen == "made"


@pytest.mark.parametrize("given", ["a", "A-1._z", "0" * 64])
async def test_id_of_the_client_is_kept(given: str) -> None:
    answer, seen = await _asked(given)
    assert answer.headers["x-request-id"] == seen == given


@pytest.mark.parametrize("given", ["", "a b", "a\n", "0" * 65, "ä", "a;b", "<b>", "a/b"])
async def test_id_that_could_forge_a_log_line_is_not_kept(given: str) -> None:
    answer, seen = await _asked(given)
    assert answer.headers["x-request-id"] == seen == "made"


async def test_id_that_comes_twice_is_not_kept() -> None:
    _, seen = await _asked("a", "b")
    assert seen == "made"


async def test_id_reaches_the_tools_in_the_scope() -> None:
    app = Echo()
    await ask(RequestId(app, make=lambda: "made"))
    assert app.scopes[0][REQUEST_ID] == "made"


async def test_requests_at_the_same_time_keep_their_own() -> None:
    app = _Seen()
    scopes = [http_scope(headers=[("X-Request-Id", str(number))]) for number in range(20)]
    answers = await asyncio.gather(*(ask(RequestId(app), scope) for scope in scopes))
    assert [answer.headers["x-request-id"] for answer in answers] == app.ids
    assert app.ids == [str(number) for number in range(20)]


async def test_id_of_the_app_does_not_come_beside_it() -> None:
    async def app(_: Any, __: Any, send: Any) -> None:
        headers = [(b"x-request-id", b"of the app")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    answer = await ask(RequestId(app, make=lambda: "made"))
    assert answer.headers.getlist("x-request-id") == ["made"]


async def test_other_scopes_pass() -> None:
    app = _Seen()
    await asyncio.create_task(ask(RequestId(app), {"type": "lifespan"}))
    assert app.ids == [None]


def test_ids_differ() -> None:
    assert len({new_request_id() for _ in range(100)}) == 100
