"""Superuser-like power: what would give a role control over everything, and the plan for it."""

from collections.abc import Iterable, Sequence

from cnpg_mcp.domain.plans.plan import Effect, Fate
from cnpg_mcp.domain.roles.census import Census
from cnpg_mcp.domain.roles.predefined import told_of


def granted(
    census: Census, name: str, powers: Sequence[str], in_roles: Sequence[str]
) -> Sequence[Effect]:
    """The power that a role would be given: attributes, and memberships not provably plain."""
    attributes = [_grant(name, power) for power in powers]
    return [*attributes, *(_joining(census, group) for group in census.doubtful(in_roles))]


def reaching(census: Census, name: str) -> Sequence[Effect]:
    """Who gains the power of a role as its member, through others too."""
    return [
        Effect(Fate.AFFECTED, "role", member, detail="a member: it gains the same")
        for member in _members(census, name)
    ]


def _members(census: Census, name: str) -> Sequence[str]:
    found: list[str] = []
    groups = [name]
    while groups:
        group = groups.pop()
        new = [
            each.name
            for each in census.declarations
            if group in each.role.in_roles and each.name not in found
        ]
        found += new
        groups += new
    return found


def _grant(name: str, power: str) -> Effect:
    return Effect(Fate.GRANTED, power, name, detail="power over the whole database cluster")


def _joining(census: Census, group: str) -> Effect:
    doubt, version = _doubt(census, group), _version(census, group)
    return Effect(Fate.GRANTED, "membership", group, detail=doubt, version=version)


def _doubt(census: Census, group: str) -> str:
    held = census.find(group)
    if group.startswith("pg_"):
        return told_of(group, census.cluster)
    if held is None and census.stands_undeclared(group):
        return "not declared, so its power is not known"
    if held is None:
        return "not known here: it may not exist, or be made by hand with any power"
    if held.powers:
        return f"it has {', '.join(held.powers)}"
    if held.is_dropping:
        return f"it {held.drop_in_words}"
    return "it is not known to be plain, itself or through its own memberships"


def _version(census: Census, group: str) -> str:
    """What the power of a group rests on: its attributes and memberships as declared."""
    held = census.find(group)
    return ",".join([*held.powers, *sorted(held.role.in_roles)]) if held else ""


def new_powers(before: Iterable[str], asked: Iterable[str]) -> Sequence[str]:
    """Those of the attributes asked for that a role does not have yet."""
    return [power for power in asked if power not in set(before)]
