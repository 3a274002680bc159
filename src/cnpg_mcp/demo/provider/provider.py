"""The demo's identity provider, in this process."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from cnpg_mcp.demo.loopback import LoopbackServer
from cnpg_mcp.demo.ports import LOOPBACK, loopback
from cnpg_mcp.demo.provider.grants import AccessTokens, Application, IdTokens
from cnpg_mcp.demo.provider.keys import SigningKeys
from cnpg_mcp.demo.provider.people import USERS
from cnpg_mcp.demo.provider.server import AuthorizationServer
from cnpg_mcp.demo.provider.site import Site

AUDIENCE = "https://cnpg-mcp.demo/api"
LIFETIME = timedelta(minutes=10)
"""Of the access tokens that logins give."""


class Provider:
    """An OpenID provider on a loopback address; everything is in memory and ends with it.

    Args:
        port: where to listen.
        redirect_uris: where the application may have people sent back to.
        audience: the API that access tokens are for.
        host: an address of 127.0.0.0/8. Everybody's password is known.

    Raises:
        ValueError: others than this machine could reach `host`.
    """

    def __init__(
        self,
        port: int,
        redirect_uris: Sequence[str],
        audience: str = AUDIENCE,
        host: str = LOOPBACK,
    ) -> None:
        self._host, self._port = loopback(host), port
        self.issuer = f"http://{host}:{port}"
        self.audience = audience
        self.client_id = "cnpg-mcp-demo"
        self.client_secret = secrets.token_urlsafe()
        self._keys = SigningKeys()
        self._application = Application(self.client_id, self.client_secret, tuple(redirect_uris))
        self._tokens = AccessTokens(self.issuer, audience, self._keys, LIFETIME)
        self._served: LoopbackServer | None = None

    def send_back_to(self, *redirect_uris: str) -> None:
        """From now on the application may have people sent back there, and nowhere else."""
        self._application.redirect_uris = redirect_uris

    async def start(self) -> None:
        """Listens; it answers when this returns.

        Raises:
            OSError: the port is taken.
        """
        app = self._site().app([self._host, "localhost"])
        self._served = LoopbackServer(app, self._port, self._host)
        await self._served.start()

    async def stop(self) -> None:
        """Listens no more, and has forgotten all codes and logins."""
        if self._served is not None:
            await self._served.stop()
            self._served = None

    def token(self, user: str, lifetime: timedelta) -> str:
        """An access token of a user (by name), with all their scopes and without a login."""
        person = USERS[user]
        tokens = AccessTokens(self.issuer, self.audience, self._keys, lifetime)
        scope = " ".join(person.scopes)
        token: str = tokens.access_token_generator(
            self._application, "authorization_code", person, scope
        )
        return token

    def rotate_keys(self) -> None:
        """Signs with a new key; those before it stay published as long as their tokens live.

        Raises:
            TooManyKeys: no more can be published now.
        """
        self._keys.rotate()

    def _site(self) -> Site:
        id_tokens = IdTokens(self.issuer, self._keys)
        server = AuthorizationServer(self._application, self._tokens, id_tokens)
        return Site(self.issuer, server, self._keys)
