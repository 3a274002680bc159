"""Scaling a cluster: up at once, down by plan, since volumes go with the instances."""

import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.instances import Instances, claim_effect, cluster_effect, read_instances
from cnpg_mcp.domain.lookup import read_cluster
from cnpg_mcp.domain.names import check_cluster_name
from cnpg_mcp.domain.options import Options
from cnpg_mcp.domain.outcomes import ClusterWrite, Outcome
from cnpg_mcp.domain.ownership import whose
from cnpg_mcp.domain.plans.guards import protection
from cnpg_mcp.domain.plans.passage import Passage, anew
from cnpg_mcp.domain.plans.plan import Act, Effect, Fate, Plan
from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.rehearsal import rehearsed
from cnpg_mcp.domain.resources import CLUSTERS
from cnpg_mcp.domain.scaling.rules import require_quorum, require_ready, require_still, victims
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.waiting import Look, Sight, Watch
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.kube.errors import Forbidden

TOOL = "scale_postgres_cluster"
_ASK_STATUS = "Call get_cluster_status to follow it until the verdict is healthy."


async def scale_cluster(
    estate: Estate, namespace: str | None, name: str, instances: int, options: Options
) -> AsyncIterator[Progress | ClusterWrite]:
    """Sets the number of instances; yields progress, then the result.

    Raises:
        ToolFailure: `invalid`, `not_found`, `blocked`, and what the gate of a plan raises.
        KubeError: the API server or the operator's webhook refused it, or did not answer.
    """
    check_cluster_name(name)
    place = await estate.namespace(namespace)
    passage = Passage(estate, options.confirmation)
    scaling = _Scaling(estate, place, name, instances, options, passage)
    done = await anew(scaling.once)
    if isinstance(done, ClusterWrite):
        yield done
        return
    waiting = Watch(scaling.look(done), options.wait_seconds, latest=False)
    async for progress in waiting:
        yield progress
    yield scaling.shown(
        {
            "outcome": Outcome.APPLIED if waiting.latest else Outcome.ACCEPTED,
            "namespace": place,
            "warnings": done.warnings or None,
            "next_step": None if waiting.latest else _ASK_STATUS,
        }
    )


@dataclass(frozen=True)
class _Seen:
    """The cluster as it was read; `gone` are the instances that would be removed."""

    cluster: Cluster
    instances: Instances
    gone: tuple[str, ...]


@dataclass(frozen=True)
class _Asked:
    """A scaling that has been asked for."""

    gone: tuple[str, ...]
    claims: frozenset[str]
    warnings: tuple[str, ...]


