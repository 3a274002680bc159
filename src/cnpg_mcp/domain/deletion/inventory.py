"""What is there that would go with a cluster, or be left behind by it: counted, not guessed."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cnpg_mcp.domain.connection import connection_facts
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.instances import Instances, claim_effect, cluster_effect, read_instances
from cnpg_mcp.domain.lookup import read_all
from cnpg_mcp.domain.marks import is_ours
from cnpg_mcp.domain.plans.plan import Effect, Fate
from cnpg_mcp.domain.quoting import named
from cnpg_mcp.domain.resources import (
    BACKUPS,
    CLUSTERS,
    DATABASE_ROLES,
    DATABASES,
    POOLERS,
    SCHEDULED_BACKUPS,
    SECRETS,
)
from cnpg_mcp.domain.views.base import ObjectView
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import Database, DatabaseRole
from cnpg_mcp.domain.views.dependents import Backup, Pooler, ScheduledBackup
from cnpg_mcp.kube.errors import Forbidden, NotFound
from cnpg_mcp.kube.objects import Resource

V = TypeVar("V", bound=ObjectView)


@dataclass(frozen=True)
class Dependents:
    """The objects that declare databases and roles of a cluster by its name; they survive it."""

    databases: Sequence[Database]
    roles: Sequence[DatabaseRole]
    secrets: Sequence[ObjectView] = ()
    """All of the namespace, as far as they may be seen."""
    unseen: Sequence[str] = ()

    @property
    def all(self) -> Sequence[Database | DatabaseRole]:
        """Databases, then roles: a database is declared with its owner."""
        return [*self.databases, *self.roles]

    @property
    def ours(self) -> Sequence[Database | DatabaseRole]:
        """Those that this server made, the only ones it removes."""
        return [each for each in self.all if is_ours(each.metadata)]

    @property
    def passwords(self) -> Sequence[ObjectView]:
        """The Secrets of the roles that this server made."""
        return [each for each in self.secrets if self.owns(each)]

    def owns(self, secret: ObjectView) -> bool:
        """Whether a Secret of ours is that of a role of ours, by owner or by name."""
        roles = [each for each in self.roles if is_ours(each.metadata)]
        named = {each.spec.password_secret.name for each in roles if each.spec.password_secret}
        owned = any(secret.metadata.is_owned_by(each.metadata.uid) for each in roles)
        return owned or (is_ours(secret.metadata) and secret.name in named)


@dataclass(frozen=True)
class Inventory:
    """A cluster with everything around it. `unseen` names what may not be looked at."""

    cluster: Cluster
    instances: Instances
    dependents: Dependents
    bystanders: Sequence[Pooler | ScheduledBackup]
    backups: Sequence[Backup]
    followers: Sequence[Cluster]
    unseen: Sequence[str] = ()


async def take_dependents(estate: Estate, namespace: str, cluster: str) -> Dependents:
    """The objects that name the cluster, whether or not it exists."""
    unseen: list[str] = []
    databases, roles, secrets = await asyncio.gather(
        _read(estate, DATABASES, namespace, Database, unseen),
        _read(estate, DATABASE_ROLES, namespace, DatabaseRole, unseen),
        _read(estate, SECRETS, namespace, ObjectView, unseen),
    )
    return Dependents(
        [each for each in databases if each.spec.cluster.name == cluster],
        [each for each in roles if each.spec.cluster.name == cluster],
        secrets,
        tuple(unseen),
    )


async def take_bystanders(
    estate: Estate, namespace: str, cluster: str, unseen: list[str]
) -> Sequence[Pooler | ScheduledBackup]:
    """What else refers to the cluster by its name, whether or not it exists."""
    poolers, schedules = await asyncio.gather(
        _read(estate, POOLERS, namespace, Pooler, unseen),
        _read(estate, SCHEDULED_BACKUPS, namespace, ScheduledBackup, unseen),
    )
    found: list[Pooler | ScheduledBackup] = [*poolers, *schedules]
    return [each for each in found if each.spec.cluster.name == cluster]


async def take_inventory(estate: Estate, cluster: Cluster) -> Inventory:
    """Reads everything that a plan for the cluster's deletion has to name."""
    namespace, unseen = cluster.namespace, list[str]()
    instances, dependents = await asyncio.gather(
        read_instances(estate, namespace, cluster.name),
        take_dependents(estate, namespace, cluster.name),
    )
    bystanders, backups, clusters = await asyncio.gather(
        take_bystanders(estate, namespace, cluster.name, unseen),
        _read(estate, BACKUPS, namespace, Backup, unseen),
        _read(estate, CLUSTERS, namespace, Cluster, unseen),
    )
    return Inventory(
        cluster,
        instances,
        dependents,
        bystanders,
        [each for each in backups if each.spec.cluster.name == cluster.name],
        [each for each in clusters if each.follows(cluster)],
        (*dependents.unseen, *unseen),
    )


