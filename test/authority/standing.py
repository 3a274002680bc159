"""Callers by the scope that they have, and how they came by it."""

from dataclasses import dataclass

from cnpg_mcp.domain.caller import Scope
from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import PERSON, SCOPES
from test.auth.walk import log_in
from test.authority.house import House


@dataclass(frozen=True)
class Standing:
    """One caller. Their token says `granted`, or nothing; then they have `default` of the settings.

    `asked_for_all`: their login asked for every scope, so that another one brings no more.
    `permitted`: the provider says in each token that they could have everything (Auth0's
    `permissions`), which is no reason to give more than was asked for. The test server does not
    know logins.
    """

    name: str
    granted: Scope | None = None
    default: Scope | None = Scope.READ
    asked_for_all: bool = False
    permitted: bool = False

    def __str__(self) -> str:
        return self.name

    def may(self, scope: Scope) -> bool:
        """Whether they have a scope, or one above it."""
        held = self.granted or self.default
        return held is not None and rank(held) >= rank(scope)


def rank(scope: Scope) -> int:
    """Its place among the scopes: each includes those below."""
    return list(Scope).index(scope)


BY_TOKEN = (
    Standing("none", default=None),
    Standing("default"),
    Standing("read", Scope.READ),
    Standing("write", Scope.WRITE),
    Standing("admin", Scope.ADMIN),
)
ADMIN = BY_TOKEN[-1]
BY_LOGIN = (
    *BY_TOKEN,
    Standing("none-of-all", default=None, asked_for_all=True),
    Standing("default-of-all", asked_for_all=True),
    Standing("read-of-all", Scope.READ, asked_for_all=True),
    Standing("write-of-all", Scope.WRITE, asked_for_all=True),
    Standing("default-of-permitted", permitted=True),
    Standing("read-of-permitted", Scope.READ, permitted=True),
)
STANDINGS = {"main": BY_LOGIN, "test": BY_TOKEN}


class Tokens:
    """Tokens of both servers, each made once: on main by a whole login."""

    def __init__(self, provider: Auth0) -> None:
        self._provider = provider
        self._made: dict[tuple[str, Standing], str] = {}

    @property
    def subject(self) -> str:
        """The claim `sub` of them all."""
        return self._provider.subject

    def of(self, house: House, standing: Standing) -> str:
        """The token of a caller."""
        key = (house.mcp, standing)
        if key not in self._made:
            is_main = house.kind == "main"
            self._made[key] = self._login(house, standing) if is_main else self._given(standing)
        return self._made[key]

    def _given(self, standing: Standing) -> str:
        return self._provider.token("openid", *_words(standing))

    def _login(self, house: House, standing: Standing) -> str:
        tenant = self._provider.tenant
        asked = SCOPES if standing.asked_for_all else _words(standing)
        given = () if standing.permitted else _words(standing)
        tenant.withheld = frozenset(SCOPES) - frozenset(given)
        tenant.permissions = SCOPES if standing.permitted else None
        try:
            return log_in(house.base, PERSON, " ".join(["openid", *asked])).access
        finally:
            tenant.withheld, tenant.permissions = frozenset(), None


def _words(standing: Standing) -> list[str]:
    return [standing.granted.value] if standing.granted else []
