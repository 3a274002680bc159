"""Requests from foreign pages, with headers that lie, and of a size that nobody needs."""

from typing import Any

import httpx
import pytest

from test.auth import rpc
from test.auth.providers.auth0 import Auth0
from test.auth.servers import Server
from test.auth.site import Site

WRITE_TOOL = "create_postgres_cluster"
THIEF = "thief.example"


async def _post(
    http: httpx.AsyncClient, server: Server, token: str | None, **headers: str
) -> httpx.Response:
    sent = rpc.headers(token, **headers)
    return await http.post(server.mcp, json=rpc.call_body(), headers=sent)


# Host, Origin, and what a proxy would say


@pytest.mark.parametrize("host", [THIEF, f"{THIEF}:80", "", "localhost.thief.example", "[::1"])
async def test_foreign_host_is_refused(
    server: Server, token: str, http: httpx.AsyncClient, host: str
) -> None:
    answer = await _post(http, server, token, Host=host)
    assert answer.status_code in {400, 421}


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource/mcp",
        "/authorize",
        "/auth/callback",
        "/consent",
    ],
)
@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "Forwarded", "X-Original-URL"])
async def test_no_header_moves_the_server_elsewhere(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, path: str, name: str
) -> None:
    value = f"host={THIEF};proto=https" if name == "Forwarded" else THIEF
    answer = await http.get(auth0_site.main.url(path), headers={name: value})
    assert answer.status_code < 500
    assert THIEF not in answer.text + str(answer.headers)


async def test_challenge_names_the_server_itself_whatever_the_proxy_headers_say(
    server: Server, http: httpx.AsyncClient
) -> None:
    forwarded = {"X-Forwarded-Host": THIEF, "X-Forwarded-Proto": "https"}
    answer = await _post(http, server, None, **forwarded)
    assert answer.status_code == 401
    assert f'resource_metadata="{server.base}/' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    "origin", [f"https://{THIEF}", "null", "http://localhost:1", "file://", "https://claude.ai", ""]
)
async def test_foreign_origin_is_refused(
    server: Server, token: str, http: httpx.AsyncClient, origin: str
) -> None:
    answer = await _post(http, server, token, Origin=origin)
    assert answer.status_code == 403


async def test_own_origin_is_served(server: Server, token: str, http: httpx.AsyncClient) -> None:
    assert rpc.is_let_in(await _post(http, server, token, Origin=server.base))


async def test_pages_elsewhere_may_not_read_what_the_endpoint_says(
    server: Server, http: httpx.AsyncClient
) -> None:
    asked = {"Origin": f"https://{THIEF}", "Access-Control-Request-Method": "POST"}
    answer = await http.options(server.mcp, headers=asked)
    assert "access-control-allow-origin" not in answer.headers


# Headers that come twice


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("Authorization", "Bearer another"),
        ("Origin", f"https://{THIEF}"),
        ("Content-Type", "text/plain"),
        ("MCP-Protocol-Version", rpc.MODERN),
        ("Mcp-Name", "delete_postgres_cluster"),
        ("Mcp-Method", "tools/list"),
    ],
)
async def test_header_that_decides_something_may_come_once(
    server: Server, token: str, http: httpx.AsyncClient, name: str, second: str
) -> None:
    usual = rpc.headers(token, rpc.MODERN, Origin=server.base)
    both = [(name, usual.pop(name)), (name, second)]
    for twice in (both, both[::-1]):
        sent = [*usual.items(), *twice]
        answer = await http.post(server.mcp, json=rpc.call_body(era=rpc.MODERN), headers=sent)
        assert answer.status_code == 400
        assert answer.json()["error"] == "invalid_request"


# Size and depth


@pytest.mark.parametrize("token_too", [True, False])
@pytest.mark.parametrize("chunked", [True, False])
async def test_body_that_is_too_large_is_refused(
    server: Server, token: str, http: httpx.AsyncClient, token_too: bool, chunked: bool
) -> None:
    body = b'{"padding":"' + b"x" * 2_000_000 + b'"}'

    async def parts() -> Any:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    sent = rpc.headers(token if token_too else None)
    content = parts() if chunked else body
    answer = await http.post(server.mcp, content=content, headers=sent)
    assert answer.status_code in ({413} if token_too else {413, 401})


