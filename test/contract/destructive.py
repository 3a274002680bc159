"""Every form of a call that destroys, empowers or loads code, and what makes its plan old."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from test.contract.planted import CLERK_SECRET, TELLER_SECRET, declare_clerk, declare_shop, secret
from test.contract.site import Site
from test.controlplane.clusters import cluster, database, database_role

Change = Callable[[Site], Awaitable[object]]
POWERS = ("superuser", "createrole", "replication", "bypassrls")
GROUPS = {"pg": "pg_monitor", "strong": "boss", "chain": "below_boss", "unknown": "not_there"}


@dataclass(frozen=True)
class Form:
    """One form: the call, another call, and changes after which its code must not act.

    `changed` alters what would be affected, `aged` gives something that would go another
    generation or resourceVersion. A call that makes something new has only `changed`: what it
    would make is there by then.
    """

    tool: str
    arguments: Mapping[str, Any]
    other: Mapping[str, Any]
    changed: Change
    aged: tuple[Change, ...] = ()
    why: str = "confirmation_stale"
    """The code of the refusal after `changed`."""
    makes: bool = False
    """Whether it makes something: once that is removed, the same call could do it again."""


def patched(plural: str, name: str, body: Mapping[str, Any]) -> Change:
    """A change of one object by its administrator."""

    async def change(site: Site) -> object:
        return await site.admin.patch(plural, site.namespace, name, dict(body))

    return change


def created(body: Callable[[str], dict[str, Any]]) -> Change:
    """A new object."""

    async def change(site: Site) -> object:
        return await site.admin.create(body(site.namespace))

    return change


def made_anew(plural: str, name: str, again: Change) -> Change:
    """An object that is gone, and another one in its place."""

    async def change(site: Site) -> object:
        await site.admin.delete(plural, site.namespace, name)
        return await again(site)

    return change


async def _clerk_again(site: Site) -> object:
    return await declare_clerk(site.admin, site.namespace)


async def _shop_again(site: Site) -> object:
    return await declare_shop(site.admin, site.namespace)


async def pg_anew(site: Site) -> object:
    """Another cluster `pg` with the same specification, in the same state."""
    body = await site.admin.get("clusters", site.namespace, "pg")
    status = body.pop("status")
    await site.admin.delete("clusters", site.namespace, "pg")
    body["metadata"] = {"name": "pg", "namespace": site.namespace}
    await site.admin.create(body)
    return await site.admin.patch_status("clusters", site.namespace, "pg", status)


def _claim(namespace: str) -> dict[str, Any]:
    meta = {"name": "pg-9", "namespace": namespace, "labels": {"cnpg.io/cluster": "pg"}}
    size = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    kind = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    return {**kind, "metadata": meta, "spec": size}


def _member_of(role: str) -> Change:
    return created(lambda namespace: database_role(namespace, "member", inRoles=[role]))


def _same_name(namespace: str) -> dict[str, Any]:
    body = database(namespace, "shop-again")
    body["spec"]["name"] = "shop"
    return body


CLUSTER_AGED = patched("clusters", "pg", {"spec": {"description": "changed meanwhile"}})
CLERK_AGED = patched("databaseroles", "clerk", {"spec": {"comment": "changed meanwhile"}})
SHOP_AGED = patched("databases", "shop", {"spec": {"connectionLimit": 7}})
CLERK_ANEW = made_anew("databaseroles", "clerk", _clerk_again)
CLUSTER_CHANGED = patched("clusters", "pg", {"spec": {"stopDelay": 77}})
SHOP_ANEW = made_anew("databases", "shop", _shop_again)
NEWCOMER = created(lambda namespace: database_role(namespace, "newcomer"))
NEW_CLUSTER = created(lambda namespace: cluster(namespace, "orders"))
NEW_DATABASE = created(lambda namespace: database(namespace, "new"))


def secret_aged(name: str) -> Change:
    """Somebody puts another password into a Secret."""
    return patched("secrets", name, {"stringData": {"password": "changed-meanwhile"}})


def secret_anew(name: str) -> Change:
    """A Secret that is gone, and another one of ours in its place."""
    return made_anew("secrets", name, created(lambda at: secret(at, name, ours=True)))


async def _switched(site: Site) -> object:
    status = {"currentPrimary": "pg-3", "targetPrimary": "pg-3"}
    return await site.admin.patch_status("clusters", site.namespace, "pg", status)


async def stronger_boss(site: Site) -> object:
    """The role that a call would join has one more power, and its chain with it."""
    found = await site.admin.get("clusters", site.namespace, "pg")
    roles = found["spec"]["managed"]["roles"]
    for role in roles:
        if role["name"] == "boss":
            role["createrole"] = True
        if role["name"] == "below_boss":
            role["inRoles"] = ["boss", "plain"]
    body = {"spec": {"managed": {"roles": roles}}}
    return await site.admin.patch("clusters", site.namespace, "pg", body)


def _role(name: str, **more: Any) -> dict[str, Any]:
    return {"cluster_name": "pg", "role_name": name, "wait_seconds": 0, **more}


def _deletions() -> dict[str, Form]:
    pg = {"name": "pg", "without_backup": True}
    shop = {"cluster_name": "pg", "database_name": "shop", "wait_seconds": 0}
    drop, role = "delete_postgres_database", "delete_postgres_role"
    return {
        "delete-cluster": Form(
            "delete_postgres_cluster",
            pg,
            {**pg, "delete_dependents": True},
            created(_claim),
            (CLUSTER_AGED, secret_aged(TELLER_SECRET)),
        ),
        "delete-role-object": Form(
            role,
            _role("clerk"),
            _role("teller"),
            _member_of("clerk"),
            (CLERK_AGED, secret_aged(CLERK_SECRET)),
        ),
        "delete-role-inline": Form(
            role,
            _role("teller"),
            _role("clerk"),
            _member_of("teller"),
            (CLUSTER_AGED, secret_aged(TELLER_SECRET)),
        ),
        "delete-database": Form(
            drop, shop, {**shop, "reclaim_policy": "retain"}, created(_same_name), (SHOP_AGED,)
        ),
        "retain-database": Form(
            drop,
            {**shop, "reclaim_policy": "retain"},
            shop,
            created(_same_name),
            (SHOP_AGED,),
        ),
        "scale-down": Form(
            "scale_postgres_cluster",
            {"name": "pg", "instances": 2},
            {"name": "pg", "instances": 1},
            _switched,
            (CLUSTER_AGED,),
        ),
    }


def _changes() -> dict[str, Form]:
    tool = "update_postgres_role"
    holders = {
        "object": ("clerk", "teller", CLERK_SECRET, CLERK_ANEW, CLERK_AGED),
        "inline": ("teller", "clerk", TELLER_SECRET, CLUSTER_CHANGED, CLUSTER_AGED),
    }
    forms = {}
    for where, (name, other, own_secret, anew, aged) in holders.items():
        forms[f"rotate-{where}"] = Form(
            tool,
            _role(name, rotate_password=True),
            _role(other, rotate_password=True),
            secret_anew(own_secret),
            (secret_aged(own_secret), aged),
        )
        asked: dict[str, dict[str, Any]] = {"no-login": {"login": False}}
        asked |= {f"grant-{power}": {power: True} for power in POWERS}
        for what, change in asked.items():
            other_call = _role(name, **change, createdb=True)
            forms[f"{what}-{where}"] = Form(tool, _role(name, **change), other_call, anew, (aged,))
        for what, group in GROUPS.items():
            strong = what in {"strong", "chain"}
            forms[f"join-{what}-{where}"] = Form(
                tool,
                _role(name, in_roles=[group]),
                _role(name, in_roles=[group, "plain"]),
                stronger_boss if strong else anew,
                (aged,),
            )
    return forms


def _creations() -> dict[str, Form]:
    role, base = "create_postgres_role", "create_postgres_cluster"
    orders = {"name": "orders"}
    new = {"cluster_name": "pg", "database_name": "new", "owner": "teller", "wait_seconds": 0}
    image = {**orders, "image": "registry.example/postgresql:17.5"}
    loaded = {**orders, "parameters": {"session_preload_libraries": "auto_explain"}}
    extended = {**new, "extensions": ["dblink"]}
    exists = "already_exists"
    forms = {
        f"create-{power}": Form(
            role,
            _role("newcomer", **{power: True}),
            _role("newcomer", **{power: True}, createdb=True),
            NEWCOMER,
            why=exists,
            makes=True,
        )
        for power in POWERS
    }
    for what, group in GROUPS.items():
        strong = what in {"strong", "chain"}
        forms[f"create-in-{what}"] = Form(
            role,
            _role("newcomer", in_roles=[group]),
            _role("newcomer", in_roles=[group, "plain"]),
            stronger_boss if strong else NEWCOMER,
            why="confirmation_stale" if strong else exists,
            makes=True,
        )
    forms["create-with-image"] = Form(
        base,
        image,
        {**image, "instances": 2},
        NEW_CLUSTER,
        why=exists,
        makes=True,
    )
    forms["create-that-loads"] = Form(
        base,
        loaded,
        {**loaded, "instances": 2},
        NEW_CLUSTER,
        why=exists,
        makes=True,
    )
    forms["create-with-extension"] = Form(
        "create_postgres_database",
        extended,
        {**extended, "schemas": ["sales"]},
        NEW_DATABASE,
        why=exists,
        makes=True,
    )
    return forms


FORMS: dict[str, Form] = {**_deletions(), **_changes(), **_creations()}
"""All forms by name."""

_ALIKE = ("createrole", "replication", "bypassrls", "-pg", "-chain", "-unknown")
KINDS = {name: form for name, form in FORMS.items() if not any(each in name for each in _ALIKE)}
"""One of each kind: for what does not depend on which power or group is named."""

ANEW: dict[str, Change] = {
    "delete-cluster": pg_anew,
    "scale-down": pg_anew,
    "delete-role-object": CLERK_ANEW,
    "delete-role-inline": pg_anew,
    "no-login-object": CLERK_ANEW,
    "grant-superuser-object": CLERK_ANEW,
    "grant-superuser-inline": pg_anew,
    "delete-database": SHOP_ANEW,
    "retain-database": SHOP_ANEW,
    "create-superuser": pg_anew,
    "create-in-strong": pg_anew,
    "create-with-extension": pg_anew,
}
"""By form: what it is about is gone, and another one of the same name and generation is there."""
