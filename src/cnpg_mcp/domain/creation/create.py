"""Creating a cluster: nothing is overwritten or adopted, and "applied" is said when proven."""

import itertools
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from cnpg_mcp.domain.connection import connection_facts
from cnpg_mcp.domain.creation.ground import survey
from cnpg_mcp.domain.creation.image import image_for_version
from cnpg_mcp.domain.creation.loading import load_plan
from cnpg_mcp.domain.creation.manifest import Draft, draft
from cnpg_mcp.domain.creation.order import ClusterOrder
from cnpg_mcp.domain.creation.schedule import check_schedule, ensure_schedule
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import find_cluster, read_cluster
from cnpg_mcp.domain.marks import ORDER_DIGEST
from cnpg_mcp.domain.options import Options
from cnpg_mcp.domain.outcomes import ClusterCreation, Outcome
from cnpg_mcp.domain.plans.passage import Passage
from cnpg_mcp.domain.plans.plan import Plan
from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.rehearsal import rehearsed
from cnpg_mcp.domain.resources import CLUSTERS
from cnpg_mcp.domain.shaping import connection_result, finding_results
from cnpg_mcp.domain.status.assessment import Assessment, Verdict
from cnpg_mcp.domain.status.evidence import Evidence
from cnpg_mcp.domain.status.observe import observe
from cnpg_mcp.domain.status.verdict import assess
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.waiting import Look, Sight, Watch
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.kube.client import Written
from cnpg_mcp.kube.errors import AlreadyExists, KubeError

_WHOLE_LOOK = 5
"""Every how many looks pods, volumes and events are looked at, too."""
_SETTLED = frozenset({Verdict.HEALTHY, Verdict.DOWN, Verdict.DEGRADED})
_ASK_STATUS = "Call get_cluster_status to follow it until the verdict is healthy."


@dataclass(frozen=True)
class _Place:
    """Where the cluster goes."""

    namespace: str
    name: str


async def create_cluster(
    estate: Estate, namespace: str | None, order: ClusterOrder, options: Options
) -> AsyncIterator[Progress | ClusterCreation]:
    """Creates a cluster, or only has it checked; yields progress, then the result.

    Repeating the call that made a cluster answers `unchanged`.

    Raises:
        ToolFailure: `invalid`, `blocked`, `already_exists`, `not_found`, `unsupported`.
        KubeError: the API server or the operator's webhook refused it, or did not answer.
    """
    place = _Place(await estate.namespace(namespace), order.name)
    order.check()
    stand = await _stand(estate, place, order, options)
    if isinstance(stand, ClusterCreation):
        yield stand
        return
    waiting = Watch[Assessment | None](_look(estate, place), options.wait_seconds, None)
    async for progress in waiting:
        yield progress
    yield _result(place, stand, waiting.latest)