def effects_of(inventory: Inventory, *, with_dependents: bool) -> Iterable[Effect]:
    """What becomes of what when the cluster is deleted."""
    cluster = inventory.cluster
    yield cluster_effect(cluster, Fate.DELETED)
    for pod in inventory.instances.pods:
        yield Effect(Fate.DELETED, "instance", pod.name, cluster.namespace)
    for claim in inventory.instances.claims:
        yield claim_effect(claim, Fate.DELETED)
    yield from _inside_postgres(inventory)
    yield from dependent_effects(inventory.dependents, with_dependents=with_dependents)
    yield from secret_effects(
        inventory.dependents, cluster.metadata.uid, with_dependents=with_dependents
    )
    yield from bystander_effects(inventory.bystanders, cluster.metadata.uid)
    for follower in inventory.followers:
        yield _plain(follower, "Cluster", Fate.AFFECTED, "follows this cluster")


def bystander_effects(
    bystanders: Sequence[Pooler | ScheduledBackup], cluster_uid: str
) -> Iterable[Effect]:
    """What becomes of them: only what the cluster owns goes with it."""
    for each in bystanders:
        kind = POOLERS.kind if isinstance(each, Pooler) else SCHEDULED_BACKUPS.kind
        goes = each.metadata.is_owned_by(cluster_uid)
        detail = "without anything behind it" if isinstance(each, Pooler) else ""
        yield _plain(each, kind, Fate.DELETED if goes else Fate.LEFT, detail)


def dependent_effects(dependents: Dependents, *, with_dependents: bool) -> Iterable[Effect]:
    """What becomes of the objects that declare databases and roles."""
    for each in dependents.all:
        goes = with_dependents and is_ours(each.metadata)
        kind = DATABASES.kind if isinstance(each, Database) else DATABASE_ROLES.kind
        left = "a new cluster of the same name would take it over"
        if with_dependents and not goes:
            left = f"not made by this server; {left}"
        yield Effect(
            Fate.DELETED if goes else Fate.LEFT,
            kind,
            each.name,
            each.namespace,
            each.metadata.uid,
            str(each.metadata.generation) if goes else "",
            detail="after the cluster is gone" if goes else left,
        )


def _inside_postgres(inventory: Inventory) -> Iterable[Effect]:
    """What is in PostgreSQL as far as it is declared; what was made by hand goes as well."""
    facts = connection_facts(inventory.cluster)
    databases = [each.spec.name for each in inventory.dependents.databases]
    roles = [each.spec.name for each in inventory.dependents.roles]
    roles += [each.name for each in inventory.cluster.spec.managed.roles]
    for name in sorted({*databases, *([facts.database] if facts.database else [])}):
        yield Effect(Fate.DROPPED, "database", name, detail="all its data")
    for name in sorted({*roles, *([facts.user] if facts.user else [])}):
        yield Effect(Fate.DROPPED, "role", name)


def secret_effects(
    dependents: Dependents, cluster_uid: str, *, with_dependents: bool
) -> Iterable[Effect]:
    """Secrets of the cluster, which go, and those of roles that go after it or are left."""
    for secret in dependents.secrets:
        metadata = secret.metadata
        of_role, of_cluster = dependents.owns(secret), metadata.is_owned_by(cluster_uid)
        if not (of_role or of_cluster):
            continue
        goes = of_cluster or with_dependents
        owner = next(iter(metadata.owner_references), None)
        yield Effect(
            Fate.DELETED if goes else Fate.LEFT,
            "Secret",
            secret.name,
            secret.namespace,
            metadata.uid,
            metadata.resource_version if goes else "",
            detail=f"of {owner.kind} {named(owner.name)}" if owner else "a role's password",
        )


def _plain(view: ObjectView, kind: str, fate: Fate, detail: str = "") -> Effect:
    return Effect(fate, kind, view.name, view.namespace, view.metadata.uid, detail=detail)


async def _read(
    estate: Estate, resource: Resource, namespace: str, view: type[V], unseen: list[str]
) -> Sequence[V]:
    """Every object of a kind; none where there is no such kind or it may not be listed."""
    parse: Callable[..., V] = view.parse
    try:
        return [parse(item) async for item in read_all(estate, resource, namespace)]
    except Forbidden:
        unseen.append(resource.plural)
    except NotFound:
        pass
    return ()
