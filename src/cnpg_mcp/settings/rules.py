"""What http needs: checked when a server starts that way."""

from urllib.parse import urlsplit

from cnpg_mcp.settings.fields import is_loopback
from cnpg_mcp.settings.model import Settings

__all__ = [
    "SettingsError",
    "is_loopback",
    "is_redis",
    "require_main_sign_in",
    "require_token_sign_in",
]
_EXAMPLE = "rediss://:PASSWORD@host:6379"
_REDIS = ("redis://", "rediss://")


class SettingsError(Exception):
    """The settings cannot be used; the message says which, why, and what to change."""


def require_main_sign_in(settings: Settings) -> None:
    """Refuses to serve http with the OAuth proxy where something for a login is missing.

    Raises:
        SettingsError: a setting is missing, or the store is open to others.
    """
    _require(settings, "oidc_issuer", "oidc_audience", "auth0_client_id", "auth0_client_secret")
    if not is_loopback(settings.host):
        _require(settings, "public_url", "oauth_signing_key")
    for name in ("oauth_store", "plan_store"):
        _require_guarded(settings, name)
    if is_redis(settings.oauth_store.get_secret_value() if settings.oauth_store else ""):
        _require(settings, "oauth_signing_key", "plan_key")
    if settings.plan_store:
        _require(settings, "plan_key")


def require_token_sign_in(settings: Settings) -> None:
    """Refuses to serve http with the provider's tokens where something is missing.

    Raises:
        SettingsError: a setting is missing, or the store is open to others.
    """
    _require(settings, "oidc_issuer", "oidc_audience")
    if not is_loopback(settings.host):
        _require(settings, "public_url")
    _require_guarded(settings, "plan_store")
    if settings.plan_store:
        _require(settings, "plan_key")


def is_redis(store: str) -> bool:
    """Whether a store is a Redis URL."""
    return store.startswith(_REDIS)


def _require(settings: Settings, *names: str) -> None:
    missing = [name.upper() for name in names if not getattr(settings, name)]
    if missing:
        raise SettingsError(
            f"http needs {' and '.join(missing)}: docs/configuration.md says what to put there "
            "(stdio needs none of it)."
        )


def _require_guarded(settings: Settings, name: str) -> None:
    """Whoever reads a Redis without password can take logins over, or forget used codes."""
    given = getattr(settings, name)
    store = given.get_secret_value() if given else ""
    if not is_redis(store):
        if name == "plan_store" and store:
            raise SettingsError(f"PLAN_STORE must be a Redis URL such as {_EXAMPLE}.")
        return
    try:
        url = urlsplit(store)
        host, password, _ = url.hostname or "", url.password, url.port
    except ValueError:
        raise SettingsError(
            f"{name.upper()} is no address: it must look like {_EXAMPLE}."
        ) from None
    if not password and not is_loopback(host):
        raise SettingsError(
            f"{name.upper()} is a Redis without a password that others can reach: give it one "
            f"({_EXAMPLE})."
        )
