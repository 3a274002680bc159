"""The login page of the demo's provider: who is signed in by it, and who is told what."""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
import pytest_asyncio

from cnpg_mcp.demo.provider.provider import Provider
from test.auth.addresses import http_from
from test.auth.browser import Browser
from test.auth.oauth_client import tokens
from test.auth.pages import Form, forms
from test.auth.raw import exchange
from test.controlplane.process import free_ports
from test.demo.provider_house import CALLBACK, GRANTED, Application, person, running

USERS = tuple(GRANTED)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    (port,) = free_ports(1)
    with running(Provider(port, [CALLBACK])) as found:
        yield found


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with http_from() as client:
        yield client


@pytest.fixture
def application(provider: Provider, http: httpx.AsyncClient) -> Application:
    return Application(provider, http)


def form_of(browser: Browser, page: httpx.Response, **other: str) -> httpx.Request:
    """The login form as the browser sends it; `other` replaces what it holds."""
    sent = browser._following(page, "")
    form = {name: values[0] for name, values in parse_qs(sent.content.decode()).items()}
    return browser.http.build_request("POST", str(sent.url), data={**form, **other})


async def opened(browser: Browser, application: Application, **other: str) -> httpx.Response:
    """The login page."""
    url = application.authorization(**other)
    return await browser.fetch(browser.http.build_request("GET", url))


async def test_page_says_what_it_is_and_who_may_do_what(application: Application) -> None:
    async with Browser(person("reader")) as browser:
        page = await opened(browser, application)
    assert "This is a simulation" in page.text
    for user, scopes in GRANTED.items():
        assert f"Continue as {user}" in page.text
        assert scopes[-1] in page.text
    assert "src=" not in page.text
    assert "@import" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("user", USERS)
async def test_each_user_has_a_button_that_signs_them_in(
    application: Application, user: str
) -> None:
    async with Browser(person("nobody")) as browser:
        page = await opened(browser, application)
        button = next(form for form in pages_forms(page) if form.fields.get("username") == user)
        answer = await browser.fetch(browser.submit(page, button))
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    found = tokens(await application.exchange(code))
    assert jwt.decode(found.access, options={"verify_signature": False})["sub"] == user


def pages_forms(page: httpx.Response) -> list[Form]:
    """The forms of a page."""
    return forms(page.text)


async def test_person_who_cancels_is_sent_back_with_an_error(application: Application) -> None:
    async with Browser(person("reader")) as browser:
        page = await opened(browser, application)
        cancel = next(form for form in pages_forms(page) if form.offers("deny"))
        answer = await browser.fetch(browser.submit(page, cancel, "deny"))
    told = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (told["error"], told["state"]) == (["access_denied"], [application.state])


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong"}, {"username": "nobody"}, {"password": ""}, {"username": ""}]
)
async def test_wrong_password_is_refused_and_the_page_stays_usable(
    application: Application, wrong: dict[str, str]
) -> None:
    async with Browser(person("reader")) as browser:
        page = await opened(browser, application)
        refused = await browser.fetch(form_of(browser, page, **wrong))
        assert refused.status_code == httpx.codes.FORBIDDEN
        assert "nobody with that name and password" in refused.text
        again = httpx.Response(200, request=refused.request, text=refused.text)
        answer = await browser.fetch(form_of(browser, again))
    assert answer.headers["location"].startswith(f"{CALLBACK}?code=")


async def test_form_of_another_browser_is_refused(application: Application) -> None:
    async with Browser(person("reader")) as one, Browser(person("reader")) as other:
        page = await opened(one, application)
        await opened(other, application)
        await assert_form_is_refused(other, form_of(other, page))
        other.http.cookies.clear()
        await assert_form_is_refused(other, form_of(other, page))
        await assert_form_is_refused(one, form_of(one, page, token=""))
        await assert_form_is_refused(one, form_of(one, page, token="é"))


