"""Deleting a cluster: by plan, with what dies counted; what depends on it goes after it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cnpg_mcp.domain.deletion.backups import backup_caution, backup_gate
from cnpg_mcp.domain.deletion.dependents import names_of, remove_dependents
from cnpg_mcp.domain.deletion.inventory import (
    Dependents,
    Inventory,
    bystander_effects,
    dependent_effects,
    effects_of,
    secret_effects,
    take_bystanders,
    take_dependents,
    take_inventory,
)
from cnpg_mcp.domain.deletion.order import ClusterDeletion
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.instances import read_instances
from cnpg_mcp.domain.lookup import find_cluster, no_such_cluster
from cnpg_mcp.domain.names import check_cluster_name
from cnpg_mcp.domain.options import Options
from cnpg_mcp.domain.outcomes import ClusterWrite, Outcome
from cnpg_mcp.domain.ownership import whose
from cnpg_mcp.domain.plans.guards import protection
from cnpg_mcp.domain.plans.offer import Offer
from cnpg_mcp.domain.plans.passage import Passage, anew
from cnpg_mcp.domain.plans.plan import Act, Blocker, Plan
from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.domain.resources import CLUSTERS, DATABASES
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.waiting import Look, Sight, Watch
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.kube.client import Preconditions
from cnpg_mcp.kube.errors import KubeError

TOOL = "delete_postgres_cluster"
_NOTHING = "Nothing was deleted. Call again without dry_run to see the plan."
_PROTECTION_UNSEEN = Blocker(
    "protection_unseen",
    ErrorCode.FORBIDDEN,
    "This server may not list Database objects, so it cannot see whether one is protected.",
    "Have an administrator let it list databases.postgresql.cnpg.io in this namespace.",
)
_UNTIL_GONE = "Call get_cluster_status until it says not_found"
_REST = (
    "While no cluster of that name exists, delete_postgres_cluster with delete_dependents removes "
    "what is left, by a plan of its own."
)
_PACE = 0.5
_LEAST_WAIT = 15
"""Seconds that are waited at least when dependents are to go: they can go only afterwards."""


async def delete_cluster(
    estate: Estate, namespace: str | None, order: ClusterDeletion, options: Options
) -> AsyncIterator[Progress | ClusterWrite]:
    """Deletes a cluster with its data; yields progress, then the result.

    Raises:
        ToolFailure: `invalid`, `not_found`, `blocked`, and what the gate of a plan raises.
        KubeError: the API server refused it, or did not answer.
    """
    check_cluster_name(order.name)
    place = await estate.namespace(namespace)
    deletion = _Deletion(estate, place, order, options, Passage(estate, options.confirmation))
    done = await anew(deletion.once)
    if isinstance(done, ClusterWrite):
        yield done
        return
    asked = _State(_Stage.ASKED, left=deletion.awaited(done))
    seconds = options.wait_seconds
    if order.delete_dependents and done.dependents.ours:
        seconds = max(seconds, _LEAST_WAIT)
    waiting = Watch(deletion.look(done), seconds, asked, pace=_PACE)
    async for progress in waiting:
        yield progress
    yield deletion.result(waiting.latest)


@dataclass(frozen=True)
class _Asked:
    """A deletion that has been asked for."""

    uid: str
    dependents: Dependents


class _Stage(StrEnum):
    """How far a deletion is."""

    ASKED = "the cluster is going"
    GONE = "the cluster is gone"
    REPLACED = "a new cluster of the name has taken over what was left"
    DONE = "all of it is gone"


@dataclass(frozen=True)
class _State:
    """What one look has shown; `left` are dependents that are still there."""

    stage: _Stage
    finalizers: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass
class _Deletion:
    """One deletion on its way."""

    estate: Estate
    namespace: str
    order: ClusterDeletion
    options: Options
    passage: Passage

    async def once(self) -> _Asked | ClusterWrite:
        """Reads, plans, and deletes where that may pass."""
        found = await find_cluster(self.estate, self.namespace, self.order.name)
        if found is None:
            return await self._leftovers()
        cluster = Cluster.parse(found)
        if cluster.being_deleted:
            raise _going(cluster)
        inventory = await take_inventory(self.estate, cluster)
        plan = self._plan(inventory)
        if self.options.dry_run:
            await self._delete(cluster, dry_run=True)
            return self._dry_run(plan)
        offer = await self.passage.admit(plan)
        if offer is not None:
            return self._shown(offer.fields())
        await self.estate.work.finish(self._asked(cluster))
        return _Asked(cluster.metadata.uid, inventory.dependents)

    def awaited(self, asked: _Asked) -> tuple[str, ...]:
        """What is to go after the cluster."""
        return names_of(asked.dependents.ours) if self.order.delete_dependents else ()

    def look(self, asked: _Asked) -> Look[_State]:
        """Looks whether the cluster is gone with all that is its own; then sees to dependents."""

        async def look() -> Sight[_State]:
            found = await find_cluster(self.estate, self.namespace, self.order.name)
            cluster = Cluster.parse(found) if found is not None else None
            if cluster is not None and cluster.metadata.uid == asked.uid:
                waits = _State(_Stage.ASKED, cluster.metadata.finalizers, left=self.awaited(asked))
                return Sight(waits, settled=False, message=waits.stage.value)
            left: tuple[str, ...] = ()
            if self.order.delete_dependents:
                left = await self._removal(asked.dependents)
            gone = await self._is_empty(asked.uid)
            if gone and left and cluster is not None:
                stage = _Stage.REPLACED
            else:
                stage = _Stage.DONE if gone and not left else _Stage.GONE
            settled = stage is not _Stage.GONE
            return Sight(_State(stage, left=left), settled, stage.value)

        return look

    def result(self, state: _State) -> ClusterWrite:
        """What has become of it."""
        done = state.stage is _Stage.DONE
        return self._shown(
            {
                "outcome": Outcome.APPLIED if done else Outcome.ACCEPTED,
                "namespace": self.namespace,
                "cautions": tuple(_told(state)) or None,
                "next_step": None if done else self._next_step(state),
            }
        )

    async def _leftovers(self) -> ClusterWrite:
        """Sees to what is left of a cluster that is gone, where that is asked for."""
        name = self.order.name
        await self.estate.require_namespace(self.namespace)
        dependents = await take_dependents(self.estate, self.namespace, name)
        if not self.order.delete_dependents or not dependents.ours:
            raise await no_such_cluster(self.estate, self.namespace, name)
        unseen = [*dependents.unseen]
        bystanders = await take_bystanders(self.estate, self.namespace, name, unseen)
        effects = (
            *dependent_effects(dependents, with_dependents=True),
            *secret_effects(dependents, "", with_dependents=True),
            *bystander_effects(bystanders, ""),
        )
        ours = [each for each in dependents.databases if each in dependents.ours]
        blockers = protection(self.estate.policy, self.namespace, *ours)
        cautions = ("The cluster itself is gone already.", *_unseen(unseen))
        plan = Plan(self._act(), effects, blockers, cautions)
        if self.options.dry_run:
            return self._dry_run(plan)
        offer = await self.passage.admit(plan)
        if offer is not None:
            return self._shown(offer.fields())
        return await self._remove_leftovers(dependents)

    async def _remove_leftovers(self, dependents: Dependents) -> ClusterWrite:
        loop = asyncio.get_running_loop()
        end = loop.time() + max(self.options.wait_seconds, _LEAST_WAIT)
        left = await self._removal(dependents)
        while left and loop.time() < end:
            await asyncio.sleep(_PACE)
            with contextlib.suppress(KubeError):  # what was removed before stays told
                left = await self._removal(dependents)
        return self.result(_State(_Stage.GONE if left else _Stage.DONE, left=left))

    async def _removal(self, dependents: Dependents) -> tuple[str, ...]:
        """Removes what has been released; nothing once a new cluster has taken it over."""
        if await find_cluster(self.estate, self.namespace, self.order.name) is not None:
            return names_of(dependents.ours)
        removal = remove_dependents(self.estate, self.namespace, dependents)
        return await self.estate.work.finish(removal)

    def _plan(self, inventory: Inventory) -> Plan:
        policy, now = self.estate.policy, self.estate.now()
        with_dependents = self.order.delete_dependents
        databases = inventory.dependents.databases  # their data goes, whoever declared them
        blockers = [*protection(policy, self.namespace, inventory.cluster, *databases)]
        if DATABASES.plural in inventory.unseen:
            blockers.append(_PROTECTION_UNSEEN)
        if not self.order.without_backup:
            blockers += backup_gate(inventory, now, policy.backup_max_age)
        return Plan(
            self._act(),
            tuple(effects_of(inventory, with_dependents=with_dependents)),
            tuple(blockers),
            tuple(self._cautions(inventory)),
        )

    def _cautions(self, inventory: Inventory) -> Iterable[str]:
        yield backup_caution(inventory, self.estate.now())
        if self.order.without_backup:
            yield "without_backup=true: no recent backup is asked for."
        yield "Replica clusters in other namespaces are not looked for."
        yield from _unseen(inventory.unseen)
        made = whose(inventory.cluster.metadata)
        if made:
            yield made

    def _act(self) -> Act:
        order = self.order
        return Act(
            TOOL,
            self.namespace,
            {
                "name": order.name,
                "delete_dependents": order.delete_dependents,
                "without_backup": order.without_backup,
            },
        )

    async def _asked(self, cluster: Cluster) -> None:
        """Deletes the cluster, and looks whether it goes where the answer was lost.

        Raises:
            ToolFailure: `unavailable`, that cannot be seen.
        """
        try:
            await self._delete(cluster)
        except KubeError as error:
            if not error.maybe_applied or not await self._goes(cluster, error):
                raise

    async def _goes(self, cluster: Cluster, lost: KubeError) -> bool:
        try:
            found = await find_cluster(self.estate, self.namespace, cluster.name)
        except KubeError:
            raise ToolFailure(
                ErrorCode.UNAVAILABLE,
                f"Cluster {self.namespace}/{cluster.name} may or may not have been deleted, and "
                "the API server does not answer. What depends on it was not removed.",
                "Look with get_cluster_status once it answers; where it says not_found, "
                "delete_postgres_cluster with delete_dependents=true removes what was left.",
            ) from lost
        now = Cluster.parse(found) if found is not None else None
        return now is None or now.being_deleted or now.metadata.uid != cluster.metadata.uid

    async def _delete(self, cluster: Cluster, *, dry_run: bool = False) -> None:
        metadata = cluster.metadata
        only_this = Preconditions(metadata.uid, metadata.resource_version)
        await self.estate.kube.delete(
            CLUSTERS, self.namespace, cluster.name, only_this, dry_run=dry_run
        )
        if not dry_run:
            self.estate.journal.touches("Cluster", self.namespace, cluster.name, metadata.uid)

    async def _is_empty(self, uid: str) -> bool:
        """Whether nothing that belongs to the cluster of that uid is left."""
        instances = await read_instances(self.estate, self.namespace, self.order.name)
        parts: Sequence[Any] = [*instances.pods, *instances.claims]
        return not any(part.metadata.is_owned_by(uid) for part in parts)

    def _dry_run(self, plan: Plan) -> ClusterWrite:
        fields = {**Offer(plan).fields(), "outcome": Outcome.DRY_RUN, "next_step": _NOTHING}
        return self._shown(fields)

    def _next_step(self, state: _State) -> str:
        if state.stage is _Stage.REPLACED:
            return "A new cluster of that name has taken over what was left: nothing is to be done."
        if not state.left:
            return f"{_UNTIL_GONE}; volumes and pods go within seconds after that."
        return f"{_UNTIL_GONE}. {_REST}" if state.stage is _Stage.ASKED else _REST

    def _shown(self, fields: Mapping[str, Any]) -> ClusterWrite:
        return ClusterWrite(**fields, name=self.order.name)


def _unseen(kinds: Sequence[str]) -> Iterable[str]:
    if kinds:
        yield f"Not looked at, since this server may not: {', '.join(kinds)}."


def _told(state: _State) -> Iterable[str]:
    if state.finalizers:
        yield f"It waits for finalizers: {', '.join(state.finalizers)}."
    if state.left:
        yield f"Still there: {', '.join(state.left)}."


def _going(cluster: Cluster) -> ToolFailure:
    finalizers = ", ".join(cluster.metadata.finalizers) or "none"
    return ToolFailure(
        ErrorCode.BLOCKED,
        f"Cluster {cluster.namespace}/{cluster.name} is being deleted already; finalizers that "
        f"hold it: {finalizers}.",
        "Wait until get_cluster_status says not_found.",
    )
