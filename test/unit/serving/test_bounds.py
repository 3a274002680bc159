"""Requests that cost more to look at than an honest one does are refused before the app."""

import asyncio
import json
import time
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnpg_mcp.serving.bounds import BodyBounds, HeaderBounds, is_deeper
from test.unit.serving.asgi import Answer, Echo, ask, body_of, http_scope, served, until

ONCE = (
    "Authorization",
    "Content-Length",
    "Content-Type",
    "Host",
    "Mcp-Method",
    "Mcp-Name",
    "MCP-Protocol-Version",
    "Origin",
)


async def _send(*parts: bytes, headers: Any = (), **bounds: Any) -> tuple[Answer, Echo]:
    app = Echo()
    answer = await ask(BodyBounds(app, **bounds), http_scope(headers=headers), body_of(*parts))
    return answer, app


async def test_body_in_parts_reaches_the_app_whole() -> None:
    answer, _ = await _send(b'{"a":', b" 1", b"}")
    assert (answer.status, answer.body) == (200, b'{"a": 1}')


async def test_app_hears_of_a_hang_up_after_the_body() -> None:
    heard = []

    async def app(_: Any, receive: Any, __: Any) -> None:
        heard.extend([await receive(), await receive()])

    await ask(BodyBounds(app), receive=body_of(b"{}"))
    assert [message["type"] for message in heard] == ["http.request", "http.disconnect"]


@pytest.mark.parametrize("size", [100, 99, 0])
async def test_body_of_the_largest_size_passes(size: int) -> None:
    answer, _ = await _send(b"x" * size, max_bytes=100)
    assert answer.status == 200


async def test_announced_body_that_is_too_large_is_refused_unread() -> None:
    async def receive() -> Any:
        pytest.fail("the body was read")

    app = Echo()
    scope = http_scope(headers=[("Content-Length", "101")])
    answer = await ask(BodyBounds(app, max_bytes=100), scope, receive)
    assert answer.status == 413
    assert answer.json["error"] == "request_too_large"
    assert not app.scopes


async def test_streamed_body_is_refused_where_it_becomes_too_large() -> None:
    parts = iter([b"x" * 60, b"x" * 60])

    async def receive() -> Any:
        return {"type": "http.request", "body": next(parts), "more_body": True}

    app = Echo()
    answer = await ask(BodyBounds(app, max_bytes=100), http_scope(), receive)
    assert answer.status == 413
    assert not app.scopes


async def test_body_longer_than_it_was_announced_is_refused() -> None:
    answer, app = await _send(b"x" * 101, headers=[("Content-Length", "5")], max_bytes=100)
    assert answer.status == 413
    assert not app.scopes


@pytest.mark.parametrize("length", ["-1", "1e3", "", "0x10", "9" * 5000])
async def test_odd_content_length_is_refused(length: str) -> None:
    answer, app = await _send(b"{}", headers=[("Content-Length", length)])
    assert answer.status in {400, 413}
    assert not app.scopes


@pytest.mark.parametrize("body", [b'{"a":"\xff"}', '{"a":1}'.encode("utf-16"), b"\x00[\x00]"])
async def test_body_that_is_not_utf8_is_refused(body: bytes) -> None:
    answer, app = await _send(body)
    assert answer.status == 400
    assert answer.json["error"] == "invalid_request"
    assert not app.scopes


async def test_other_scripts_pass() -> None:
    answer, _ = await _send('{"name":"ž日本"}'.encode())
    assert answer.status == 200


@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
async def test_deep_body_is_refused_whatever_type_it_claims(kind: str) -> None:
    answer, app = await _send(b"[" * 33 + b"]" * 33, headers=[("Content-Type", kind)])
    assert answer.status == 400
    assert not app.scopes


async def test_body_of_the_largest_depth_passes() -> None:
    answer, _ = await _send(b'{"a":' * 32 + b"1" + b"}" * 32)
    assert answer.status == 200


@pytest.mark.parametrize("header", ONCE)
async def test_header_that_decides_something_may_not_come_twice(header: str) -> None:
    answer, app = await _send(b"", headers=[(header, "1"), (header, "1")])
    assert answer.status == 400
    assert header.lower() in answer.json["error_description"]
    assert not app.scopes


async def test_other_headers_may_come_twice() -> None:
    answer, _ = await _send(b"", headers=[("Accept", "a/b"), ("Accept", "c/d")])
    assert answer.status == 200


