"""Several people of one company, as the identity provider names them in tokens."""

from dataclasses import dataclass, field
from typing import Any

from test.auth.providers.auth0 import Auth0
from test.auth.providers.base import PERSON, SCOPES
from test.auth.walk import log_in
from test.authority.house import House

USER_PREFIX, GROUP_PREFIX = "oidc:", "oidc-group:"
EVERYBODY = "system:authenticated"
"""The group in which the API server puts whoever has a name."""
IMPERSONATES: dict[str, Any] = {
    "impersonate_user_claim": "sub",
    "impersonate_user_prefix": USER_PREFIX,
    "impersonate_groups_claim": "groups",
    "impersonate_group_prefix": GROUP_PREFIX,
}


@dataclass(frozen=True)
class Employee:
    """Somebody with all scopes; `claims` are what else their tokens say, or say instead."""

    subject: str
    groups: tuple[str, ...] = ()
    claims: dict[str, Any] = field(default_factory=dict)

    @property
    def user(self) -> str:
        """Who they are to Kubernetes."""
        return USER_PREFIX + self.subject

    @property
    def kubernetes_groups(self) -> frozenset[str]:
        """What they are members of to Kubernetes."""
        return frozenset({EVERYBODY, *(GROUP_PREFIX + group for group in self.groups)})

    def token(self, provider: Auth0, house: House) -> str:
        """An access token for a server: on main by a login."""
        return self._login(provider, house) if house.kind == "main" else self._given(provider)

    def _claims(self) -> dict[str, Any]:
        return {"sub": self.subject, "groups": [*self.groups], **self.claims}

    def _given(self, provider: Auth0) -> str:
        tenant = provider.tenant
        return tenant.keys.current.sign(tenant.claims(SCOPES, **self._claims()))

    def _login(self, provider: Auth0, house: House) -> str:
        """The provider puts the claims into every token that it gives meanwhile."""
        tenant = provider.tenant
        usual = tenant.claims
        tenant.claims = lambda scopes=(), **other: usual(scopes, **{**other, **self._claims()})
        try:
            return log_in(house.base, PERSON, " ".join(SCOPES)).access
        finally:
            del tenant.claims


SOMEONE = Employee("auth0|someone", ("dba", "on call"))
ANOTHER = Employee("auth0|another")
