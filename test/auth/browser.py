"""A person with a browser: follows redirects, logs in, approves, keeps cookies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from test.auth.addresses import http_from
from test.auth.pages import Form, forms

MAX_STEPS = 25
APPROVE = "approve"
_REDIRECTS = {301, 302, 303, 307, 308}
_USER_FIELDS = ("username", "login", "email")


class Stuck(Exception):
    """The browser shows a page that leads nowhere; the text says which."""


@dataclass(frozen=True)
class Person:
    """Who signs in at the provider's page."""

    username: str
    password: str

    @property
    def answers(self) -> dict[str, str]:
        """What they type, by the names that pages give their fields."""
        return {**dict.fromkeys(_USER_FIELDS, self.username), "password": self.password}


@dataclass(frozen=True)
class Landing:
    """What a client finds in the address it is called back at."""

    url: str
    parameters: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.parameters[name]

    def get(self, name: str) -> str | None:
        """A parameter, if it is there."""
        return self.parameters.get(name)


@dataclass
class Visit:
    """Where the browser has been: method and address of each step, and what it answered."""

    steps: list[tuple[str, str, int]] = field(default_factory=list)

    def paths(self) -> list[str]:
        """The paths in order, without queries."""
        return [urlsplit(url).path for _, url, _ in self.steps]


class Browser:
    """A browser of one person, with a cookie jar of its own."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.http = http_from()
        self.visit = Visit()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.http.aclose()

    async def sign_in(self, url: str, redirect_uri: str, *, press: str = APPROVE) -> Landing:
        """Walks from an authorization request to the client's redirect URI.

        Args:
            url: the authorization request.
            redirect_uri: where the client waits; the browser stops there.
            press: the button of the consent page.

        Raises:
            Stuck: a page has no form to go on with.
        """
        request = self.http.build_request("GET", url)
        for _ in range(MAX_STEPS):
            response = await self.fetch(request)
            following = self._following(response, press)
            if _is_at(str(following.url), redirect_uri):
                return landing(str(following.url))
            request = following
        raise Stuck(f"no end after {MAX_STEPS} steps: {self.visit.paths()}")

    async def page(self, url: str, path: str) -> httpx.Response:
        """The page at a path, to which redirects and forms lead."""
        request = self.http.build_request("GET", url)
        for _ in range(MAX_STEPS):
            response = await self.fetch(request)
            if request.url.path == path and not response.is_redirect:
                return response
            request = self._following(response, APPROVE)
        raise Stuck(f"no page {path} after {MAX_STEPS} steps: {self.visit.paths()}")

    async def address(self, url: str, path: str) -> str:
        """The address with a path, to which redirects and forms lead; it is not gone to."""
        request = self.http.build_request("GET", url)
        for _ in range(MAX_STEPS):
            request = self._following(await self.fetch(request), APPROVE)
            if request.url.path == path:
                return str(request.url)
        raise Stuck(f"no address {path} after {MAX_STEPS} steps: {self.visit.paths()}")

    async def fetch(self, request: httpx.Request) -> httpx.Response:
        """One request; its answer is in the visit's record."""
        response = await self.http.send(request)
        self.visit.steps.append((request.method, str(request.url), response.status_code))
        return response

    def submit(self, page: httpx.Response, form: Form, press: str = APPROVE) -> httpx.Request:
        """The request that a form makes, with the headers that browsers add by themselves."""
        data = form.filled(self.person.answers, press)
        target = urljoin(str(page.url), form.action or str(page.url))
        if form.method != "post":
            return self.http.build_request("GET", target, params=data)
        return self.http.build_request("POST", target, data=data, headers=_form_headers(page))

    def _following(self, response: httpx.Response, press: str) -> httpx.Request:
        if response.status_code in _REDIRECTS:
            target = urljoin(str(response.url), response.headers["location"])
            return self.http.build_request("GET", target)
        form = _form_to_go_on_with(forms(response.text), press)
        if response.status_code != httpx.codes.OK or form is None:
            raise Stuck(f"{response.status_code} at {response.url}: {response.text[:300]}")
        return self.submit(response, form, press)


def landing(url: str) -> Landing:
    """What an address says to the client that is called back at it."""
    return Landing(url, dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)))


def _is_at(url: str, redirect_uri: str) -> bool:
    return url.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0] == redirect_uri


def _form_to_go_on_with(found: list[Form], press: str) -> Form | None:
    """The login form, else the one with the wanted button, else the first."""
    logins = [form for form in found if "password" in form.asks_for]
    wanted = [form for form in found if form.offers(press)]
    return next(iter(logins or wanted or found), None)


def _form_headers(page: httpx.Response) -> dict[str, str]:
    """Origin as the Fetch standard has it: `null` where the page hides its address."""
    url = urlsplit(str(page.url))
    hidden = page.headers.get("referrer-policy", "") == "no-referrer"
    return {
        "Origin": "null" if hidden else f"{url.scheme}://{url.netloc}",
        "Sec-Fetch-Site": "same-origin",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