@pytest.mark.parametrize(
    "headers", [[("x", "y")] * 6, [("x", "y" * 101)]], ids=["too many", "too long"]
)
async def test_headers_beyond_their_bounds_are_refused(headers: Any) -> None:
    answer, app = await _send(b"", headers=headers, header_bounds=HeaderBounds(5, 100))
    assert answer.status == 431
    assert not app.scopes


async def test_body_that_does_not_end_is_cut() -> None:
    async def receive() -> Any:
        await asyncio.Event().wait()

    app = Echo()
    answer = await ask(BodyBounds(app, seconds=0.01), http_scope(), receive)
    assert answer.status == 408
    assert answer.headers["connection"] == "close"
    assert not app.scopes


async def test_dribbled_body_gains_no_time() -> None:
    async def receive() -> Any:
        await asyncio.sleep(0.001)
        return {"type": "http.request", "body": b" ", "more_body": True}

    answer = await ask(BodyBounds(Echo(), seconds=0.05), http_scope(), receive)
    assert answer.status == 408


async def test_nobody_is_answered_after_hanging_up() -> None:
    app = Echo()
    answer = await ask(BodyBounds(app), http_scope(), body_of())
    assert answer.status == 0
    assert not app.scopes


async def test_an_app_that_takes_long_is_not_cut() -> None:
    async def app(_: Any, __: Any, send: Any) -> None:
        await asyncio.sleep(0.03)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    assert (await ask(BodyBounds(app, seconds=0.01))).status == 200


async def test_other_scopes_pass() -> None:
    seen = []

    async def app(scope: Any, _: Any, __: Any) -> None:
        seen.append(scope["type"])

    await ask(BodyBounds(app), {"type": "lifespan"})
    assert seen == ["lifespan"]


def _depth(value: Any) -> int:
    if not isinstance(value, dict | list):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_depth, inner), default=0)


TRICKY = st.text(alphabet='[]{}"\\,: a\n', max_size=8)
JSON = st.recursive(
    st.none() | TRICKY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TRICKY, inner, max_size=3),
    max_leaves=12,
)


@given(value=JSON, limit=st.integers(0, 6))
def test_depth_of_json_is_told_exactly(value: Any, limit: int) -> None:
    assert is_deeper(json.dumps(value).encode(), limit) == (_depth(value) > limit)


@given(body=st.text(alphabet='[{]}"\\a', max_size=60))
def test_what_is_no_json_never_counts_as_less_deep(body: str) -> None:
    depth = deepest = 0
    is_text = is_escaped = False
    for char in body:
        if is_text:
            is_text, is_escaped = is_escaped or char != '"', not is_escaped and char == "\\"
        elif char == "\\":
            break  # no parser gets past it
        elif char == '"':
            is_text = True
        else:
            depth += (char in "[{") - (char in "]}")
            deepest = max(deepest, depth)
            if depth < 0:
                break  # nor past this
    assert deepest == 0 or is_deeper(body.encode(), deepest - 1)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_048_576,
        b'"' + b'\\"' * 524_288,
        b"[]," * 349_525,
        b'"' * 1_048_575,
        b"[{}]" * 262_144,
        b"[" * 524_288 + b"]" * 524_288,
    ],
    ids=["open", "escapes", "flat", "quotes", "pairs", "nested"],
)
def test_hostile_megabyte_is_judged_quickly(body: bytes) -> None:
    began = time.thread_time()
    is_deeper(body, 32)
    assert time.thread_time() - began < 1  # 10 to 50 ms of work


async def test_client_of_a_real_server_reads_the_refusal_of_its_large_body() -> None:
    with served(BodyBounds(Echo())) as url:
        async with httpx.AsyncClient(timeout=60) as client:
            refused = await client.post(url, content=b"x" * 8_000_000)
            after = await client.post(url, content=b"{}")
    assert refused.status_code == 413
    assert after.status_code == 200


async def test_client_of_a_real_server_that_streams_too_much_reads_the_refusal() -> None:
    async def parts() -> Any:
        for _ in range(40):
            yield b"x" * 100_000

    with served(BodyBounds(Echo())) as url:
        async with httpx.AsyncClient(timeout=60) as client:
            refused = await client.post(url, content=parts())
    assert refused.status_code == 413


async def test_connection_of_a_body_that_does_not_end_is_closed() -> None:
    with served(BodyBounds(Echo(), seconds=0.05)) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{")
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_bodies_that_wait_do_not_hold_each_other_up() -> None:
    app = BodyBounds(Echo(), seconds=5)
    never = asyncio.Event()

    async def receive() -> Any:
        await never.wait()

    slow = asyncio.create_task(ask(app, http_scope(), receive))
    assert (await ask(app)).status == 200
    slow.cancel()
    await until(slow.done)
