"""What others have made survives everything, also with our naming and the cluster's labels."""

from typing import Any

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.domain.names import object_name
from test.contract.arrange import cluster_with, roles_reported
from test.contract.caller import Caller
from test.contract.planning import confirmed
from test.contract.planted import secret
from test.contract.site import Site
from test.controlplane.api import ApiError
from test.controlplane.clusters import cluster, database, database_role

LABELS = {"cnpg.io/cluster": "pg", "cnpg.io/reload": "true"}
CLERK, TELLER, SHOP = (object_name("pg", name) for name in ("clerk", "teller", "shop"))
ROLE, DATABASE = {"cluster_name": "pg"}, {"cluster_name": "pg", "owner": "app"}
THEIRS = (
    {"name": "theirs", "login": True, "passwordSecret": {"name": "pg-theirs"}},
    {"name": "members", "inRoles": ["theirs"]},
)
NAMES = {CLERK, TELLER, SHOP, "pg-theirs", "pg-nobodys", "pg-of-other", "of-other"}
"""What others have made; the Secrets that the operator makes come and change by themselves."""
Foreign = dict[tuple[str, str], tuple[str, Any]]


def labelled(body: KubeObject, **spec: Any) -> KubeObject:
    """An object that looks as if it were ours, but for the annotation."""
    body["metadata"]["labels"] = LABELS
    if spec:
        body["spec"] |= spec
    return body


async def with_foreign(site: Site) -> Foreign:
    """A cluster `pg`, and what others have made around it; all that as it is then."""
    at = site.namespace
    await site.admin.create(secret(at, "pg-theirs", user="theirs"))
    await cluster_with(site, *THEIRS)
    await roles_reported(site, "reconciled", "theirs", "members")
    await site.admin.create(cluster(at, "other"))
    bodies = [secret(at, TELLER), secret(at, CLERK), secret(at, "pg-nobodys")]
    bodies += [labelled(database(at, SHOP), name="their_shop")]
    bodies += [labelled(database(at, "pg-of-other", "other"), name="shop")]
    if await _has_objects(site):
        bodies += [labelled(database_role(at, CLERK), name="their_clerk")]
        bodies += [labelled(database_role(at, "of-other", "other"), name="teller")]
    for body in bodies:
        await site.admin.create(body)
    return await foreign(site)


async def _has_objects(site: Site) -> bool:
    try:
        await site.admin.list("databaseroles", site.namespace)
    except ApiError:
        return False
    return True


async def foreign(site: Site) -> Foreign:
    """Uid and contents of all that others have made."""
    plurals = ["secrets", "databases"] + ["databaseroles"] * await _has_objects(site)
    found: Foreign = {}
    for plural in plurals:
        for each in await site.admin.list(plural, site.namespace):
            meta = each["metadata"]
            contents = [each.get("spec"), each.get("data"), meta.get("labels")]
            contents += [meta.get("annotations"), meta.get("ownerReferences")]
            found[plural, meta["name"]] = (meta["uid"], contents)
    return {key: each for key, each in found.items() if key[1] in NAMES}


async def changed(site: Site, before: Foreign) -> Foreign:
    """What is not as it was, as it is now; what is gone is there with nothing."""
    now = await foreign(site)
    return {key: now.get(key, ("", None)) for key, each in before.items() if now.get(key) != each}


async def their_entries(site: Site) -> list[KubeObject]:
    """The inline roles that others have declared."""
    found = await site.admin.get("clusters", site.namespace, "pg")
    names = {each["name"] for each in THEIRS}
    return [each for each in found["spec"]["managed"]["roles"] if each["name"] in names]


async def made(mcp: Caller) -> str:
    """Makes the role `teller` and the database `ours`; the name of the role's Secret."""
    role = await mcp.call("create_postgres_role", **ROLE, role_name="teller")
    shop = await mcp.call("create_postgres_database", **DATABASE, database_name="ours")
    assert {role.content["outcome"], shop.content["outcome"]} == {"applied"}
    return str(role.content["secret"]["name"])


async def test_roles_and_databases_come_and_go_without_touching_what_others_made(
    site: Site, caller: Caller
) -> None:
    before, entries = await with_foreign(site), await their_entries(site)
    own_secret = await made(caller)
    assert own_secret != TELLER
    taken = await caller.refused("create_postgres_database", **DATABASE, database_name="shop")
    assert taken["code"] == "already_exists"
    teller = {**ROLE, "role_name": "teller"}
    await caller.call("update_postgres_role", **teller, createdb=True)
    rotated = await confirmed(caller, "update_postgres_role", **teller, rotate_password=True)
    assert rotated.content["outcome"] == "applied"
    theirs = {**ROLE, "role_name": "theirs", "rotate_password": True}
    assert (await caller.refused("update_postgres_role", **theirs))["code"] == "blocked"
    assert await changed(site, before) == {}
    assert await their_entries(site) == entries
    dropped = await confirmed(caller, "delete_postgres_role", **teller)
    assert dropped.content["outcome"] == "applied"
    gone = await confirmed(caller, "delete_postgres_database", **ROLE, database_name="ours")
    assert gone.content["outcome"] == "applied"
    assert await changed(site, before) == {}
    assert await their_entries(site) == entries


@pytest.mark.databaserole
async def test_object_name_that_is_taken_is_told_and_leaves_no_secret(
    site: Site, caller: Caller
) -> None:
    before = await with_foreign(site)
    error = await caller.refused("create_postgres_role", **ROLE, role_name="clerk")
    assert error["code"] == "already_exists"
    assert await changed(site, before) == {}
    names = {each["metadata"]["name"] for each in await site.admin.list("secrets", site.namespace)}
    assert {name for name in names if name.startswith(CLERK)} == {CLERK}


async def test_cluster_goes_with_its_own_and_ours_alone(site: Site, caller: Caller) -> None:
    before = await with_foreign(site)
    own_secret = await made(caller)
    arguments = {"name": "pg", "delete_dependents": True, "without_backup": True}
    answer = await confirmed(caller, "delete_postgres_cluster", **arguments, wait_seconds=45)
    assert answer.content["outcome"] == "applied"
    await site.admin.wait_gone("secrets", site.namespace, own_secret)  # collected by Kubernetes
    assert await changed(site, before) == {}
    databases = await site.admin.list("databases", site.namespace)
    assert {each["metadata"]["name"] for each in databases} == {SHOP, "pg-of-other"}
    assert ("clusters", "other") in {
        ("clusters", each["metadata"]["name"])
        for each in await site.admin.list("clusters", site.namespace)
    }