@dataclass
class _Scaling:
    """One scaling on its way."""

    estate: Estate
    namespace: str
    name: str
    wanted: int
    options: Options
    passage: Passage

    async def once(self) -> _Asked | ClusterWrite:
        """Reads, plans, and sets the number where that may pass."""
        cluster = await read_cluster(self.estate, self.namespace, self.name)
        if cluster.spec.instances == self.wanted:
            return self.shown({"outcome": Outcome.UNCHANGED, "namespace": self.namespace})
        seen = await self._look(cluster)
        plan = self._plan(seen)
        if self.options.dry_run:
            return await self._checked(seen, plan)
        if plan.effects and self.options.confirmation is None:
            await self._foresee(seen)
        else:
            await self._patch(seen.cluster, dry_run=True)
        offer = await self.passage.admit(plan)
        if offer is not None:
            return self.shown(offer.fields())
        return await self.estate.work.finish(self._act(seen))

    def look(self, asked: _Asked) -> Look[bool]:
        """Counts what is there: specification, reports, pods and volumes have to agree."""

        async def look() -> Sight[bool]:
            cluster = await read_cluster(self.estate, self.namespace, self.name)
            instances = await read_instances(self.estate, self.namespace, self.name)
            ready, left = len(instances.ready), {each.metadata.uid for each in instances.claims}
            status = cluster.status
            proven = (
                cluster.spec.instances == self.wanted
                and status.instances == status.ready_instances == self.wanted
                and ready == len(instances.pods) == self.wanted
                and not asked.claims & left
            )
            phase = f"operator reports {quoted(status.phase)}"
            return Sight(proven, proven, f"{ready} of {self.wanted} ready; {phase}")

        return look

    def shown(self, fields: Mapping[str, Any]) -> ClusterWrite:
        """A result of this tool."""
        return ClusterWrite(**fields, name=self.name, instances=self.wanted)

    async def _look(self, cluster: Cluster) -> _Seen:
        require_quorum(cluster, self.wanted)
        require_still(cluster)
        instances = await read_instances(self.estate, self.namespace, self.name)
        require_ready(cluster, instances)
        surplus = max(cluster.spec.instances - self.wanted, 0)
        gone = tuple(victims(cluster, surplus))
        if len(gone) != surplus:
            raise _unknown_victims(cluster)
        return _Seen(cluster, instances, gone)

    def _plan(self, seen: _Seen) -> Plan:
        """What scaling down destroys; no effects on the way up."""
        act = Act(TOOL, self.namespace, {"name": self.name, "instances": self.wanted})
        if not seen.gone:
            return Plan(act, ())
        change = f"instances {seen.cluster.spec.instances} to {self.wanted}"
        effects = [cluster_effect(seen.cluster, Fate.CHANGED, change)]
        for name in seen.gone:
            detail = "the highest numbers that are not the primary go"
            effects.append(Effect(Fate.DELETED, "instance", name, self.namespace, detail=detail))
            claims = seen.instances.claims_of(name)
            effects += [claim_effect(claim, Fate.DELETED) for claim in claims]
        blockers = protection(self.estate.policy, self.namespace, seen.cluster)
        return Plan(act, tuple(effects), blockers, tuple(self._cautions(seen)))

    def _cautions(self, seen: _Seen) -> Iterable[str]:
        synchronous = seen.cluster.spec.postgresql.synchronous
        if self.wanted == 1:
            yield "One instance is left: no failover."
        if synchronous and synchronous.blocks_commits and self.wanted == synchronous.number + 1:
            yield "With every standby needed for commits, losing one stops all writes."
        yield "A failover before it is carried out changes which instance goes: then it is refused."
        made = whose(seen.cluster.metadata)
        if made:
            yield made

    async def _foresee(self, seen: _Seen) -> None:
        """Makes no plan for what the operator would refuse; who may not ask it gets one, too."""
        with contextlib.suppress(Forbidden):
            await self._patch(seen.cluster, dry_run=True)

    async def _act(self, seen: _Seen) -> _Asked:
        warnings = await self._patch(seen.cluster)
        uid = seen.cluster.metadata.uid
        self.estate.journal.touches("Cluster", self.namespace, self.name, uid)
        claims = [claim for name in seen.gone for claim in seen.instances.claims_of(name)]
        uids = frozenset(claim.metadata.uid for claim in claims)
        return _Asked(seen.gone, uids, warnings)

    async def _checked(self, seen: _Seen, plan: Plan) -> ClusterWrite:
        """What the API server and the operator say to it; nothing is stored."""
        warnings = await self._patch(seen.cluster, dry_run=True)
        told = await rehearsed(self.estate, plan, "scale it")
        return self.shown({**told, "warnings": warnings or None})

    async def _patch(self, cluster: Cluster, *, dry_run: bool = False) -> tuple[str, ...]:
        """Sets the number on the Cluster itself: its `/scale` would pass no webhook."""
        version = {"resourceVersion": cluster.metadata.resource_version}
        patch = {"metadata": version, "spec": {"instances": self.wanted}}
        kube = self.estate.kube
        written = await kube.patch(CLUSTERS, self.namespace, self.name, patch, dry_run=dry_run)
        return written.warnings


def _unknown_victims(cluster: Cluster) -> ToolFailure:
    return ToolFailure(
        ErrorCode.BLOCKED,
        f"The operator does not report all instances of {cluster.namespace}/{cluster.name}, so it "
        "cannot be told which of them would go.",
        "Call get_cluster_status to see what is wrong, and scale when all are reported.",
    )