@dataclass(frozen=True)
class _Prepared:
    """An order that the API server would accept, and what could not be checked."""

    draft: Draft
    checked: Written
    unseen: Mapping[str, str]

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the order did not say: the profile's choices, then the operator's that matter."""
        return (*self.draft.assumptions, *_operators_choices(self))


@dataclass(frozen=True)
class _Stand:
    """The cluster that stands now; `made` is how, unless an earlier call of this order did it."""

    cluster: Cluster
    made: _Prepared | None = None
    warnings: tuple[str, ...] = ()


async def _stand(
    estate: Estate, place: _Place, order: ClusterOrder, options: Options
) -> _Stand | ClusterCreation:
    """The cluster that stands then; or a plan, or what a dry run gives, and nothing was made."""
    loading = load_plan(estate.policy, place.namespace, order)
    if not options.dry_run and not loading.effects:
        await estate.require_write()
    stand = await _standing(estate, place, order)
    if stand is not None:
        return await _complete(estate, place, order, options, stand)
    try:
        prepared = await _prepare(estate, place, order)
        if options.dry_run:
            return await _dry_run(estate, place, prepared, loading)
        if loading.effects:
            offer = await Passage(estate, options.confirmation).admit(loading)
            if offer is not None:
                return ClusterCreation(**offer.fields(), name=place.name)
        return await estate.work.finish(_make(estate, place, order, prepared))
    except AlreadyExists:  # another call was first by a moment
        stand = await _standing(estate, place, order)
        if stand is None:
            raise
        return stand


async def _complete(
    estate: Estate, place: _Place, order: ClusterOrder, options: Options, stand: _Stand
) -> _Stand:
    """Makes the schedule that an earlier call of this order could not make."""
    if order.backup_object_store and not options.dry_run:
        await estate.require_write()
        await estate.work.finish(ensure_schedule(estate, place.namespace, order, stand.cluster))
    return stand


async def _standing(estate: Estate, place: _Place, order: ClusterOrder) -> _Stand | None:
    """What this very order made before, if it did.

    Raises:
        ToolFailure: `already_exists`, the name is taken by something else.
    """
    found = await find_cluster(estate, place.namespace, place.name)
    if found is None:
        return None
    cluster = Cluster.parse(found)
    if cluster.being_deleted:
        raise ToolFailure(
            ErrorCode.BLOCKED,
            f"Cluster {place.namespace}/{place.name} exists and is being deleted.",
            "Wait until it is gone (get_cluster_status says not_found), then call again.",
        )
    if cluster.metadata.annotations.get(ORDER_DIGEST) != order.digest(place.namespace):
        raise ToolFailure(
            ErrorCode.ALREADY_EXISTS,
            f"Cluster {place.namespace}/{place.name} exists and was not made by this very call.",
            "Choose another name, or look at what exists with get_cluster_status.",
        )
    return _Stand(cluster)


async def _prepare(estate: Estate, place: _Place, order: ClusterOrder) -> _Prepared:
    """Looks at the ground, and has the API server and the operator check the whole object."""
    unseen = await survey(estate, place.namespace, order)
    await check_schedule(estate, place.namespace, order)
    image = await image_for_version(estate, place.namespace, order)
    ready = draft(order, place.namespace, image)
    checked = await estate.kube.create(CLUSTERS, place.namespace, ready.body, dry_run=True)
    return _Prepared(ready, checked, unseen)


async def _make(estate: Estate, place: _Place, order: ClusterOrder, prepared: _Prepared) -> _Stand:
    cluster, warnings = await _stored(estate, place, order, prepared)
    estate.journal.touches("Cluster", place.namespace, place.name, cluster.metadata.uid)
    if order.backup_object_store:
        await ensure_schedule(estate, place.namespace, order, cluster)
    return _Stand(cluster, prepared, warnings)


async def _stored(
    estate: Estate, place: _Place, order: ClusterOrder, prepared: _Prepared
) -> tuple[Cluster, tuple[str, ...]]:
    """Stores the cluster, and looks whether it stands where the answer was lost."""
    try:
        written = await estate.kube.create(CLUSTERS, place.namespace, prepared.draft.body)
    except KubeError as error:
        stand = await _found_after(estate, place, order, error)
        if stand is None:
            raise
        return stand.cluster, ()
    return Cluster.parse(written.object), written.warnings


async def _found_after(
    estate: Estate, place: _Place, order: ClusterOrder, error: KubeError
) -> _Stand | None:
    """The cluster that a write of unknown fate has made.

    Raises:
        ToolFailure: that cannot be seen.
    """
    if not error.maybe_applied:
        return None
    try:
        return await _standing(estate, place, order)
    except KubeError:
        raise ToolFailure(
            ErrorCode.UNAVAILABLE,
            f"Cluster {place.namespace}/{place.name} may or may not have been created, and the "
            "API server does not answer.",
            "Repeat the same call once it does: it makes what is missing.",
        ) from error


def _look(estate: Estate, place: _Place) -> Look[Assessment | None]:
    """Looks at the Cluster alone while that says it is under way, but now and then at all."""
    looks = itertools.count(1)

    async def look() -> Sight[Assessment | None]:
        whole = next(looks) % _WHOLE_LOOK == 0
        cluster = await read_cluster(estate, place.namespace, place.name)
        evidence = Evidence(cluster)
        assessment = assess(evidence, estate.now())
        if whole or assessment.verdict in _SETTLED:
            seen = await observe(estate, place.namespace, place.name)
            cluster, assessment = seen.evidence.cluster, seen.assessment
        phase = cluster.status.phase
        message = f"operator reports {quoted(phase)}" if phase else "not taken up yet"
        return Sight(assessment, assessment.verdict in _SETTLED, message)

    return look


async def _dry_run(
    estate: Estate, place: _Place, prepared: _Prepared, loading: Plan
) -> ClusterCreation:
    sent, stored = prepared.draft.body["spec"], prepared.checked.object.get("spec")
    return ClusterCreation(
        **await rehearsed(estate, loading, "create it"),
        name=place.name,
        assumptions=prepared.assumptions,
        defaults=_defaults(sent, stored),
        warnings=prepared.checked.warnings or None,
        unseen=prepared.unseen or None,
    )


def _result(place: _Place, stand: _Stand, assessment: Assessment | None) -> ClusterCreation:
    """`applied` only when instances, pods and phase were seen to agree after the write."""
    healthy = assessment is not None and assessment.verdict is Verdict.HEALTHY
    proven = healthy and assessment is not None and "pods" not in assessment.unseen
    made = stand.made
    outcome = Outcome.APPLIED if proven else Outcome.ACCEPTED
    return ClusterCreation(
        outcome=outcome if made else Outcome.UNCHANGED,
        namespace=place.namespace,
        name=place.name,
        verdict=assessment.verdict if assessment else None,
        findings=finding_results(assessment.findings) if assessment else None,
        assumptions=made.assumptions if made else None,
        warnings=stand.warnings or None,
        unseen=(made.unseen or None) if made else None,
        connection=connection_result(connection_facts(stand.cluster)),
        next_step=None if proven else _ASK_STATUS,
    )


def _operators_choices(prepared: _Prepared) -> Iterator[str]:
    sent = Cluster.parse(prepared.draft.body).spec
    filled = Cluster.parse(prepared.checked.object).spec
    if filled.image_name and not sent.image_name:
        yield f"the operator's default image {quoted(filled.image_name)}"
    first = filled.bootstrap.initdb
    if first and first.database and not sent.bootstrap.initdb:
        yield f"a first database {quoted(first.database)}, owned by role {quoted(first.owner)}"


def _defaults(sent: JsonValue, stored: JsonValue) -> JsonValue:
    """What the operator filled in, as a part of the spec; `None` where that is nothing."""
    if not isinstance(stored, dict):
        return None if sent == stored else stored
    known = sent if isinstance(sent, dict) else {}
    parts = {key: _defaults(known.get(key), value) for key, value in stored.items()}
    return {key: part for key, part in parts.items() if part is not None} or None
