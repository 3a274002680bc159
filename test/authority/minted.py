"""Everything secret that comes into being in logins and calls, so that it can be sought."""

import base64
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx

from test.auth.browser import Browser
from test.auth.pages import forms
from test.auth.providers.base import CLIENT_ID, CLIENT_SECRET, PERSON
from test.auth.providers.tenant import Tenant

_IN_ADDRESSES = ("code", "state", "txn_id")
_AT_THE_PROVIDER = ("code", "state", "code_verifier", "refresh_token", "client_secret", "token")
_LEAST_CHARS = 8


@dataclass
class Minted:
    """Secrets by what they are; `add` takes any number of one kind."""

    found: dict[str, set[str]] = field(default_factory=dict)

    def add(self, kind: str, *values: str | None) -> None:
        """Notes secrets; what is shorter than eight characters is none."""
        known = self.found.setdefault(kind, set())
        known |= {each for each in values if each and len(each) >= _LEAST_CHARS}

    def settings(self, *keys: str) -> None:
        """Notes what the servers were configured with, and the person's password."""
        self.add("setting", CLIENT_SECRET, *keys)
        self.add("basic", base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode())
        self.add("password", PERSON.password)

    def of_provider(self, tenant: Tenant) -> None:
        """Notes what the provider gives from now on."""
        for name, kind in {
            "access_token": "provider's access token",
            "id_token": "ID token",
            "_new_refresh": "provider's refresh token",
            "new_code": "provider's code",
        }.items():
            setattr(tenant, name, self._noting(getattr(tenant, name), kind))

    def of_requests(self, tenant: Tenant) -> None:
        """Notes what the server sent to the provider."""
        for seen in tenant.seen:
            self.add("sent to the provider", *map(seen.parameters.get, _AT_THE_PROVIDER))

    def of_browser(self, browser: Browser) -> None:
        """Notes cookies, hidden fields and addresses that a browser sees from now on."""

        async def note(response: httpx.Response) -> None:
            self.add("cookie", *response.cookies.values())
            for address in (str(response.url), response.headers.get("location", "")):
                given = dict(parse_qsl(urlsplit(address).query))
                self.add("in an address", *map(given.get, _IN_ADDRESSES))
            for form in forms((await response.aread()).decode()):
                self.add("hidden field", *form.fields.values())

        browser.http.event_hooks["response"].append(note)

    def of_token_endpoint(self, answer: httpx.Response) -> None:
        """Notes what a client was given."""
        if answer.is_success:
            given = answer.json()
            self.add("our access token", given["access_token"])
            self.add("our refresh token", given.get("refresh_token"))

    def within(self, text: str) -> list[tuple[str, str]]:
        """Kind and beginning of each secret that stands in a text, as it is or as in an address."""
        return sorted(
            (kind, secret[:12])
            for kind, secrets in self.found.items()
            for secret in secrets
            if any(form in text for form in _forms(secret))
        )

    def _noting(self, make: Any, kind: str) -> Any:
        def made(*args: Any, **options: Any) -> str:
            value: str = make(*args, **options)
            self.add(kind, value)
            return value

        return made


def _forms(secret: str) -> set[str]:
    """A secret, and the part of a token that alone is worth something: its signature."""
    parts = secret.split(".")
    return {secret, quote(secret, safe=""), *(parts[2:] if len(parts) == 3 else ())}
