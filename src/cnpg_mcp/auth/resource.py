"""Sign-in of the test server: the provider's own access tokens, and where to get them."""

from urllib.parse import urlsplit

from fastmcp.server.auth.auth import AccessToken, AuthProvider
from mcp.server.auth.routes import cors_middleware
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cnpg_mcp.auth.access_tokens import AccessTokens
from cnpg_mcp.auth.bearer import BearerTokens, Refused, VerifiedToken, verified
from cnpg_mcp.auth.errors import AuthError
from cnpg_mcp.auth.place import Offered, Place

_METADATA_SECONDS = 3600


class ProviderTokens(AuthProvider):
    """A resource server (RFC 9728) that takes the access tokens of one provider."""

    def __init__(
        self, tokens: AccessTokens, place: Place, scopes: Offered, refused: Refused
    ) -> None:
        super().__init__(base_url=place.public_url)
        self._tokens, self._place, self._refused = tokens, place, refused
        self._scopes = scopes

    async def verify(self, token: str) -> VerifiedToken:
        """See `bearer.Verifier`."""
        claims = await self._tokens.verify(token)
        client = claims.get("client_id") or claims.get("azp")
        return verified(claims, client_id=str(client or ""))

    async def close(self) -> None:
        """Nothing is open."""

    async def verify_token(self, token: str) -> AccessToken | None:
        """FastMCP's way of asking."""
        try:
            return await self.verify(token)
        except AuthError:
            return None

    def get_challenge_scopes(self, required_scopes: list[str] | None = None) -> list[str]:
        """What a login had better ask for at first."""
        return list(self._scopes.at_first) if required_scopes is None else required_scopes

    def get_middleware(self) -> list[Middleware]:
        """What stands in front of the endpoint."""
        return BearerTokens(self, self._place, self._refused).middleware()

    def get_routes(self, mcp_path: str | None = None) -> list[Route]:
        """The protected resource's metadata.

        Not FastMCP's: its documents add a slash to an issuer without path, and clients compare.
        """
        self.set_mcp_path(mcp_path)
        path = urlsplit(self._place.metadata_url).path
        methods = ["GET", "OPTIONS"]
        return [Route(path, cors_middleware(self._metadata, methods), methods=methods)]

    async def _metadata(self, _: Request) -> Response:
        document = {
            "resource": self._place.resource,
            "authorization_servers": [self._tokens.provider.issuer],
            "scopes_supported": list(self._scopes.supported),
            "bearer_methods_supported": ["header"],
        }
        caching = {"Cache-Control": f"public, max-age={_METADATA_SECONDS}"}
        return JSONResponse(document, headers=caching)
