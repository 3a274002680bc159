"""What a thief tries with codes, tokens and clients at the OAuth endpoints."""

import asyncio
from collections import Counter

import pytest

from test.auth import rpc
from test.auth.browser import Browser
from test.auth.oauth_client import REDIRECT_URI, OAuthClient, challenge, tokens
from test.auth.providers.auth0 import Auth0
from test.auth.refusals import HOSTILE, error_of, is_refused, leads_nowhere
from test.auth.site import Site
from test.auth.trap import Trap

BAD_CLIENT = ("invalid_client", "invalid_request", "unauthorized_client")


# PKCE


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "none"},
        {"code_challenge_method": "s256"},
    ],
    ids=["none", "no-challenge", "empty", "plain", "unknown", "small"],
)
async def test_login_without_s256_is_refused(
    client: OAuthClient, changed: dict[str, str | None]
) -> None:
    (await client.register()).raise_for_status()
    answer = await client.http.get(client.authorization(**changed))
    found = error_of(answer)
    assert found["error"] == "invalid_request"


@pytest.mark.parametrize("verifier", [None, "", "x" * 43, "wrong"])
async def test_code_without_its_verifier_is_worth_nothing(
    client: OAuthClient, browser: Browser, verifier: str | None
) -> None:
    landed = await client.land(browser)
    answer = await client.exchange(landed["code"], code_verifier=verifier)
    is_refused(answer, "invalid_grant", "invalid_request")


async def test_challenge_itself_is_no_verifier(client: OAuthClient, browser: Browser) -> None:
    landed = await client.land(browser)
    answer = await client.exchange(landed["code"], code_verifier=challenge(client.verifier))
    is_refused(answer, "invalid_grant")


# Codes


async def test_code_is_good_once(client: OAuthClient, browser: Browser) -> None:
    landed = await client.land(browser)
    tokens(await client.exchange(landed["code"]))
    is_refused(await client.exchange(landed["code"]), "invalid_grant")


async def test_of_many_who_come_with_one_code_one_gets_tokens(
    client: OAuthClient, browser: Browser
) -> None:
    landed = await client.land(browser)
    answers = await asyncio.gather(*(client.exchange(landed["code"]) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 7}
    assert {answer.json().get("error") for answer in answers} == {None, "invalid_grant"}


async def test_code_of_another_client_is_worth_nothing(
    client: OAuthClient, browser: Browser
) -> None:
    landed = await client.land(browser)
    thief = OAuthClient(client.base, client.http, verifier=client.verifier)
    await thief.register()
    is_refused(await thief.exchange(landed["code"]), "invalid_grant")


# Refresh tokens; what happens after the grace: test_grace.py


async def test_refresh_token_that_is_used_twice_at_once_brings_the_same_tokens(
    client: OAuthClient, browser: Browser
) -> None:
    found = await client.login(browser)
    answers = await asyncio.gather(*(client.refresh(found.refresh) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.json()["access_token"] for answer in answers}) == 1


async def test_refresh_token_of_another_client_is_worth_nothing(
    auth0_site: Site[Auth0], client: OAuthClient, browser: Browser
) -> None:
    found = await client.login(browser)
    thief = OAuthClient(client.base, client.http)
    await thief.register()
    is_refused(await thief.refresh(found.refresh), "invalid_grant")
    await client.refresh(found.refresh)
    is_refused(await thief.refresh(found.refresh), "invalid_grant")
    assert rpc.is_let_in(await rpc.call(client.http, auth0_site.main.mcp, found.access))


async def test_access_token_is_no_refresh_token(client: OAuthClient, browser: Browser) -> None:
    found = await client.login(browser)
    is_refused(await client.refresh(found.access), "invalid_grant")


async def test_refresh_brings_no_more_scopes(client: OAuthClient, browser: Browser) -> None:
    client.scope = "cnpg:read"
    found = await client.login(browser)
    answer = await client.refresh(found.refresh, scope="cnpg:read cnpg:admin")
    is_refused(answer, "invalid_scope")


async def test_token_of_another_client_is_not_revoked(
    auth0_site: Site[Auth0], client: OAuthClient, browser: Browser
) -> None:
    found = await client.login(browser)
    thief = OAuthClient(client.base, client.http)
    await thief.register()
    for token in (found.access, found.refresh):
        assert (await thief.revoke(token)).status_code == 200
    assert rpc.is_let_in(await rpc.call(client.http, auth0_site.main.mcp, found.access))


# Clients


@pytest.mark.parametrize("client_id", HOSTILE.values(), ids=HOSTILE)
async def test_unknown_client_is_refused_everywhere(client: OAuthClient, client_id: str) -> None:
    client.client_id = client_id
    leads_nowhere(await client.http.get(client.authorization()))
    is_refused(await client.exchange("x"), *BAD_CLIENT)
    is_refused(await client.refresh("x"), *BAD_CLIENT)
    is_refused(await client.revoke("x"), *BAD_CLIENT)


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
async def test_codes_and_tokens_of_any_form_are_refused(client: OAuthClient, value: str) -> None:
    (await client.register()).raise_for_status()
    is_refused(await client.exchange(value), "invalid_grant", "invalid_request")
    is_refused(await client.refresh(value), "invalid_grant", "invalid_request")
    assert (await client.revoke(value)).status_code in {200, 400}


async def test_address_as_client_id_is_not_fetched_unless_that_is_switched_on(
    client: OAuthClient,
) -> None:
    with Trap({}) as trap:
        client.client_id = trap.url
        leads_nowhere(await client.http.get(client.authorization()))
        assert trap.hits == 0


async def test_metadata_offers_what_is_served(client: OAuthClient) -> None:
    found = (await client.http.get(f"{client.base}/.well-known/oauth-authorization-server")).json()
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["response_types_supported"] == ["code"]
    assert not found.get("client_id_metadata_document_supported")
    assert found["revocation_endpoint"].endswith("/revoke")


@pytest.mark.parametrize("grant", ["client_credentials", "password", "implicit", "x" * 10_000, ""])
async def test_other_grants_are_refused(client: OAuthClient, grant: str) -> None:
    await client.register()
    is_refused(await client.exchange("x", grant_type=grant))


@pytest.mark.parametrize(
    "metadata",
    [
        {"redirect_uris": []},
        {"redirect_uris": None},
        {"redirect_uris": "http://localhost:1/x"},
        {"redirect_uris": [REDIRECT_URI] * 5000},
        {"grant_types": ["password"]},
        {"response_types": ["token"]},
        {"scope": "cnpg:read everything"},
        {"client_name": {"a": 1}},
        {"client_name": "x" * 200_000},
    ],
    ids=lambda metadata: next(iter(metadata)),
)
async def test_unfit_registration_is_refused(
    client: OAuthClient, metadata: dict[str, object]
) -> None:
    is_refused(await client.register(**metadata))


async def test_client_cannot_choose_its_id(client: OAuthClient) -> None:
    answer = await client.register(client_id="../chosen", client_secret="chosen-by-a-thief")
    assert answer.status_code == 201
    assert answer.json()["client_id"] != "../chosen"


async def test_login_for_another_resource_is_refused(client: OAuthClient) -> None:
    (await client.register()).raise_for_status()
    answer = await client.http.get(client.authorization(resource="https://other.example/mcp"))
    assert error_of(answer)["error"] == "invalid_target"


async def test_login_for_another_kind_of_answer_is_refused(client: OAuthClient) -> None:
    (await client.register()).raise_for_status()
    answer = await client.http.get(client.authorization(response_type="token"))
    assert error_of(answer)["error"] in {"unsupported_response_type", "invalid_request"}
