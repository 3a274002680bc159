"""What people read before they decide: a role's attributes in words, and what its groups are."""

from datetime import UTC, datetime

import pytest

from cnpg_mcp.domain.results import DeclaredState, RoleSource
from cnpg_mcp.domain.roles.census import Census, Declaration
from cnpg_mcp.domain.roles.order import Attributes, RoleChange, RoleOrder, is_past
from cnpg_mcp.domain.roles.power import granted
from cnpg_mcp.domain.roles.words import of_change, of_new
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import Ensure, RoleAttributes
from cnpg_mcp.errors import ErrorCode, ToolFailure

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PG = "pg"


def new(in_roles: tuple[str, ...] = (), **attributes: object) -> str:
    return of_new(RoleOrder(PG, "clerk", Attributes(**attributes), in_roles))


def changed(role: RoleAttributes | None = None, **asked: object) -> str:
    return of_change(role or RoleAttributes(name="clerk"), asked)


# --- attributes ---


def test_new_role_is_told_with_all_that_is_not_usual():
    given = {"superuser": True, "inherit": False, "createdb": True, "createrole": False}
    told = new(login=False, connection_limit=3, valid_until="2030-01-31T00:00:00Z", **given)
    assert told == (
        "nologin, superuser, noinherit, createdb, connection limit 3, "
        "valid until 2030-01-31T00:00:00Z"
    )


def test_new_role_is_told_with_its_groups_comment_and_password():
    told = new(("readers", "with space"), login=True, inherit=True, comment='a "note"')
    assert told == (
        'login, comment "a \\"note\\"", member of "readers", "with space", '
        "a password in a new Secret"
    )


def test_every_attribute_that_changes_is_told():
    everything = {
        "login": False,
        "superuser": True,
        "inherit": False,
        "createdb": True,
        "createrole": True,
        "replication": True,
        "bypassrls": True,
        "connection_limit": -1,
        "valid_until": "infinity",
        "comment": "",
    }
    assert changed(**everything) == (
        "nologin, superuser, noinherit, createdb, createrole, replication, bypassrls, "
        'no connection limit, valid for ever, comment ""'
    )


def test_memberships_are_told_as_gained_and_lost():
    role = RoleAttributes(name="clerk", in_roles=("kept", "left"))
    told = changed(role, in_roles=["kept", "joined"])
    assert told == 'member of "joined", no longer member of "left"'


def test_new_secret_is_told():
    role = RoleAttributes(name="clerk")
    assert of_change(role, {"login": True}, needs_secret=True) == (
        "login, a password in a new Secret"
    )


# --- groups ---


def census(*declarations: Declaration, major: int | None = 18) -> Census:
    status = {"pgDataImageInfo": {"majorVersion": major}} if major else {}
    spec = {"bootstrap": {"initdb": {"database": "app", "owner": "app"}}}
    body = {"metadata": {"name": PG, "namespace": "shop"}, "spec": spec, "status": status}
    return Census(Cluster.parse(body), declarations, serves_objects=True)


def doubt(group: str, *declarations: Declaration, major: int | None = 18) -> str:
    (effect,) = granted(census(*declarations, major=major), "clerk", (), (group,))
    return effect.detail


@pytest.mark.parametrize(
    ("group", "major", "told"),
    [
        ("pg_read_all_data", 18, "a predefined role of PostgreSQL"),
        ("pg_maintain", 17, "a predefined role of PostgreSQL"),
        ("pg_maintain", None, "a predefined role of PostgreSQL"),
        ("pg_maintain", 16, "PostgreSQL has it from version 17 on, and this cluster runs 16"),
        (
            "pg_read_all",
            18,
            "the name begins with pg_, which PostgreSQL keeps for itself; it may not exist",
        ),
    ],
)
def test_only_roles_that_postgresql_brings_along_are_called_predefined(group, major, told):
    assert doubt(group, major=major) == told


def test_group_that_nobody_knows_may_not_exist():
    assert "not known here: it may not exist" in doubt("ghost")


def test_group_that_is_known_to_exist_is_only_undeclared():
    assert doubt("app") == "not declared, so its power is not known"


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (DeclaredState.DROPPING, "it is being dropped"),
        (DeclaredState.DROPPED, "it has been dropped"),
    ],
)
def test_group_on_its_way_out_is_told_so(state, told):
    leaving = RoleAttributes(name="leaving", ensure=Ensure.ABSENT)
    held = Declaration("leaving", RoleSource.INLINE, state, leaving, index=0)
    assert doubt("leaving", held) == told


# --- arguments ---


def test_change_without_any_names_what_would_be_one():
    with pytest.raises(ToolFailure) as refused:
        RoleChange(PG, "clerk").check()
    assert refused.value.code is ErrorCode.INVALID
    assert refused.value.fields == ()
    for name in ("login", "connection_limit", "in_roles", "rotate_password"):
        assert name in refused.value.next_step


@pytest.mark.parametrize(
    ("until", "past"),
    [
        (None, False),
        ("infinity", False),
        ("2026-01-01T00:00:00Z", True),
        ("2026-01-01T02:00:00+01:00", False),
        ("2026-01-01T00:30:00+01:00", True),
    ],
)
def test_expiry_is_past_in_its_own_time_zone(until, past):
    assert is_past(until, NOW) is past
