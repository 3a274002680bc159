"""A person's client that has signed in once, and goes on with what it was given then."""

import asyncio
from dataclasses import dataclass

import httpx

from test.auth import rpc
from test.auth.oauth_client import OAuthClient, Tokens, tokens
from test.e2e.installed.installation import Installation


@dataclass
class SignedIn:
    """The client; it never signs in again, whatever happens to the server."""

    installation: Installation
    tokens: Tokens

    async def call(self, http: httpx.AsyncClient) -> httpx.Response:
        """Calls a tool that only reads."""
        url = f"{self.installation.base}/mcp"
        return await rpc.call(http, url, self.tokens.access, rpc.MODERN)

    async def refresh(self, http: httpx.AsyncClient) -> httpx.Response:
        """Gets new tokens, and keeps them when there are some."""
        client_id = self.tokens.client_id
        client = OAuthClient(self.installation.base, http, client_id=client_id)
        answer = await client.refresh(self.tokens.refresh)
        if answer.is_success:
            self.tokens = tokens(answer)
            self.tokens.client_id = client_id
        return answer

    def proves_itself(self) -> None:
        """Fails unless the login works: its access token, its refresh token, and what that gave."""
        asyncio.run(self._prove())

    async def _prove(self) -> None:
        async with self.installation.around.outside.http() as http:
            for act in (self.call, self.refresh, self.call):
                answer = await act(http)
                assert answer.is_success, f"{answer.status_code}: {answer.text}"
                assert rpc.error_code(answer) is None, answer.text


def sign_in(installation: Installation) -> SignedIn:
    """Somebody who signs in now."""
    return SignedIn(installation, installation.login())
