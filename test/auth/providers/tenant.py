"""What the stand-in for an Auth0 tenant knows: its clock, its keys, what it has granted."""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from test.auth.providers.base import AUDIENCE, CLIENT_ID, PERSON, SCOPES
from test.auth.providers.keys import KeyRing, encrypted, opaque

STANDARD_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})


class OAuthError(Exception):
    """An answer of the token endpoint that is no token."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


@dataclass(frozen=True)
class Grant:
    """What a login was for."""

    subject: str
    audience: str | None
    scopes: tuple[str, ...]
    redirect_uri: str = ""
    challenge: str = ""
    nonce: str | None = None
    family: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass(frozen=True)
class Seen:
    """A request that reached the tenant."""

    method: str
    path: str
    parameters: dict[str, str]


@dataclass
class Tenant:
    """The knobs that tests turn, and the state behind the endpoints."""

    issuer: str
    subject: str = f"auth0|{PERSON.username}"
    skew: float = 0.0
    """By how many seconds its clock is ahead."""
    lifetime: int = 86_400
    """Auth0's default: longer than any run, through which many tests may share one token."""
    refresh_leeway: float = 0.0
    """For how long a used refresh token works on (Auth0: rotation overlap period)."""
    encrypts: bool = False
    permissions: tuple[str, ...] | None = None
    """The claim `permissions` (Auth0: RBAC), where it is switched on."""
    audience: str = AUDIENCE
    """The only API that it knows."""
    withheld: frozenset[str] = frozenset()
    """Scopes that the person is not given although the client asks."""
    keys: KeyRing = field(default_factory=KeyRing)
    seen: list[Seen] = field(default_factory=list)
    _codes: dict[str, Grant] = field(default_factory=dict)
    _refresh: dict[str, Grant] = field(default_factory=dict)
    _used: dict[str, float] = field(default_factory=dict)
    _revoked: set[str] = field(default_factory=set)

    def now(self) -> float:
        """What its clock shows."""
        return time.time() + self.skew

    def asked(self, path: str) -> list[Seen]:
        """The requests that this path has got."""
        return [one for one in self.seen if one.path == path]

    def claims(self, scopes: tuple[str, ...] = (), **other: Any) -> dict[str, Any]:
        """Claims of a good access token; `other` replaces, and `None` removes one."""
        now = int(self.now())
        made = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": [AUDIENCE, f"{self.issuer}userinfo"] if "openid" in scopes else AUDIENCE,
            "iat": now,
            "exp": now + self.lifetime,
            "azp": CLIENT_ID,
            "scope": " ".join(scopes),
            **({"permissions": list(self.permissions)} if self.permissions is not None else {}),
            **other,
        }
        return {name: value for name, value in made.items() if value is not None}

    def access_token(self, grant: Grant) -> str:
        """The access token of a grant: opaque without an audience."""
        if grant.audience is None:
            return opaque(self.issuer)
        token = self.keys.current.sign(self.claims(grant.scopes, sub=grant.subject))
        return encrypted(token, self.keys.current) if self.encrypts else token

    def id_token(self, grant: Grant, **other: Any) -> str:
        """The ID token of a login: for the client, not for the API."""
        about = {"scope": None, "azp": None, "permissions": None, "nonce": grant.nonce}
        claims = self.claims(aud=CLIENT_ID, sub=grant.subject, **about)
        return self.keys.current.sign({**claims, **other})

    def grant(self, audience: str | None, scope: str) -> tuple[str, ...]:
        """The scopes that are given of those asked for."""
        if audience not in {None, self.audience}:
            raise OAuthError("access_denied", f"Service not found: {audience}", 403)
        known = STANDARD_SCOPES | (set(SCOPES) if audience else set())
        return tuple(one for one in scope.split() if one in known - self.withheld)

    def new_code(self, grant: Grant) -> str:
        """An authorization code, good once."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = grant
        return code

    def by_code(self, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
        """The tokens for a code."""
        grant = self._codes.pop(code, None)
        if grant is None or grant.redirect_uri != redirect_uri:
            raise OAuthError("invalid_grant", "Invalid authorization code", 403)
        if grant.challenge and _challenge(verifier) != grant.challenge:
            raise OAuthError("invalid_grant", "Failed to verify code verifier", 403)
        return self._answer(grant)

    def by_refresh(self, token: str) -> dict[str, Any]:
        """The tokens for a refresh token; using one twice revokes the whole family."""
        grant = self._refresh.get(token)
        if grant is None or grant.family in self._revoked:
            raise OAuthError("invalid_grant", "Unknown or invalid refresh token.", 403)
        now = self.now()
        used_at = self._used.setdefault(token, now)
        if used_at + self.refresh_leeway < now:
            self._revoked.add(grant.family)
            raise OAuthError("invalid_grant", "Unknown or invalid refresh token.", 403)
        return self._answer(grant)

    def by_credentials(self, audience: str, scope: str) -> dict[str, Any]:
        """The token of the application itself."""
        subject = f"{CLIENT_ID}@clients"
        scopes = tuple(one for one in scope.split() if one in SCOPES) if scope else SCOPES
        self.grant(audience, scope)
        grant = Grant(subject, audience, scopes)
        return {
            "access_token": self.access_token(grant),
            "token_type": "Bearer",
            "expires_in": self.lifetime,
        }

    def revoke(self, token: str) -> None:
        """Ends the family of a refresh token; anything else is accepted and does nothing."""
        grant = self._refresh.get(token)
        if grant:
            self._revoked.add(grant.family)

    def end_all_logins(self) -> None:
        """No refresh token works any more: an administrator has signed everybody out."""
        self._revoked |= {grant.family for grant in self._refresh.values()}

    def secrets(self) -> set[str]:
        """All refresh tokens that were given."""
        return set(self._refresh)

    def _answer(self, grant: Grant) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "access_token": self.access_token(grant),
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "scope": " ".join(grant.scopes),
        }
        if "openid" in grant.scopes:
            answer["id_token"] = self.id_token(grant)
        if "offline_access" in grant.scopes:
            answer["refresh_token"] = self._new_refresh(grant)
        return answer

    def _new_refresh(self, grant: Grant) -> str:
        token = f"v1.{secrets.token_urlsafe(32)}"
        self._refresh[token] = grant
        return token


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
