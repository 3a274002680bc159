"""One call over http, in one version of the protocol, and what came of it."""

import re
from dataclasses import dataclass
from typing import Any

import httpx

from test.auth import rpc
from test.authority import rules
from test.authority.frozen import WORDS
from test.authority.house import House

ERAS = ("2025-06-18", "2025-11-25", "2026-07-28")
ERROR = "cnpg-mcp.io/error"
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
Content = dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """Somebody at a server, by their token; calls are made in one version of the protocol."""

    http: httpx.AsyncClient
    house: House
    token: str
    era: str = rpc.MODERN

    async def ask(self, tool: str, arguments: Content, **headers: str) -> httpx.Response:
        """The answer, whatever it is; `headers` add or replace."""
        named = {"Mcp-Name": tool} if self.era == rpc.MODERN else {}
        return await self.http.post(
            self.house.mcp,
            json=rpc.call_body(tool, self.era, **arguments),
            headers=rpc.headers(self.token, self.era, **{**named, **headers}),
        )

    async def content(self, tool: str, arguments: Content) -> Content:
        """What a call that succeeds answers for programs."""
        answer = await self.ask(tool, arguments)
        assert not error_of(answer), answer.text
        found: Content = answer.json()["result"]["structuredContent"]
        return found

    async def code(self, tool: str, arguments: Content) -> str:
        """The code of a call's plan."""
        plan = await self.content(tool, arguments)
        assert plan["confirmation"], plan["blockers"]
        return str(plan["confirmation"])

    async def refused(self, tool: str, arguments: Content) -> Content:
        """The tool error of a call that fails."""
        error = error_of(await self.ask(tool, arguments))
        assert error, f"{tool} has answered"
        return error


def error_of(answer: httpx.Response) -> Content:
    """The tool error of an answer; empty where it is none."""
    assert answer.status_code == httpx.codes.OK, answer.text
    found: Content = answer.json()["result"].get("_meta", {}).get(ERROR, {})
    return found


def challenge(answer: httpx.Response) -> dict[str, str]:
    """The parameters of the challenge that comes with a 401 or 403."""
    scheme, _, parameters = answer.headers["www-authenticate"].partition(" ")
    assert scheme == "Bearer"
    return dict(_PARAMETER.findall(parameters))


def outcome(answer: httpx.Response) -> str:
    """What came of a call, in the words of `rules`."""
    if answer.status_code == httpx.codes.FORBIDDEN:
        return f"403, scope={challenge(answer)['scope']}"
    if error := error_of(answer):
        is_frozen = WORDS in answer.text
        return rules.WRITES if is_frozen else f"tool error {error['code']}"
    return _of_content(answer.json()["result"]["structuredContent"])


def _of_content(content: Content) -> str:
    told = content.get("outcome")
    if told == "dry_run":
        return rules.DRY_RUN if "confirmation" not in content else "dry run with a code"
    if told == "planned" and content.get("confirmation"):
        return rules.PLAN_WITH_CODE
    if told == "planned":
        blockers = ", ".join(each["code"] for each in content["blockers"])
        return f"plan without a code, blocked by {blockers}"
    return rules.ANSWERS if told is None else str(told)
