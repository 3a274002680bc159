"""The endpoint's address, opened in a browser: it says what it is for, and is no page."""

import httpx
import pytest

from test.auth.inside import Inside

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
STREAM = "text/event-stream"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
async def test_person_is_told_what_the_address_is_for(
    inside: Inside, http: httpx.AsyncClient, method: str
) -> None:
    answer = await http.request(method, f"{inside.base}/mcp", headers={"Accept": BROWSER})
    assert (answer.status_code, "POST" in answer.headers["allow"]) == (405, True)
    assert answer.headers["content-type"].startswith("text/plain")
    assert ("MCP client" in answer.text) is (method != "HEAD")


async def test_program_is_answered_as_ever(inside: Inside, http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{inside.base}/mcp", headers={"Accept": STREAM})
    assert (answer.status_code, answer.text) == (405, "Method Not Allowed")


async def test_other_addresses_are_not_taken_for_it(
    inside: Inside, http: httpx.AsyncClient
) -> None:
    answer = await http.get(f"{inside.base}/token", headers={"Accept": BROWSER})
    assert (answer.status_code, "MCP client" in answer.text) == (405, False)
