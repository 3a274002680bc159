"""What authlib is told about this provider: its application, codes, logins and tokens."""
# authlib has no types.
# mypy: disallow-subclassing-any=False, disable-error-code="import-untyped"

import secrets
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from authlib.common.security import generate_token
from authlib.oauth2.rfc6749 import (
    AuthorizationCodeMixin,
    ClientMixin,
    InvalidRequestError,
    OAuth2Request,
    TokenMixin,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from authlib.oidc.core import OpenIDCode
from joserfc.jwk import KeySet

from cnpg_mcp.demo.provider.keys import ALGORITHM, SigningKeys
from cnpg_mcp.demo.provider.people import OFFLINE, SCOPES, User

AUTH_METHODS = ["client_secret_basic", "client_secret_post"]
ID_TOKEN_LIFETIME = timedelta(seconds=OpenIDCode.DEFAULT_EXPIRES_IN)
_REFRESH_TOKEN_CHARS = 48


@dataclass(eq=False)
class Application(ClientMixin):
    """The one confidential client: the main server."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]

    def get_client_id(self) -> str:
        """Its id."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: every request names its redirect URI."""

    def get_allowed_scope(self, scope: str | None) -> str:
        """What is known here of the scopes that are asked for; the rest is ignored."""
        return " ".join(each for each in (scope or "").split() if each in SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether it is registered, compared character by character (RFC 9700, section 2.1)."""
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether it is the right one."""
        return secrets.compare_digest(self.client_secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002
        """Whether it may prove itself like that."""
        return method in AUTH_METHODS

    def check_response_type(self, response_type: str) -> bool:
        """Whether it may ask for that."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether it may use that."""
        return grant_type in {"authorization_code", "refresh_token"}


@dataclass(frozen=True)
class Code(AuthorizationCodeMixin):
    """What an authorization code stands for; the names are those that authlib reads."""

    user: User
    scope: str
    redirect_uri: str
    nonce: str | None
    code_challenge: str
    code_challenge_method: str
    auth_time: int

    def get_redirect_uri(self) -> str:
        """Where it was sent."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """What was granted."""
        return self.scope

    def get_nonce(self) -> str | None:
        """What the client wants to see in the ID token."""
        return self.nonce

    def get_auth_time(self) -> int:
        """When the person signed in, in seconds since the epoch."""
        return self.auth_time

    def get_acr(self) -> None:
        """Nothing is said about how well the person is known."""

    def get_amr(self) -> list[str]:
        """How they have proved who they are (RFC 8176)."""
        return ["pwd"]


@dataclass(frozen=True)
class Login(TokenMixin):
    """What a refresh token stands for."""

    refresh_token: str
    application: Application
    user: User
    scope: str

    def check_client(self, client: ClientMixin) -> bool:
        """Whether it was given to this client."""
        return client is self.application

    def get_scope(self) -> str:
        """What was granted at the login."""
        return self.scope


class Remembering(Protocol):
    """The authorization server, as the grants need it: what was given, by code and by token."""

    codes: MutableMapping[str, Code]
    logins: MutableMapping[str, Login]


class CodeGrant(AuthorizationCodeGrant):
    """Codes for tokens. A code is good for one try, whatever comes of it."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    server: Remembering

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        """Remembers what the code stands for: of the scopes, what the person may have."""
        asked = request.payload.data
        self.server.codes[code] = Code(
            user=request.user,
            scope=request.user.granted(request.scope),
            redirect_uri=asked["redirect_uri"],
            nonce=asked.get("nonce"),
            code_challenge=asked["code_challenge"],
            code_challenge_method=asked["code_challenge_method"],
            auth_time=int(time.time()),
        )

    def query_authorization_code(self, code: str, client: ClientMixin) -> Code | None:  # noqa: ARG002
        """What the code stands for, once."""
        return self.server.codes.pop(code, None)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Nothing: it is gone since it was asked for."""

    def authenticate_user(self, authorization_code: Code) -> User:
        """Who has signed in."""
        return authorization_code.user


class RefreshGrant(RefreshTokenGrant):
    """Refresh tokens for new tokens. A refresh token is good once."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True
    server: Remembering

    def authenticate_refresh_token(self, refresh_token: str) -> Login | None:
        """What the refresh token stands for."""
        return self.server.logins.get(refresh_token)

    def authenticate_user(self, refresh_token: Login) -> User:
        """Whose login it is."""
        return refresh_token.user

    def revoke_old_credential(self, refresh_token: Login) -> None:
        """Forgets the token that was used."""
        self.server.logins.pop(refresh_token.refresh_token, None)


class S256Challenge(CodeChallenge):
    """PKCE, which authlib leaves optional for confidential clients, with S256 and nothing else."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012 - as authlib has it

    def validate_code_challenge(self, grant: AuthorizationCodeGrant, redirect_uri: str) -> None:
        """Refuses an authorization request without a challenge."""
        asked = grant.request.payload.data
        if not asked.get("code_challenge") or not asked.get("code_challenge_method"):
            raise InvalidRequestError("PKCE is required: code_challenge with the method S256.")
        super().validate_code_challenge(grant, redirect_uri)


class AccessTokens(JWTBearerTokenGenerator):
    """Access tokens for the API (RFC 9068), and refresh tokens for whoever asks to stay."""

    def __init__(self, issuer: str, audience: str, keys: SigningKeys, lifetime: timedelta) -> None:
        self._lifetime = lifetime
        seconds = int(lifetime.total_seconds())
        super().__init__(
            issuer,
            alg=ALGORITHM,
            refresh_token_generator=lambda **_: generate_token(_REFRESH_TOKEN_CHARS),
            expires_generator=lambda *_: seconds,
        )
        self._audience, self._keys = audience, keys

    def get_jwks(self) -> KeySet:
        """What signs."""
        return self._keys.signing(self._lifetime)

    def get_audiences(self, client: ClientMixin, user: User, scope: str) -> str:  # noqa: ARG002
        """The API, whatever is asked for: there is only one."""
        return self._audience

    def generate(  # noqa: PLR0917 - as authlib has it
        self,
        grant_type: str,
        client: ClientMixin,
        user: User | None = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,  # noqa: FBT001, FBT002 - as authlib has it
    ) -> dict[str, Any]:
        """Tokens; a login that did not ask for `offline_access` has no refresh token."""
        stays = grant_type == "refresh_token" or OFFLINE in (scope or "").split()
        tokens: dict[str, Any] = super().generate(
            grant_type, client, user, scope, expires_in, include_refresh_token and stays
        )
        return tokens


class IdTokens(OpenIDCode):
    """ID tokens of logins that ask for `openid`."""

    def __init__(self, issuer: str, keys: SigningKeys) -> None:
        super().__init__()
        self._issuer, self._keys = issuer, keys

    def resolve_client_private_key(self, client: ClientMixin) -> KeySet:  # noqa: ARG002
        """What signs."""
        return self._keys.signing(ID_TOKEN_LIFETIME)

    def get_client_claims(self, client: ClientMixin) -> dict[str, Any]:
        """Who gives it, and to whom."""
        return {"iss": self._issuer, "aud": client.get_client_id()}

    def generate_user_info(self, user: User, scope: str) -> dict[str, Any]:  # noqa: ARG002
        """Who has signed in."""
        return {"sub": user.name, "name": user.name}

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:  # noqa: ARG002
        """Never: it is the client that compares nonces (OpenID Connect Core, section 3.1.3.7)."""
        return False
