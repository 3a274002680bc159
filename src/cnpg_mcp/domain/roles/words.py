"""What a call would make of a role, in words for the people who decide on its plan."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.roles.order import FOREVER, RoleOrder
from cnpg_mcp.domain.views.declarative import RoleAttributes

_BY_LOGIN = "a password in a new Secret"
_DEFAULTS: Mapping[str, JsonValue] = {
    "superuser": False,
    "inherit": True,
    "createdb": False,
    "createrole": False,
    "replication": False,
    "bypassrls": False,
}
"""What need not be said of a new role; whether it may log in always is."""


def of_new(order: RoleOrder) -> str:
    """A role that would be created: what it may, and what it would be a member of."""
    given = order.attributes.given()
    said = {name: value for name, value in given.items() if (name, value) not in _DEFAULTS.items()}
    groups = [f"member of {_listed(order.in_roles)}"] if order.in_roles else []
    password = [_BY_LOGIN] if order.attributes.login else []
    return ", ".join([*_attributes(said), *groups, *password])


def of_change(
    role: RoleAttributes, asked: Mapping[str, JsonValue], *, needs_secret: bool = False
) -> str:
    """A role that would be changed: `asked` has the new values, of memberships all of them."""
    attributes = {name: value for name, value in asked.items() if name != "in_roles"}
    password = [_BY_LOGIN] if needs_secret else []
    return ", ".join([*_attributes(attributes), *_memberships(role, asked), *password])


def _attributes(given: Mapping[str, JsonValue]) -> Iterable[str]:
    for name, value in given.items():
        if name == "connection_limit":
            yield "no connection limit" if value == -1 else f"connection limit {value}"
        elif name == "valid_until":
            yield "valid for ever" if value == FOREVER else f"valid until {value}"
        elif name == "comment":
            yield f"comment {quoted(str(value))}"
        else:
            yield name if value else f"no{name}"


def _memberships(role: RoleAttributes, asked: Mapping[str, JsonValue]) -> Iterable[str]:
    wanted = asked.get("in_roles")
    if not isinstance(wanted, list):
        return
    joined = [str(group) for group in wanted if group not in role.in_roles]
    left = [group for group in role.in_roles if group not in wanted]
    if joined:
        yield f"member of {_listed(joined)}"
    if left:
        yield f"no longer member of {_listed(left)}"


def _listed(groups: Sequence[str]) -> str:
    return ", ".join(map(quoted, groups))
