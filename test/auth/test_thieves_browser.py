"""What a thief tries with somebody else's browser: consent, cookies, callbacks."""

import httpx
import pytest

from test.auth.browser import Browser, Landing, landing
from test.auth.oauth_client import REDIRECT_URI, OAuthClient, tokens
from test.auth.pages import forms
from test.auth.providers.base import PERSON
from test.auth.refusals import HOSTILE, leads_nowhere


async def _provider_s_page(client: OAuthClient, browser: Browser) -> str:
    """The address of the provider's login page, after this browser has approved the client."""
    (await client.register()).raise_for_status()
    page = await browser.page(client.authorization(), "/consent")
    approved = await browser.fetch(browser.submit(page, forms(page.text)[0]))
    return str(approved.headers["location"])


async def _walk(browser: Browser, url: str) -> httpx.Response:
    """The answer of the callback to which the provider's login page leads."""
    callback = await browser.address(url, "/auth/callback")
    return await browser.fetch(browser.http.build_request("GET", callback))


async def test_login_ends_in_the_browser_that_approved_it(
    client: OAuthClient, browser: Browser
) -> None:
    """A thief approves a client of theirs, and sends the rest of the way to somebody else."""
    url = await _provider_s_page(client, browser)
    async with Browser(PERSON) as victim:
        answer = await _walk(victim, url)
    assert answer.status_code == 403
    assert "location" not in answer.headers


async def test_same_browser_comes_through(client: OAuthClient, browser: Browser) -> None:
    answer = await _walk(browser, await _provider_s_page(client, browser))
    assert answer.headers["location"].startswith(REDIRECT_URI)


async def test_callback_is_good_once(client: OAuthClient, browser: Browser) -> None:
    url = await _provider_s_page(client, browser)
    await _walk(browser, url)
    callback = [step for _, step, _ in browser.visit.steps if "/auth/callback" in step][-1]
    again = await browser.http.get(callback)
    leads_nowhere(again)


async def test_consent_of_another_browser_counts_for_nothing(
    client: OAuthClient, browser: Browser
) -> None:
    (await client.register()).raise_for_status()
    page = await browser.page(client.authorization(), "/consent")
    async with Browser(PERSON) as thief:
        answer = await thief.fetch(thief.submit(page, forms(page.text)[0]))
    leads_nowhere(answer)


@pytest.mark.parametrize(
    "changed", [{"csrf_token": "guessed"}, {"csrf_token": ""}, {"txn_id": "x"}]
)
async def test_consent_with_a_guessed_form_counts_for_nothing(
    client: OAuthClient, browser: Browser, changed: dict[str, str]
) -> None:
    (await client.register()).raise_for_status()
    page = await browser.page(client.authorization(), "/consent")
    form = forms(page.text)[0]
    form.fields.update(changed)
    leads_nowhere(await browser.fetch(browser.submit(page, form)))


async def test_consent_from_a_foreign_page_counts_for_nothing(
    client: OAuthClient, browser: Browser
) -> None:
    (await client.register()).raise_for_status()
    page = await browser.page(client.authorization(), "/consent")
    request = browser.submit(page, forms(page.text)[0])
    request.headers["Origin"] = "https://thief.example"
    request.headers["Sec-Fetch-Site"] = "cross-site"
    leads_nowhere(await browser.fetch(request))


async def test_consent_page_shows_the_client_as_text_and_stays_in_no_frame(
    client: OAuthClient, browser: Browser
) -> None:
    await client.register(client_name="<script>alert(1)</script><b>Your Bank</b>")
    page = await browser.page(client.authorization(), "/consent")
    assert "<script>alert(1)" not in page.text
    assert "<b>Your Bank" not in page.text
    assert "localhost:33418" in page.text
    policy = page.headers.get("content-security-policy", "")
    assert "frame-ancestors 'none'" in policy or page.headers["x-frame-options"] == "DENY"
    assert "no-store" in page.headers.get("cache-control", "")


@pytest.mark.parametrize("name", ["state", "code", "error", "error_description"])
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
async def test_callback_of_any_form_is_refused(client: OAuthClient, name: str, value: str) -> None:
    given = {"state": "x", "code": "y", name: value}
    answer = await client.http.get(f"{client.base}/auth/callback", params=given)
    leads_nowhere(answer)
    assert "<script>alert(1)" not in answer.text


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
async def test_consent_of_any_form_is_refused(client: OAuthClient, value: str) -> None:
    url = f"{client.base}/consent"
    leads_nowhere(await client.http.get(url, params={"txn_id": value}))
    form = {"txn_id": value, "csrf_token": value, "action": value}
    leads_nowhere(await client.http.post(url, data=form))


async def test_logins_of_one_browser_do_not_disturb_each_other(
    client: OAuthClient, browser: Browser
) -> None:
    other = OAuthClient(client.base, client.http)
    first, second = await _provider_s_page(client, browser), await _provider_s_page(other, browser)
    landings = [_landed(await _walk(browser, url)) for url in (second, first)]
    tokens(await other.exchange(landings[0]["code"]))
    tokens(await client.exchange(landings[1]["code"]))


def _landed(answer: httpx.Response) -> Landing:
    return landing(answer.headers["location"])
