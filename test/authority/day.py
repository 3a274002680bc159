"""A day at both real programs: logins, calls of every kind, thefts; all that is told and secret."""

import base64
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from test.auth import rpc
from test.auth.addresses import http_from
from test.auth.browser import Browser, Stuck
from test.auth.oauth_client import OAuthClient, tokens
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import PERSON, SCOPES, settings
from test.auth.servers import Server
from test.auth.tokens import with_a_bit_flipped, with_claims
from test.authority.house import PLAN_KEY, SIGNING_KEY
from test.authority.minted import Minted
from test.contract.site import Site

STORE_KEY = "made-up-store-key-of-a-test-" * 2
GUESS = secrets.token_urlsafe(32)
"""What somebody tries who has nothing: it may be a secret of somebody else."""
CLERK = {"cluster_name": "pg", "role_name": "clerk", "wait_seconds": 0}
NEWCOMER = {"cluster_name": "pg", "role_name": "newcomer", "wait_seconds": 0}
BROKEN = {**CLERK, "role_name": "nobody", "password": GUESS}
PROBES = ("/metrics", "/readyz", "/healthz")


@dataclass
class Day:
    """One provider, both programs, one person; `told` is what was said, by where."""

    provider: Auth0
    main: Server
    test: Server
    site: Site
    minted: Minted
    answers: list[str] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)

    async def pass_by(self) -> None:
        """Everything that happens."""
        self.minted.settings(SIGNING_KEY, PLAN_KEY, STORE_KEY, GUESS)
        self.minted.of_provider(self.provider.tenant)
        await self._passwords()
        async with http_from() as http, Browser(PERSON) as browser:
            self.minted.of_browser(browser)
            client = OAuthClient(self.main.base, http, scope=" ".join(["openid", *SCOPES]))
            await self._on_main(client, browser)
            await self._on_test(http)
            await self._fails(client, browser)
            for server in (self.main, self.test):
                for path in PROBES:
                    self.metrics.append((await http.get(server.url(path))).text)
        await self._passwords()
        self.minted.of_requests(self.provider.tenant)

    async def _on_main(self, client: OAuthClient, browser: Browser) -> None:
        self.minted.add("verifier or state", client.verifier, client.state)
        landed = await client.land(browser)
        self.minted.add("our code", landed["code"])
        answer = await client.exchange(landed["code"])
        self.minted.of_token_endpoint(answer)
        first = tokens(answer)
        await self._calls(client.http, self.main, first.access, "teller")
        self._refusal(await client.exchange(landed["code"]))
        for _ in range(2):
            self.minted.of_token_endpoint(await client.refresh(first.refresh))
        await self._thefts(client.http, self.main, first.access)
        self._heard(await client.revoke(first.access))
        self._refusal(await rpc.call(client.http, self.main.mcp, first.access))

    async def _on_test(self, http: httpx.AsyncClient) -> None:
        token = self.provider.token("openid", *SCOPES)
        await self._calls(http, self.test, token, "clerk")
        await self._thefts(http, self.test, token)

    async def _calls(self, http: httpx.AsyncClient, server: Server, token: str, role: str) -> None:
        """Looks, makes a password, changes another one with the code of a plan, and fails."""
        newcomer = {**NEWCOMER, "role_name": f"newcomer-of-{role}"}
        rotation = {**CLERK, "role_name": role, "rotate_password": True}
        await self._call(http, server, token, "list_postgres_roles", cluster_name="pg")
        await self._call(http, server, token, "create_postgres_role", **newcomer)
        plan = await self._call(http, server, token, "update_postgres_role", **rotation)
        code = plan["confirmation"]
        self.minted.add("confirmation code", code)
        for given in (code, GUESS, code):
            arguments = {**rotation, "confirmation": given}
            await self._call(http, server, token, "update_postgres_role", **arguments)
        await self._call(http, server, token, "update_postgres_role", **BROKEN)

    async def _call(
        self, http: httpx.AsyncClient, server: Server, token: str, tool: str, **arguments: Any
    ) -> dict[str, Any]:
        body = rpc.call_body(tool, rpc.MODERN, **arguments, namespace=self.site.namespace)
        headers = rpc.headers(token, rpc.MODERN, **{"Mcp-Name": tool})
        answer = await http.post(server.mcp, json=body, headers=headers)
        result: dict[str, Any] = answer.json()["result"]
        content: dict[str, Any] = result.get("structuredContent", {})
        if content.get("outcome") != "planned":  # a plan is there to show its code
            self._heard(answer)
        return content

    async def _thefts(self, http: httpx.AsyncClient, server: Server, token: str) -> None:
        """Tokens that are refused; what they were made of is as secret as before."""
        for stolen in (
            with_a_bit_flipped(token),
            with_claims(token, sub="somebody else"),
            f"{token}.{GUESS}",
            GUESS,
        ):
            self._refusal(await rpc.call(http, server.mcp, stolen))
        self._refusal(await http.get(f"{server.mcp}?access_token={token}"))

    async def _fails(self, client: OAuthClient, browser: Browser) -> None:
        """Logins that come to nothing."""
        for form in ({"code": GUESS}, {"code": GUESS, "client_secret": GUESS}):
            self._refusal(await client.exchange(**form))
        self._refusal(await client.refresh(GUESS))
        self._heard(await client.revoke(GUESS))
        callback = f"{self.main.base}/auth/callback"
        wrong = {"code": GUESS, "state": GUESS}
        self._refusal(await browser.http.get(callback, params=wrong))
        self.provider.tenant.encrypts = True
        try:
            await client.land(browser)
        except Stuck as page:
            self.answers.append(str(page).partition(": ")[2])

    def _heard(self, answer: httpx.Response) -> None:
        self.answers.append(f"{answer.headers}\n{answer.text}")

    def _refusal(self, answer: httpx.Response) -> None:
        assert answer.status_code >= 400, answer.text
        self._heard(answer)

    async def _passwords(self) -> None:
        for each in await self.site.admin.list("secrets", self.site.namespace):
            encoded = each["data"]["password"]
            self.minted.add("password", encoded, base64.b64decode(encoded).decode())

    def told(self) -> dict[str, str]:
        """All that was said, by where."""
        servers = (self.main, self.test)
        return {
            "log": "\n".join(server.log for server in servers),
            "audit log": "\n".join(_text(server.folder / "audit.jsonl") for server in servers),
            "metrics": "\n".join(self.metrics),
            "answers": "\n".join(self.answers),
            "files": "\n".join(map(_text, _files(self.main.folder / "store"))),
        }


def programs(
    provider: Auth0, folder: Path, account: Path, log_format: str
) -> tuple[Server, Server]:
    """Both programs, logging all they can."""
    given = {
        **settings(provider),
        "OAUTH_SIGNING_KEY": SIGNING_KEY,
        "OAUTH_STORE_KEY": STORE_KEY,
        "PLAN_KEY": PLAN_KEY,
        "KUBECONFIG": str(account),
        "LOG_LEVEL": "DEBUG",
        "LOG_FORMAT": log_format,
    }
    return Server("main", folder / "main", given), Server("test", folder / "test", given)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _text(path: Path) -> str:
    return path.read_text(errors="replace")
