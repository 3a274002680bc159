"""Who asks: by their token, or as whom they act."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Protocol
from urllib.parse import unquote

from cnpg_mcp.demo.kubernetes.access import ANONYMOUS, SERVICE_ACCOUNT, Access, Attempt, User
from cnpg_mcp.demo.kubernetes.failures import Failure, bad_request

_USER, _GROUP, _UID = "impersonate-user", "impersonate-group", "impersonate-uid"
_EXTRA = "impersonate-extra-"
_AUTHENTICATION = "authentication.k8s.io"


class Headers(Protocol):
    """The headers of a request, by names in lower case."""

    def get(self, key: str, default: str) -> str:
        """The first value of a header."""

    def getlist(self, key: str) -> Sequence[str]:
        """All values of a header."""

    def keys(self) -> Sequence[str]:
        """The names of the headers that there are."""


def user(headers: Headers, tokens: Mapping[str, User], access: Access) -> User:
    """Who asks, or as whom they want to ask.

    Raises:
        Failure: 401 for a token that nobody has, 403 for somebody who may not be another.
    """
    known = _signed_in(headers, tokens)
    wanted, groups = headers.get(_USER, ""), tuple(headers.getlist(_GROUP))
    if not wanted:
        if groups or headers.get(_UID, ""):
            raise bad_request("requested impersonation without impersonating a user name")
        return known
    for attempt in _impersonations(headers, wanted, groups):
        access.check(known, attempt)
    return ANONYMOUS if wanted == ANONYMOUS.name else User(wanted, groups)


def _signed_in(headers: Headers, tokens: Mapping[str, User]) -> User:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return ANONYMOUS
    found = tokens.get(token.strip())
    if found is None:
        raise Failure(HTTPStatus.UNAUTHORIZED, "Unauthorized", "Unauthorized")
    return found


def _impersonations(headers: Headers, wanted: str, groups: Sequence[str]) -> Iterator[Attempt]:
    """What somebody has to be allowed to be another."""
    namespace, _, account = wanted.removeprefix(SERVICE_ACCOUNT).partition(":")
    if wanted.startswith(SERVICE_ACCOUNT):
        yield Attempt("impersonate", "", "serviceaccounts", namespace, account)
    else:
        yield Attempt("impersonate", "", "users", "", wanted)
    for group in groups:
        yield Attempt("impersonate", "", "groups", "", group)
    if uid := headers.get(_UID, ""):
        yield Attempt("impersonate", _AUTHENTICATION, "uids", "", uid)
    for name in dict.fromkeys(headers.keys()):
        if name.startswith(_EXTRA):
            resource = f"userextras/{unquote(name.removeprefix(_EXTRA))}"
            for value in headers.getlist(name):
                yield Attempt("impersonate", _AUTHENTICATION, resource, "", value)
