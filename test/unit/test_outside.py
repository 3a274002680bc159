"""A client of the tests asks again when an answer was cut, and repeats no change."""

import asyncio
import ssl
from collections.abc import AsyncIterator

import httpx
import pytest

from test.e2e.installed.outside import PatientWay

ANSWER = b'{"result": {}}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Cutting:
    """Cuts the first answers, and counts what was asked."""

    def __init__(self, cuts: int) -> None:
        self.cuts, self.asked = cuts, 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))
        self.asked += 1
        is_cut = self.asked <= self.cuts
        writer.write(HEAD % len(ANSWER) + (ANSWER[:5] if is_cut else ANSWER))
        await writer.drain()
        writer.close()


@pytest.fixture
def cutting(request: pytest.FixtureRequest) -> Cutting:
    return Cutting(request.param)


@pytest.fixture
async def http(cutting: Cutting) -> AsyncIterator[httpx.AsyncClient]:
    server = await asyncio.start_server(cutting, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    way = PatientWay("127.0.0.1", ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    async with (
        server,
        httpx.AsyncClient(transport=way, base_url=f"http://mcp.test:{port}") as client,
    ):
        yield client


def call(tool: str) -> dict[str, object]:
    return {"method": "tools/call", "params": {"name": tool, "arguments": {}}}


@pytest.mark.parametrize("cutting", [1], indirect=True)
@pytest.mark.parametrize("asked", [{"method": "tools/list"}, call("list_postgres_clusters")])
async def test_question_is_asked_again(
    cutting: Cutting, http: httpx.AsyncClient, asked: dict[str, object]
) -> None:
    async with http.stream("POST", "/mcp", json=asked) as answer:
        assert await answer.aread() == ANSWER
    assert cutting.asked == 2


@pytest.mark.parametrize("cutting", [1], indirect=True)
async def test_change_is_not_made_again(cutting: Cutting, http: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await http.post("/mcp", json=call("delete_postgres_cluster"))
    assert cutting.asked == 1


@pytest.mark.parametrize("cutting", [2], indirect=True)
async def test_answer_that_is_always_cut_is_told(cutting: Cutting, http: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await http.post("/mcp", json={"method": "tools/list"})
    assert cutting.asked == 2
