"""The provider's endpoints that the application itself asks (RFC 6749, sections 2.3 and 3.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import httpx

from test.tools.speech import Failure, Speech, refuse, told
from test.tools.token.provider import Provider, unreachable
from test.tools.token.tokens import Tokens

_BASIC = "client_secret_basic"
_UNKNOWN_CLIENT = "invalid_client"
_HINTS = {
    _UNKNOWN_CLIENT: "check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET.",
    "unauthorized_client": "allow this grant for the application at the provider.",
    "unsupported_grant_type": "use another way to log in: --help lists them.",
    "invalid_scope": "ask for fewer scopes with --scope.",
    "access_denied": "check that the application and you may use this API; or ask for fewer "
    "scopes with --scope.",
    "invalid_target": "check OIDC_AUDIENCE and --resource.",
    "invalid_grant": "log in anew.",
}
_NO_AUTH = httpx.Auth()
_ANY_HINT = "check the application's settings at the provider."


class Refused(Exception):
    """The provider says no: its code, its words, and the status of its answer."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.description = description
        self.is_about_client = code == _UNKNOWN_CLIENT or status == httpx.codes.UNAUTHORIZED

    def failure(self) -> Failure:
        """As a sentence with a next step."""
        words = f": {self.description}" if self.description else ""
        sentence = f"The provider refuses ({self.code}{words})".rstrip(".")
        code = _UNKNOWN_CLIENT if self.is_about_client else self.code
        return Failure(f"{sentence}.", _HINTS.get(code, _ANY_HINT))


@dataclass(frozen=True)
class Application:
    """The application at the provider, as which this program asks."""

    http: httpx.Client
    provider: Provider
    speech: Speech
    client_id: str
    client_secret: str | None = None

    def tokens(self, grant_type: str, **form: str | None) -> Tokens:
        """The tokens for a grant.

        Raises:
            Refused: the provider says why not.
            Failure: it does not answer, or not with tokens.
        """
        answer = self.post(self.provider.token, grant_type=grant_type, **form)
        access, identity, refresh = (
            _text(answer, name) for name in ("access_token", "id_token", "refresh_token")
        )
        self.speech.keep_secret(access, identity, refresh)
        kind = _text(answer, "token_type") or ""
        if not access or kind.lower() != "bearer":
            refuse("The provider answers without a bearer token.", _ANY_HINT)
        return Tokens(
            access, identity, refresh, _text(answer, "scope"), _number(answer, "expires_in")
        )

    def post(self, address: str, **form: str | None) -> Mapping[str, Any]:
        """What an endpoint answers; a secret is sent in the way that the provider takes.

        Raises:
            Refused: the provider says why not.
            Failure: it does not answer.
        """
        data = {name: value for name, value in form.items() if value}
        if self.client_secret is None:
            return self._send(address, {**data, "client_id": self.client_id})
        methods = self.provider.secret_methods
        if not methods:
            refuse(
                "The provider takes no client secret.",
                "use an application that needs none, and unset AUTH0_CLIENT_SECRET.",
            )
        for method in methods[:-1]:
            try:
                return self._send_as(method, address, data)
            except Refused as refused:
                if not refused.is_about_client:
                    raise
        return self._send_as(methods[-1], address, data)

    def _send_as(self, method: str, address: str, data: Mapping[str, str]) -> Mapping[str, Any]:
        """With the secret. Section 2.3.1: both parts are form-encoded before they are joined."""
        secret = self.client_secret or ""
        if method == _BASIC:
            auth = httpx.BasicAuth(quote_plus(self.client_id), quote_plus(secret))
            return self._send(address, data, auth)
        return self._send(address, {**data, "client_id": self.client_id, "client_secret": secret})

    def _send(
        self, address: str, data: Mapping[str, str], auth: httpx.Auth = _NO_AUTH
    ) -> Mapping[str, Any]:
        accept = {"Accept": "application/json"}
        try:
            response = self.http.post(address, data=dict(data), auth=auth, headers=accept)
        except httpx.HTTPError as error:
            raise unreachable(address, error) from None
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if isinstance(answer, dict) and "error" in answer:
            words = told(answer.get("error_description") or "")
            raise Refused(told(answer["error"]), words, response.status_code)
        if not isinstance(answer, dict) or not response.is_success:
            refuse(f"{told(address)} answers {response.status_code}.", _ANY_HINT)
        return answer


def _text(answer: Mapping[str, Any], name: str) -> str | None:
    value = answer.get(name)
    return value if isinstance(value, str) and value.isprintable() else None


def _number(answer: Mapping[str, Any], name: str) -> float | None:
    value = answer.get(name)
    return float(value) if isinstance(value, int | float) else None
