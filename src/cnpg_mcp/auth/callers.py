"""From the claims of a token to a caller: scopes, and the Kubernetes user they act as."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cnpg_mcp.domain.caller import Caller, Impersonation, Scope
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.settings import Settings

_CLAIMS = ("scope", "scp", "permissions")
_NAMES = {scope.value: scope for scope in Scope}
_RESERVED = "system:"
_MAX_NAME, _MAX_GROUPS = 256, 200


@dataclass(frozen=True)
class CallerRules:
    """How settings turn claims into a caller."""

    default_scopes: frozenset[Scope]
    user_claim: str | None = None
    user_prefix: str = ""
    groups_claim: str | None = None
    group_prefix: str = ""

    @classmethod
    def of(cls, settings: Settings) -> "CallerRules":
        """The rules that the settings state."""
        return cls(
            default_scopes=frozenset(Scope(name) for name in settings.default_scopes),
            user_claim=settings.impersonate_user_claim,
            user_prefix=settings.impersonate_user_prefix or "",
            groups_claim=settings.impersonate_groups_claim,
            group_prefix=settings.impersonate_group_prefix or "",
        )

    def caller(
        self,
        claims: Mapping[str, Any],
        client_id: str = "",
        asked: Collection[str] | None = None,
    ) -> Caller:
        """The caller whom verified claims name; barred where they do not say as whom to act.

        `asked`: what the login asked for, where that is known; it was granted no more, whatever
        the claims say that the person could be granted.
        """
        scopes = granted_scopes(claims) or self.default_scopes
        if asked is not None:
            scopes = _within(scopes, asked) or _within(scopes, self.default_scopes)
        caller = Caller(
            issuer=str(claims["iss"]),
            subject=str(claims["sub"]),
            scopes=scopes,
            client_id=client_id,
        )
        if self.user_claim is None:
            return caller
        try:
            return replace(caller, acts_as=self._impersonation(claims))
        except ToolFailure as failure:
            return replace(caller, barred=failure)

    def _impersonation(self, claims: Mapping[str, Any]) -> Impersonation:
        if self.user_claim == "email" and claims.get("email_verified") is not True:
            raise _no_user("its e-mail address is not verified (claim email_verified)")
        user = _name(claims.get(self.user_claim or ""), f"claim {self.user_claim}")
        return Impersonation(
            user=_unreserved(self.user_prefix + user),
            groups=tuple(_unreserved(self.group_prefix + group) for group in self._groups(claims)),
        )

    def _groups(self, claims: Mapping[str, Any]) -> list[str]:
        if self.groups_claim is None:
            return []
        found = claims.get(self.groups_claim)
        if not isinstance(found, list) or len(found) > _MAX_GROUPS:
            raise _no_user(f"claim {self.groups_claim} is no list of at most {_MAX_GROUPS} groups")
        return [_name(group, f"a group in claim {self.groups_claim}") for group in found]


def granted_scopes(claims: Mapping[str, Any]) -> frozenset[Scope]:
    """The scopes of ours in the first of `scope`, `scp` and `permissions` that names any.

    What the login was granted (`scope`, RFC 9068; `scp` at some providers) goes before what the
    person could be granted at all (`permissions`, Auth0).
    """
    for claim in _CLAIMS:
        named = claims.get(claim)
        words = named.split() if isinstance(named, str) else named
        if isinstance(words, list):
            found = frozenset(scope for name, scope in _NAMES.items() if name in words)
            if found:
                return found
    return frozenset()


def _within(granted: frozenset[Scope], asked: Collection[str]) -> frozenset[Scope]:
    """What is both granted and asked for, where each scope includes the ones below it."""
    wanted = frozenset(scope for name, scope in _NAMES.items() if name in asked)
    has, wants = Caller("", "", granted), Caller("", "", wanted)
    return frozenset(scope for scope in Scope if has.may(scope) and wants.may(scope))


def _name(value: object, what: str) -> str:
    """A name that can stand in a header as it is: never changed, so that none becomes another."""
    if not isinstance(value, str) or not value:
        raise _no_user(f"{what} is missing")
    if len(value) > _MAX_NAME or not value.isascii() or not value.isprintable():
        raise _no_user(f"{what} is not a printable ASCII name of at most {_MAX_NAME} characters")
    if value != value.strip():
        raise _no_user(f"{what} begins or ends with a blank")
    return value


def _unreserved(name: str) -> str:
    """A name with its prefix; blanks before it, which HTTP takes away, make it no other name."""
    if name.lstrip().startswith(_RESERVED):
        raise _no_user(f"it would lead to a name that begins with {_RESERVED}")
    return name


def _no_user(reason: str) -> ToolFailure:
    return ToolFailure(
        ErrorCode.FORBIDDEN,
        f"This login cannot act in Kubernetes: {reason}.",
        "Have the administrator of the identity provider put the claim into access tokens; "
        "nothing was done.",
    )
