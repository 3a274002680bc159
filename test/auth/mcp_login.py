"""FastMCP's client, signing in through the browser of a test."""

import warnings

from fastmcp.client.auth import OAuth
from key_value.aio.protocols import AsyncKeyValue
from key_value.aio.stores.memory import MemoryStore
from mcp.client.auth import AuthorizationCodeResult

from test.auth.browser import Browser, Landing


class BrowserOAuth(OAuth):
    """Signs in as the browser's person whenever the server asks for it.

    Args:
        browser: whoever signs in.
        scopes: what the client asks for; nothing: what the server says.
        storage: where the client keeps its tokens between connections.
    """

    def __init__(
        self,
        browser: Browser,
        scopes: list[str] | None = None,
        storage: AsyncKeyValue | None = None,
    ) -> None:
        self._browser = browser
        self._landing: Landing | None = None
        self.logins = 0
        super().__init__(scopes=scopes, token_storage=storage or MemoryStore())

    def _bind(self, mcp_url: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # in a test, memory is a place for tokens
            super()._bind(mcp_url)

    async def redirect_handler(self, authorization_url: str) -> None:
        """Walks through the pages instead of opening them."""
        redirect_uri = str(self.context.client_metadata.redirect_uris[0])
        self._landing = await self._browser.sign_in(authorization_url, redirect_uri)
        self.logins += 1

    async def callback_handler(self) -> AuthorizationCodeResult:
        """What the pages led to."""
        if self._landing is None:
            raise RuntimeError("the client asked for an answer before it asked for a login")
        found = self._landing
        return AuthorizationCodeResult(
            code=found["code"], state=found.get("state"), iss=found.get("iss")
        )