@pytest.mark.parametrize("mark", ["[]", "{}"])
async def test_body_that_is_too_deep_is_refused(
    server: Server, token: str, http: httpx.AsyncClient, mark: str
) -> None:
    opened = "[" if mark == "[]" else '{"a":'
    deep = opened * 5_000 + "1" + mark[1] * 5_000
    answer = await http.post(server.mcp, content=deep, headers=rpc.headers(token))
    assert answer.status_code == 400


async def test_headers_that_are_too_many_are_refused(
    server: Server, token: str, http: httpx.AsyncClient
) -> None:
    answer = await _post(http, server, token, **{f"X-{number}": "x" for number in range(300)})
    assert answer.status_code == 431


@pytest.mark.parametrize("path", ["/register", "/token", "/revoke", "/consent", "/authorize"])
async def test_form_that_is_too_large_is_refused(
    auth0_site: Site[Auth0], http: httpx.AsyncClient, path: str
) -> None:
    answer = await http.post(auth0_site.main.url(path), content=b"a=" + b"x" * 2_000_000)
    assert answer.status_code == 413


# Methods and types


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "STEAL"])
async def test_other_methods_bring_nothing(
    server: Server, token: str, http: httpx.AsyncClient, method: str
) -> None:
    answer = await http.request(method, server.mcp, headers=rpc.headers(token))
    assert 400 <= answer.status_code < 500
    stranger = await http.request(method, server.mcp, headers=rpc.headers(None))
    assert 400 <= stranger.status_code < 500


@pytest.mark.parametrize(
    "kind_of_body", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"]
)
async def test_body_that_is_no_json_by_its_type_is_refused(
    server: Server, token: str, http: httpx.AsyncClient, kind_of_body: str
) -> None:
    """A form of a foreign page can send these without asking first."""
    answer = await _post(http, server, token, **{"Content-Type": kind_of_body})
    assert answer.status_code in {400, 415}


# Rights are judged by what is called, not by what the headers say


@pytest.mark.parametrize("era", rpc.ERAS)
@pytest.mark.parametrize("tool", [WRITE_TOOL, "update_postgres_role"])
async def test_name_in_the_header_gives_no_rights(
    server: Server, token: str, http: httpx.AsyncClient, era: str, tool: str
) -> None:
    """The header names a tool that reads, the body one that writes."""
    sent = {**rpc.headers(token, era), "Mcp-Method": "tools/call", "Mcp-Name": rpc.TOOL}
    arguments = {"name": "a", "namespace": "a"} if tool == WRITE_TOOL else {}
    answer = await http.post(server.mcp, json=rpc.call_body(tool, era, **arguments), headers=sent)
    assert not rpc.is_let_in(answer)
    assert answer.status_code in {200, 400, 403}
    assert rpc.error_code(answer) in {None, "insufficient_scope", "invalid"}


@pytest.mark.parametrize("era", rpc.ERAS)
async def test_call_beyond_the_scope_is_a_403_that_names_it(
    server: Server, token: str, http: httpx.AsyncClient, era: str
) -> None:
    sent = {**rpc.headers(token, era), **({"Mcp-Name": WRITE_TOOL} if era == rpc.MODERN else {})}
    body = rpc.call_body(WRITE_TOOL, era, name="a", namespace="a")
    answer = await http.post(server.mcp, json=body, headers=sent)
    assert answer.status_code == 403
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="cnpg:read cnpg:write"' in challenge


@pytest.mark.parametrize(
    "version", ["", "2099-01-01", "1.0", "x" * 5000, "2025-11-25, 2026-07-28", "../../x"]
)
async def test_unknown_protocol_version_is_refused(
    server: Server, token: str, http: httpx.AsyncClient, version: str
) -> None:
    answer = await _post(http, server, token, **{"MCP-Protocol-Version": version})
    assert answer.status_code < 500
    assert "Traceback" not in answer.text


async def test_modern_header_on_a_legacy_body_is_refused(
    server: Server, token: str, http: httpx.AsyncClient
) -> None:
    sent = rpc.headers(token, rpc.MODERN)
    answer = await http.post(server.mcp, json=rpc.call_body(), headers=sent)
    assert answer.status_code == 400
