"""Roles declared in `spec.managed.roles` of the Cluster, written.

The list is atomic: whoever writes it replaces it. So every write is a JSON patch of one entry that
carries the resourceVersion on which it is based, and a conflict means to read again.
"""

from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.marks import TOUCHED_AT
from cnpg_mcp.domain.names import object_name
from cnpg_mcp.domain.resources import CLUSTERS
from cnpg_mcp.domain.results import RoleSource
from cnpg_mcp.domain.roles.census import Census, Declaration
from cnpg_mcp.domain.roles.listening import Listener
from cnpg_mcp.domain.roles.manifest import (
    Operation,
    annotate,
    at_version,
    drop_annotation,
    entry_of,
)
from cnpg_mcp.domain.roles.order import RoleOrder
from cnpg_mcp.domain.roles.secret import Owner, RoleSecret
from cnpg_mcp.domain.roles.stores import Change, Purpose, RoleLook, Written
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import Ensure
from cnpg_mcp.kube.errors import Conflict, Invalid, KubeError

_ROLES = "/spec/managed/roles"
_FORGET_TRIES = 10


class InlineRoleStore:
    """`spec.managed.roles` of the Cluster."""

    source = RoleSource.INLINE

    def __init__(self, estate: Estate, namespace: str, cluster_name: str) -> None:
        self._estate = estate
        self._namespace = namespace
        self._cluster_name = cluster_name

    async def add(
        self, census: Census, order: RoleOrder, secret: str | None, *, dry_run: bool = False
    ) -> Written:
        """Adds an entry, and notes on the Cluster which order made it."""
        cluster = census.cluster
        mark = {order_mark(order.name): order.digest(self._namespace)}
        operations = [
            *_append(cluster, entry_of(order, secret)),
            *annotate(cluster.metadata.annotations, mark),
        ]
        written = await self._patch(cluster, operations, dry_run=dry_run)
        return self._written(written, order.name, secret)

    async def change(
        self, census: Census, held: Declaration, change: Change, *, dry_run: bool = False
    ) -> Written:
        """Sets fields of the entry; touches the Cluster where there is nothing to change."""
        index, operations = _index(held), list[Operation]()
        for name, value in change.fields.items():
            path = f"{_ROLES}/{index}/{name}"
            operations.append({"op": "add", "path": path, "value": value})
            if value is None:
                operations.append({"op": "remove", "path": path})
        annotations = census.cluster.metadata.annotations
        operations += annotate(annotations, {TOUCHED_AT: self._estate.now().isoformat()})
        written = await self._patch(census.cluster, operations, dry_run=dry_run)
        asked_before = not change.fields
        secret = held.secret_name
        named = change.fields.get("passwordSecret")
        if isinstance(named, dict):
            secret = str(named["name"])
        return self._written(written, held.name, secret, asked_before=asked_before)

    async def drop(self, census: Census, held: Declaration, *, dry_run: bool = False) -> Written:
        """Declares that the role is to be absent; a second time it only touches the Cluster."""
        fields = {} if held.role.ensure is Ensure.ABSENT else {"ensure": Ensure.ABSENT.value}
        return await self.change(census, held, Change(fields), dry_run=dry_run)

    async def forget(self, written: Written) -> bool:
        """Removes the entry of a role that has been dropped, unless it was declared anew."""
        for _ in range(_FORGET_TRIES):
            cluster = await self._read()
            found = [
                index
                for index, entry in enumerate(cluster.spec.managed.roles)
                if entry.name == written.name
            ]
            if not found:
                return True
            if cluster.spec.managed.roles[found[0]].ensure is not Ensure.ABSENT:
                return False
            try:
                await self._patch(cluster, _removal(cluster, found[0], written.name))
            except KubeError as error:
                if not isinstance(error, Conflict) and not error.maybe_applied:
                    raise
                continue  # the next look shows what has become of it
            return True
        return False

    def owner(self, census: Census) -> Owner | None:
        """The Secret goes with the Cluster."""
        return Owner(CLUSTERS, census.cluster.metadata)

    async def finish(self, written: Written, secret: RoleSecret) -> None:
        """Nothing: the Secret was made with its owner."""

    def look(self, written: Written, purpose: Purpose) -> RoleLook:
        """Listens to what the operator reports from the write on."""
        return Listener(self._estate, self._namespace, self._cluster_name, written, purpose).look

    async def _read(self) -> Cluster:
        found = await self._estate.kube.get(CLUSTERS, self._namespace, self._cluster_name)
        return Cluster.parse(found)

    async def _patch(
        self, cluster: Cluster, operations: Iterable[Operation], *, dry_run: bool = False
    ) -> Cluster:
        metadata = cluster.metadata
        patch = [at_version(metadata.resource_version), *operations]
        kube, namespace = self._estate.kube, self._namespace
        try:
            changed = await kube.patch(CLUSTERS, namespace, cluster.name, patch, dry_run=dry_run)
        except Invalid as error:  # a place in the list that is there no more comes before a 409
            if (await self._read()).metadata.resource_version == metadata.resource_version:
                raise
            raise Conflict(409, {"message": error.message}) from error
        if not dry_run:
            self._estate.journal.touches("Cluster", self._namespace, cluster.name, metadata.uid)
        return Cluster.parse(changed.object)

    def _written(
        self, cluster: Cluster, name: str, secret: str | None, *, asked_before: bool = False
    ) -> Written:
        return Written(
            name=name,
            source=self.source,
            holder=cluster.name,
            version=cluster.metadata.resource_version,
            uid=cluster.metadata.uid,
            report=cluster.status.managed_roles_status.report_on(name),
            secret=secret,
            asked_before=asked_before,
        )


def order_mark(role: str) -> str:
    """The annotation of the Cluster that tells which order made an inline role."""
    return f"cnpg-mcp.io/{object_name('role', role)}"


def _append(cluster: Cluster, entry: dict[str, JsonValue]) -> Sequence[Operation]:
    """Adds an entry to a list that may not be there yet."""
    if cluster.spec.managed.roles:
        return [{"op": "add", "path": f"{_ROLES}/-", "value": entry}]
    if "managed" in cluster.spec.model_fields_set:
        return [{"op": "add", "path": _ROLES, "value": [entry]}]
    return [{"op": "add", "path": "/spec/managed", "value": {"roles": [entry]}}]


def _removal(cluster: Cluster, index: int, name: str) -> Sequence[Operation]:
    annotations = cluster.metadata.annotations
    return [
        {"op": "remove", "path": f"{_ROLES}/{index}"},
        *drop_annotation(annotations, order_mark(name)),
    ]


def _index(held: Declaration) -> int:
    if held.index is None:
        raise AssertionError("an object belongs to the other store")
    return held.index
