"""JSON-RPC and forms of any kind: never an error of the server's own, always an answer in form."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from test.auth import raw, rpc
from test.auth.addresses import plain_http
from test.auth.providers.auth0 import Auth0
from test.auth.servers import MCP_PATHS, Server
from test.auth.site import Site

BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b" ",
    "words": b"let me in",
    "null": b"null",
    "number": b"7",
    "list": b"[]",
    "batch": json.dumps([rpc.call_body()] * 3).encode(),
    "open": b'{"jsonrpc":"2.0"',
    "byte-order-mark": b"\xef\xbb\xbf" + json.dumps(rpc.call_body()).encode(),
    "utf-16": json.dumps(rpc.call_body()).encode("utf-16"),
    "no-utf8": b'{"jsonrpc":"2.0","id":1,"method":"\xff"}',
    "surrogate": b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}',
    "surrogate-in-name": json.dumps(rpc.call_body("\ud800")).encode(),
    "surrogate-in-argument": json.dumps(rpc.call_body(namespace="\ud800")).encode(),
    "null-in-argument": json.dumps(rpc.call_body(namespace="a\x00b")).encode(),
    "surrogate-in-id": b'{"jsonrpc":"2.0","id":"\\ud800","method":"tools/list"}',
    "not-a-number": b'{"jsonrpc":"2.0","id":NaN,"method":"tools/list"}',
    "infinite": b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"x":1e999}}',
    "long-number": b'{"jsonrpc":"2.0","id":' + b"9" * 6000 + b',"method":"tools/list"}',
    "long-number-in-argument": b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":'
    b'"list_postgres_clusters","arguments":{"limit":' + b"9" * 6000 + b"}}}",
    "fraction-as-id": b'{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}',
    "object-as-id": b'{"jsonrpc":"2.0","id":{},"method":"tools/list"}',
    "null-as-id": b'{"jsonrpc":"2.0","id":null,"method":"tools/list"}',
    "no-id": b'{"jsonrpc":"2.0","method":"tools/list"}',
    "no-method": b'{"jsonrpc":"2.0","id":1}',
    "method-number": b'{"jsonrpc":"2.0","id":1,"method":7}',
    "method-unknown": b'{"jsonrpc":"2.0","id":1,"method":"tools/steal"}',
    "method-inner": b'{"jsonrpc":"2.0","id":1,"method":"__class__"}',
    "method-long": json.dumps(rpc.body("x" * 100_000)).encode(),
    "version-one": b'{"jsonrpc":"1.0","id":1,"method":"tools/list"}',
    "twice": b'{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}',
    "params-list": b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[1]}',
    "arguments-list": json.dumps(rpc.body("tools/call", name=rpc.TOOL, arguments=[])).encode(),
    "response": b'{"jsonrpc":"2.0","id":1,"result":{}}',
    "error": b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}',
    "meta-of-any-form": b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":7}}',
    "progress-token": json.dumps(rpc.body("tools/list", _meta={"progressToken": {}})).encode(),
    "cursor": b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"../../x"}}',
}  # fmt: skip


def _is_in_form(answer: httpx.Response) -> None:
    """Never a failure of ours; JSON, or nothing at all."""
    assert answer.status_code < 500, answer.text
    assert "Traceback" not in answer.text
    if answer.content:
        json.loads(answer.text)


@pytest.mark.parametrize("era", rpc.ERAS)
@pytest.mark.parametrize("content", BODIES.values(), ids=BODIES)
async def test_body_of_any_form_is_answered_in_form(
    server: Server, token: str, http: httpx.AsyncClient, content: bytes, era: str
) -> None:
    answer = await http.post(server.mcp, content=content, headers=rpc.headers(token, era))
    _is_in_form(answer)


WORDS = ("jsonrpc", "2.0", "id", "method", "params", "name", "arguments", "_meta", "tools/call")
METHODS = ("tools/call", "tools/list", "initialize", "ping", "server/discover", "resources/list")
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(WORDS),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(WORDS), st.text(max_size=10)), inner, max_size=5),
    ),
    max_leaves=12,
)
CALLS = st.fixed_dictionaries(
    {
        "jsonrpc": st.one_of(st.just("2.0"), JSON),
        "method": st.one_of(st.sampled_from(METHODS), JSON),
    },
    optional={
        "id": st.one_of(st.integers(), st.text(max_size=8), JSON),
        "params": st.one_of(
            JSON,
            st.fixed_dictionaries({"name": st.one_of(st.just(rpc.TOOL), JSON), "arguments": JSON}),
        ),
    },
)
HEADER_NAMES = st.sampled_from(
    ["Accept", "Content-Type", "MCP-Protocol-Version", "Mcp-Name", "Mcp-Method", "Mcp-Session-Id",
     "Mcp-Param-Name", "Last-Event-ID", "X-Request-Id", "Authorization", "Cookie", "Origin",
     "X-Forwarded-For", "X-Forwarded-Proto", "Accept-Encoding", "Content-Encoding", "Expect"]
)  # fmt: skip
HEADER_VALUES = st.one_of(
    st.binary(max_size=60).map(lambda data: bytes(each for each in data if each not in b"\r\n\0")),
    st.sampled_from([b"", b"*/*", b"application/json", b"2025-11-25", b"2026-07-28", b"Bearer x"]),
)
FUZZ = hypothesis_settings(
    max_examples=120,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def plain() -> Any:
    """A client of plain http for tests without an event loop."""
    with plain_http() as client:
        yield client


@FUZZ
@given(body=st.one_of(CALLS, JSON), era=st.sampled_from(rpc.ERAS))
def test_any_json_is_answered_in_form(
    server: Server, token: str, plain: httpx.Client, body: Any, era: str
) -> None:
    content = json.dumps(body).encode("utf-8", "surrogatepass")
    _is_in_form(plain.post(server.mcp, content=content, headers=rpc.headers(token, era)))


@FUZZ
@given(content=st.binary(max_size=200))
def test_any_bytes_are_answered_in_form(
    server: Server, token: str, plain: httpx.Client, content: bytes
) -> None:
    _is_in_form(plain.post(server.mcp, content=content, headers=rpc.headers(token)))


@FUZZ
@given(
    headers=st.dictionaries(HEADER_NAMES, HEADER_VALUES, max_size=5), era=st.sampled_from(rpc.ERAS)
)
def test_any_headers_are_answered_in_form(
    server: Server, token: str, headers: dict[str, bytes], era: str
) -> None:
    usual = {name.encode(): value.encode() for name, value in rpc.headers(token, era).items()}
    sent = {**usual, **{name.encode(): value for name, value in headers.items()}}
    content = json.dumps(rpc.call_body(era=era)).encode()
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in sent.items())
    head = f"POST {MCP_PATHS[server.kind]} HTTP/1.1\r\nHost: localhost:{server.port}\r\n"
    length = f"Content-Length: {len(content)}\r\n\r\n"
    answer = raw.exchange(server.port, head.encode() + lines + length.encode() + content)
    assert raw.status(answer) in {None, *range(200, 500)}, answer[:500]
    assert b"Traceback" not in answer


def test_endpoints_of_oauth_answer_any_form(auth0_site: Site[Auth0], plain: httpx.Client) -> None:
    @FUZZ
    @given(
        path=st.sampled_from(["/token", "/revoke", "/consent", "/register"]),
        form=st.dictionaries(
            st.sampled_from(["grant_type", "code", "client_id", "refresh_token", "token", "txn_id",
                             "redirect_uri", "code_verifier", "scope", "csrf_token", "action"]),
            st.text(max_size=30).filter(lambda text: text.isprintable()), max_size=8,
        ),
    )  # fmt: skip
    def ask(path: str, form: dict[str, str]) -> None:
        answer = plain.post(auth0_site.main.url(path), data=form)
        assert answer.status_code < 500, (path, form, answer.text)

    ask()
