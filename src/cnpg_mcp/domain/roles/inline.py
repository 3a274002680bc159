"""Roles declared in `spec.managed.roles` of the Cluster, written.

The list is atomic: whoever writes it replaces it. So every write is a JSON patch of one entry that
carries the resourceVersion on which it is based, and a conflict means to read again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pydantic import JsonValue

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.marks import TOUCHED_AT
from cnpg_mcp.domain.names import object_name
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.resources import CLUSTERS
from cnpg_mcp.domain.results import DeclaredState, RoleSource
from cnpg_mcp.domain.roles.census import Census, Declaration
from cnpg_mcp.domain.roles.manifest import (
    Operation,
    annotate,
    at_version,
    drop_annotation,
    entry_of,
    is_at,
)
from cnpg_mcp.domain.roles.order import RoleOrder
from cnpg_mcp.domain.roles.secret import Owner, RoleSecret, read_secret
from cnpg_mcp.domain.roles.stores import Change, Purpose, RoleLook, RoleSight, Written
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import Ensure
from cnpg_mcp.domain.waiting import Sight
from cnpg_mcp.kube.errors import Conflict, Forbidden, Gone, KubeError

_ROLES = "/spec/managed/roles"
_PENDING, _RECONCILED = "pending-reconciliation", "reconciled"
_LOOK_SECONDS = 1
_QUIET_LOOKS = 3
"""Seconds without any report after which the operator has looked again."""
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
        index = _index(held)
        operations: list[Operation] = [is_at(index, held.name)]
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
        """Reads what the operator has reported since the write, one report after the other.

        The status carries no generation: right after a write it still tells of the time before.
        That it has taken up the write shows in the role being pending for a moment. Where nothing
        changes because nothing is to be done, or the same try fails again, it writes no report:
        after some quiet looks the present state counts.
        """
        since = written.version
        is_fresh, quiet_looks = False, 0
        latest: Cluster | None = None

        async def look() -> Sight[RoleSight]:
            nonlocal since, is_fresh, quiet_looks, latest
            reports = await self._reports(since)
            for cluster in reports:
                since, latest = cluster.metadata.resource_version, cluster
                by_status = cluster.status.managed_roles_status.by_status
                is_fresh = is_fresh or written.name in by_status.get(_PENDING, ())
            quiet_looks = 0 if reports else quiet_looks + 1
            had_time = written.asked_before and quiet_looks >= _QUIET_LOOKS
            if had_time and latest is None:
                latest = await self._read()
            seen = await self._judge(latest, written, purpose)
            heard = is_fresh or had_time or (seen.proven and purpose is Purpose.ROTATED)
            seen = replace(seen, refused=seen.message is not None)
            if not heard:
                seen = RoleSight(_under_way(purpose))
            told = f"operator says {quoted(seen.message)}" if seen.message else seen.state.value
            return Sight(seen, seen.settled, told)

        return look

    async def _judge(
        self, cluster: Cluster | None, written: Written, purpose: Purpose
    ) -> RoleSight:
        if cluster is None:
            return RoleSight(_under_way(purpose))
        status, name = cluster.status.managed_roles_status, written.name
        dropping = purpose is Purpose.DROPPED
        if errors := status.cannot_reconcile.get(name):
            state = DeclaredState.DROPPING if dropping else DeclaredState.FAILED
            return RoleSight(state, message="; ".join(errors))
        if name not in status.by_status.get(_RECONCILED, ()):
            return RoleSight(_under_way(purpose))
        if dropping:
            return RoleSight(DeclaredState.DROPPED, proven=True)
        has_password = await self._has_password(cluster, written)
        return RoleSight(DeclaredState.APPLIED, proven=has_password)

    async def _has_password(self, cluster: Cluster, written: Written) -> bool:
        """Whether the operator has applied the Secret as it is now."""
        secret = await read_secret(self._estate, self._namespace, written.secret)
        if secret is None:
            return written.secret is None
        applied = cluster.status.managed_roles_status.password_status.get(written.name)
        return applied is not None and applied.resource_version == secret.metadata.resource_version

    async def _reports(self, since: str) -> Sequence[Cluster]:
        """What the Cluster has looked like since; only its present state where no more is told."""
        try:
            found = await self._estate.kube.history(
                CLUSTERS, self._namespace, self._cluster_name, since, seconds=_LOOK_SECONDS
            )
        except (Forbidden, Gone):
            found = [await self._estate.kube.get(CLUSTERS, self._namespace, self._cluster_name)]
        return [Cluster.parse(each) for each in found]

    async def _read(self) -> Cluster:
        found = await self._estate.kube.get(CLUSTERS, self._namespace, self._cluster_name)
        return Cluster.parse(found)

    async def _patch(
        self, cluster: Cluster, operations: Iterable[Operation], *, dry_run: bool = False
    ) -> Cluster:
        metadata = cluster.metadata
        patch = [at_version(metadata.resource_version), *operations]
        changed = await self._estate.kube.patch(
            CLUSTERS, self._namespace, cluster.name, patch, dry_run=dry_run
        )
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
        is_at(index, name),
        {"op": "remove", "path": f"{_ROLES}/{index}"},
        *drop_annotation(annotations, order_mark(name)),
    ]


def _under_way(purpose: Purpose) -> DeclaredState:
    dropping = purpose is Purpose.DROPPED
    return DeclaredState.DROPPING if dropping else DeclaredState.IN_PROGRESS


def _index(held: Declaration) -> int:
    if held.index is None:
        raise AssertionError("an object belongs to the other store")
    return held.index