async def test_form_for_another_request_is_refused(application: Application) -> None:
    async with Browser(person("reader")) as browser:
        page = await opened(browser, application)
        sent = form_of(browser, page)
        elsewhere = sent.url.copy_set_param("state", "another")
        changed = browser.http.build_request("POST", elsewhere, content=sent.content)
        await assert_form_is_refused(browser, changed)


async def assert_form_is_refused(browser: Browser, request: httpx.Request) -> None:
    """Nobody is signed in by it."""
    answer = await browser.fetch(request)
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert "not from here" in answer.text


TOLD = {
    "no challenge": ({"code_challenge": None}, "invalid_request"),
    "plain challenge": ({"code_challenge_method": "plain"}, "invalid_request"),
    "no method": ({"code_challenge_method": None}, "invalid_request"),
    "response type": ({"response_type": "token"}, "unsupported_response_type"),
    "no page wanted": ({"prompt": "none"}, "login_required"),
}


@pytest.mark.parametrize(("other", "error"), TOLD.values(), ids=TOLD)
async def test_client_is_told_what_is_wrong_with_its_request(
    application: Application, http: httpx.AsyncClient, other: dict[str, str | None], error: str
) -> None:
    answer = await http.get(application.authorization(**other))
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    assert parse_qs(urlsplit(answer.headers["location"]).query)["error"] == [error]


SCRIPT = "<script>alert(1)</script>"
HOSTILE = f"\"'>{SCRIPT}é\u202e\x00"
UNTOLD = {
    "client": {"client_id": "somebody"},
    "no client": {"client_id": None},
    "redirect": {"redirect_uri": "http://elsewhere.example/"},
    "longer redirect": {"redirect_uri": f"{CALLBACK}/more"},
    "redirect with a query": {"redirect_uri": f"{CALLBACK}?a=b"},
    "no redirect": {"redirect_uri": None},
    "hostile client": {"client_id": HOSTILE},
    "hostile redirect": {"redirect_uri": HOSTILE},
    "redirect that can be quoted": {"redirect_uri": SCRIPT},
    "hostile response type": {"response_type": HOSTILE},
}


@pytest.mark.parametrize("other", UNTOLD.values(), ids=UNTOLD)
async def test_browser_is_sent_nowhere_for_a_request_of_somebody_else(
    application: Application, http: httpx.AsyncClient, other: dict[str, str | None]
) -> None:
    answer = await http.get(application.authorization(**other))
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert "location" not in answer.headers
    assert "not possible" in answer.text
    assert "<script" not in answer.text


NAMED = {
    "client": ({"client_id": "somebody"}, "client_id has to be cnpg-mcp-demo"),
    "no client": ({"client_id": None, "response_type": None}, "client_id has to be cnpg-mcp-demo"),
    "redirect": ({"redirect_uri": "http://elsewhere.example/"}, "elsewhere.example"),
    "response type": (
        {"response_type": None, "redirect_uri": None},
        "response_type has to be code",
    ),
}


@pytest.mark.parametrize(("other", "named"), NAMED.values(), ids=NAMED)
async def test_page_names_what_is_wrong(
    application: Application, http: httpx.AsyncClient, other: dict[str, str | None], named: str
) -> None:
    assert named in (await http.get(application.authorization(**other))).text


async def test_hostile_parameters_are_text_on_the_page(
    application: Application, http: httpx.AsyncClient
) -> None:
    names = ("scope", "state", "nonce", "login_hint", "ui_locales", HOSTILE)
    hostile = dict.fromkeys(names, HOSTILE)
    page = await http.get(application.authorization(**hostile))
    raw = unencoded(f"{application.authorization()}&x='\">{SCRIPT}")
    for text in (page.text, raw):
        assert "Continue as reader" in text
        assert "<script" not in text
        assert len(pages_forms(httpx.Response(200, text=text))) == len(USERS) + 2


def unencoded(url: str) -> str:
    """The answer to a request whose query is sent as it is, which no library does."""
    address = urlsplit(url)
    target = f"{address.path}?{address.query}"
    request = f"GET {target} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n"
    return exchange(address.port or 0, request.encode()).decode()
