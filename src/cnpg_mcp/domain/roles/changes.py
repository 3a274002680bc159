"""What of a change to a role needs a plan: power, logins for who has power, logins that end."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import JsonValue

from cnpg_mcp.domain.plans.plan import Effect, Fate
from cnpg_mcp.domain.roles.census import Census, Declaration
from cnpg_mcp.domain.roles.order import FOREVER, RoleChange
from cnpg_mcp.domain.roles.power import granted, new_powers, reaching

_SOON = timedelta(hours=24)
"""An expiry that is nearer than this ends a login as good as at once."""


def planned_effects(
    census: Census,
    held: Declaration,
    order: RoleChange,
    asked: Mapping[str, JsonValue],
    now: datetime,
) -> Sequence[Effect]:
    """What a change would do that needs a plan; `asked` is what differs from what is declared."""
    powers = new_powers(held.powers, order.attributes.powers())
    joined = [group for group, joins in order.in_roles.items() if joins]
    new = [group for group in joined if group not in held.role.in_roles]
    gained = granted(census, held.name, powers, new)
    ends = [_changed(held, f"{end}; open sessions go on") for end in _ends(asked, now)]
    opened = [_login(census, held, way) for way in _openings(held, asked, now)]
    return [
        *gained,
        *(reaching(census, held.name) if gained else ()),
        *(each for each in opened if each is not None),
        *ends,
    ]


def _ends(asked: Mapping[str, JsonValue], now: datetime) -> Iterable[str]:
    """The ways in which a change keeps a role from logging in, in words."""
    if asked.get("login") is False:
        yield "may no longer log in"
    if asked.get("connection_limit") == 0:
        yield "may open no connection"
    until = _expiry(asked)
    if until is not None and until <= now + _SOON:
        yield f"its password is valid only until {until.isoformat()}"


def _openings(held: Declaration, asked: Mapping[str, JsonValue], now: datetime) -> Iterable[str]:
    """The ways in which a change lets in who could not log in, in words."""
    role = held.role
    if asked.get("login") is True:
        yield "may log in"
    if role.connection_limit == 0 and asked.get("connection_limit") not in {None, 0}:
        yield "may open connections again"
    was_over = role.valid_until is not None and role.valid_until <= now
    if was_over and "valid_until" in asked:
        yield "its password is valid again"


def _login(census: Census, held: Declaration, way: str) -> Effect | None:
    """A login for a role that has power; `None` for a plain one."""
    doubtful = census.doubtful(held.role.in_roles)
    if not held.powers and not doubtful:
        return None
    powers = ", ".join([*held.powers, *(f"member of {group}" for group in doubtful)])
    return Effect(Fate.GRANTED, "login", held.name, version=powers, detail=f"{way}, with {powers}")


def _expiry(asked: Mapping[str, JsonValue]) -> datetime | None:
    until = asked.get("valid_until")
    forever = not isinstance(until, str) or until == FOREVER
    return None if forever else datetime.fromisoformat(str(until))


def _changed(held: Declaration, detail: str) -> Effect:
    return Effect(Fate.CHANGED, "role", held.name, detail=detail)
