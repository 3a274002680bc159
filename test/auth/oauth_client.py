"""An OAuth client made of single requests, each of which a test can bend."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from test.auth.browser import Browser, Landing

REDIRECT_URI = "http://localhost:33418/callback"
"""Nothing listens there: the browser of the tests stops before it asks."""


@dataclass
class Tokens:
    """What the token endpoint gave."""

    access: str
    refresh: str
    answer: Mapping[str, Any]
    client_id: str = ""


@dataclass
class OAuthClient:
    """A public client of one authorization server.

    Any parameter can be replaced by keyword, and left out by the value `None`.
    """

    base: str
    http: httpx.AsyncClient
    redirect_uri: str = REDIRECT_URI
    scope: str = ""
    client_id: str = ""
    resource: str | None = None
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    async def register(self, **other: Any) -> httpx.Response:
        """Dynamic registration (RFC 7591); the id is kept when it succeeds."""
        metadata = {
            "client_name": "a test",
            "redirect_uris": [self.redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            **({"scope": self.scope} if self.scope else {}),
        }
        answer = await self.http.post(f"{self.base}/register", json=_changed(metadata, other))
        if answer.is_success:
            self.client_id = answer.json()["client_id"]
        return answer

    def authorization(self, **other: str | None) -> str:
        """The address that a browser is sent to."""
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "code_challenge": challenge(self.verifier),
            "code_challenge_method": "S256",
            "resource": self.resource or f"{self.base}/mcp",
            **({"scope": self.scope} if self.scope else {}),
        }
        return f"{self.base}/authorize?{urlencode(_changed(parameters, other))}"

    async def land(self, browser: Browser, **other: str | None) -> Landing:
        """Registers unless that is done, and walks to the redirect URI."""
        if not self.client_id:
            (await self.register()).raise_for_status()
        return await browser.sign_in(self.authorization(**other), self.redirect_uri)

    async def exchange(self, code: str, **other: str | None) -> httpx.Response:
        """A code for tokens."""
        parameters = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self.client_id,
            "code_verifier": self.verifier,
        }
        return await self._token(_changed(parameters, other))

    async def refresh(self, token: str, **other: str | None) -> httpx.Response:
        """A refresh token for new tokens."""
        parameters = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": self.client_id,
        }
        return await self._token(_changed(parameters, other))

    async def revoke(self, token: str, **other: str | None) -> httpx.Response:
        """Ends a token (RFC 7009)."""
        form = _changed({"token": token, "client_id": self.client_id}, other)
        return await self.http.post(f"{self.base}/revoke", data=form)

    async def login(self, browser: Browser) -> Tokens:
        """The whole way to tokens."""
        landed = await self.land(browser)
        found = tokens(await self.exchange(landed["code"]))
        found.client_id = self.client_id
        return found

    async def _token(self, form: Mapping[str, Any]) -> httpx.Response:
        return await self.http.post(f"{self.base}/token", data=form)


def tokens(answer: httpx.Response) -> Tokens:
    """The tokens of an answer that has some."""
    assert answer.status_code == httpx.codes.OK, answer.text
    found = answer.json()
    return Tokens(found["access_token"], found.get("refresh_token", ""), found)


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _changed(given: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**given, **other}.items() if value is not None}
