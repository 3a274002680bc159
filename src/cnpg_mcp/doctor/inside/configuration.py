"""Settings that are complete, and do not work against each other."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cnpg_mcp.doctor.findings import Finding, passed, quoted
from cnpg_mcp.doctor.inside import kinds
from cnpg_mcp.doctor.inside.place import Place, may_use
from cnpg_mcp.settings import (
    Settings,
    SettingsError,
    require_main_sign_in,
    require_token_sign_in,
)

if TYPE_CHECKING:
    from pydantic import SecretStr

_WEB = {"http", "https"}
_WIDE_SCOPES = {"cnpg:write", "cnpg:admin"}


async def configuration(place: Place) -> AsyncIterator[Finding]:
    """What http needs is set, and nothing contradicts."""
    settings = place.settings
    found = [*_incomplete(place), *_contradictions(settings)]
    if place.url and settings.public_url and place.url != settings.public_url:
        seen = f"PUBLIC_URL is {settings.public_url}, clients use {place.url}."
        found.append(kinds.PUBLIC_URL_DIFFERS.found(seen))
    for finding in found:
        yield finding
    if not found:
        yield passed("configuration", "The settings are complete and agree.")


def _incomplete(place: Place) -> Iterator[Finding]:
    settings = place.settings
    if not place.is_main and not settings.oidc_issuer:
        yield kinds.NO_PROVIDER.found("OIDC_ISSUER is not set.")
        return
    if not place.is_main:
        yield kinds.NOT_MAIN.found("AUTH0_CLIENT_ID is not set.")
    try:
        (require_main_sign_in if place.is_main else require_token_sign_in)(settings)
    except SettingsError as error:
        yield kinds.SETTINGS_REFUSED.found(str(error))


def _contradictions(settings: Settings) -> Iterator[Finding]:
    for one, other in combinations(_keys(settings).items(), 2):
        if one[1] & other[1]:
            yield kinds.KEYS_SHARED.found(f"{one[0]} and {other[0]} have the same key.")
    wide = [scope for scope in settings.default_scopes if scope in _WIDE_SCOPES]
    if wide:
        yield kinds.DEFAULT_SCOPES_WIDE.found(f"DEFAULT_SCOPES has {', '.join(wide)}.")
    for pattern in filter(_is_wide, settings.allowed_redirect_uris):
        yield kinds.REDIRECTS_WIDE.found(f"ALLOWED_REDIRECT_URIS has {quoted(pattern)}.")
    public = settings.public_url or ""
    if public.startswith("https:") and not settings.trusted_proxies:
        yield kinds.PROXIES_UNKNOWN.found("PUBLIC_URL is https, TRUSTED_PROXIES is not set.")
    if settings.audit_log and not _may_append(settings.audit_log):
        yield kinds.AUDIT_NOT_WRITABLE.found(f"AUDIT_LOG is {settings.audit_log}.")


def _keys(settings: Settings) -> Mapping[str, set[str]]:
    """The values of every key and secret, by its setting."""
    given: Mapping[str, tuple[SecretStr | None, ...]] = {
        "OAUTH_SIGNING_KEY": (settings.oauth_signing_key,),
        "OAUTH_STORE_KEY": (settings.oauth_store_key,),
        "PLAN_KEY": settings.plan_key,
        "AUTH0_CLIENT_SECRET": (settings.auth0_client_secret,),
    }
    return {name: {key.get_secret_value() for key in keys if key} for name, keys in given.items()}


def _is_wide(pattern: str) -> bool:
    """Whether strangers can have an address that fits: any scheme, or a host open at its end.

    `*.example.com` is one owner's, `*.com` is not; the schemes of apps have no owner to check.
    """
    parts = urlsplit(pattern)
    if parts.scheme not in _WEB:
        return "*" in pattern.partition(":")[0]
    host = parts.netloc.rpartition("@")[2].partition(":")[0]
    owned = host.removeprefix("*.")
    return "*" in owned or not owned or (owned != host and "." not in owned)


def _may_append(path: Path) -> bool:
    return may_use(path if os.path.lexists(path) else path.parent, os.W_OK)
