"""authlib's authorization server, for Starlette."""
# authlib has no types.
# mypy: disallow-subclassing-any=False, disable-error-code="import-untyped"

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer as _AuthorizationServer
from authlib.oauth2.rfc6749 import (
    InvalidClientError,
    InvalidRequestError,
    OAuth2Error,
    OAuth2Payload,
    OAuth2Request,
    UnsupportedResponseTypeError,
)
from authlib.oauth2.rfc6749.grants import BaseGrant
from cachetools import TTLCache
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cnpg_mcp.demo.provider.grants import (
    AccessTokens,
    Application,
    Code,
    CodeGrant,
    IdTokens,
    Login,
    RefreshGrant,
    S256Challenge,
)
from cnpg_mcp.demo.provider.people import User

_CODE_SECONDS = 60
_LOGIN_SECONDS = 30 * 24 * 3600
_KEPT = 1000
"""How many codes and how many logins are kept at most."""


class Parameters(OAuth2Payload):
    """The parameters of a request, as authlib wants to read them."""

    def __init__(self, given: QueryParams) -> None:
        self._given = given

    @property
    def data(self) -> QueryParams:
        """One value of each."""
        return self._given

    @property
    def datalist(self) -> dict[str, list[str]]:
        """All values of each."""
        return {name: self._given.getlist(name) for name in self._given}


class Asked(OAuth2Request):
    """A request, with its parameters from query or body."""

    def __init__(self, request: Request, given: QueryParams) -> None:
        super().__init__(request.method, str(request.url), headers=request.headers)
        self.payload = Parameters(given)

    @property
    def form(self) -> QueryParams:
        """The same parameters."""
        data: QueryParams = self.payload.data
        return data


class AuthorizationServer(_AuthorizationServer):
    """Gives codes and tokens to one application; codes and logins are forgotten in time."""

    def __init__(
        self, application: Application, access_tokens: AccessTokens, id_tokens: IdTokens
    ) -> None:
        super().__init__()
        self._application = application
        self.codes: TTLCache[str, Code] = TTLCache(_KEPT, _CODE_SECONDS)
        self.logins: TTLCache[str, Login] = TTLCache(_KEPT, _LOGIN_SECONDS)
        self.register_token_generator("default", access_tokens)
        self.register_grant(CodeGrant, [S256Challenge(), id_tokens])
        self.register_grant(RefreshGrant)

    def checked(self, asked: Asked, user: User | None) -> BaseGrant:
        """What an authorization request asks for, where it is in order.

        Raises:
            OAuth2Error: it is not; with `redirect_uri` where the client may be told.
        """
        if self.query_client(asked.payload.client_id) is None:
            raise InvalidClientError(
                description=f"client_id has to be {self._application.client_id}: no other"
                " application is known here."
            )
        try:
            return self.get_consent_grant(asked, user)
        except UnsupportedResponseTypeError as error:
            error.description = "response_type has to be code: nothing else is given here."
            raise
        except ValueError as error:
            raise _unreadable() from error

    def answer_authorization(self, asked: Asked, grant: BaseGrant, user: User | None) -> Response:
        """Sends the browser back to the client, with a code or, without a user, a refusal."""
        answer: Response = self.create_authorization_response(asked, user, grant)
        return answer

    def answer_token(self, asked: Asked) -> Response:
        """Tokens, or why not."""
        try:
            answer: Response = self.create_token_response(asked)
        except ValueError:
            answer = self.answer_error(asked, _unreadable())
        return answer

    def answer_error(self, asked: Asked, error: OAuth2Error) -> Response:
        """Tells the client."""
        answer: Response = self.handle_error_response(asked, error)
        return answer

    # What authlib asks of an integration

    def query_client(self, client_id: str | None) -> Application | None:
        """The client with this id."""
        return self._application if client_id == self._application.client_id else None

    def save_token(self, token: Mapping[str, Any], request: OAuth2Request) -> None:
        """Remembers the login that a refresh token is for; one that is renewed keeps its scopes."""
        if "refresh_token" in token:
            before: Login | None = request.refresh_token
            login = Login(
                refresh_token=token["refresh_token"],
                application=self._application,
                user=request.user,
                scope=before.scope if before else token["scope"],
            )
            self.logins[login.refresh_token] = login

    def create_oauth2_request(self, request: Asked) -> Asked:
        """The request itself: it is made where its body is read."""
        return request

    def handle_response(
        self, status: int, body: dict[str, Any] | str, headers: list[tuple[str, str]]
    ) -> Response:
        """The answer as Starlette has it."""
        if isinstance(body, dict):
            return JSONResponse(body, status, dict(headers))
        return Response(body, status, dict(headers))

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""


def _unreadable() -> InvalidRequestError:
    """For characters that authlib (1.9) cannot quote in its own error, or cannot decode."""
    return InvalidRequestError("The request has characters that are not allowed in it.")
