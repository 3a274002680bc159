"""Creating a cluster: nothing is overwritten or adopted, and "applied" is said when proven."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from cnpg_mcp.domain.connection import connection_facts
from cnpg_mcp.domain.creation.ground import survey
from cnpg_mcp.domain.creation.image import image_for_version
from cnpg_mcp.domain.creation.manifest import ORDER_DIGEST, Draft, draft
from cnpg_mcp.domain.creation.order import ClusterOrder
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import find_cluster, read_cluster
from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.resources import CLUSTERS
from cnpg_mcp.domain.results import ClusterWrite, Outcome
from cnpg_mcp.domain.shaping import connection_result, finding_results
from cnpg_mcp.domain.status.assessment import Assessment, Verdict
from cnpg_mcp.domain.status.evidence import Evidence
from cnpg_mcp.domain.status.observe import Observation, observe
from cnpg_mcp.domain.status.verdict import assess
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.kube.client import Written
from cnpg_mcp.kube.errors import AlreadyExists, KubeError

_POLL_SECONDS = 1.0
_WHOLE_LOOK = 5
"""Every how many looks pods, volumes and events are looked at, too."""
_NOT_STORED = "Nothing was stored. Call again without dry_run to create it."
_READ_ONLY = "Nothing was stored, and this server is read-only: creating it needs another one."
_SETTLED = frozenset({Verdict.HEALTHY, Verdict.DOWN, Verdict.DEGRADED})
_ASK_STATUS = "Call get_cluster_status to follow it until the verdict is healthy."


@dataclass(frozen=True)
class _Place:
    """Where the cluster goes."""

    namespace: str
    name: str


async def create_cluster(
    estate: Estate, namespace: str | None, order: ClusterOrder, *, dry_run: bool, wait_seconds: int
) -> AsyncIterator[Progress | ClusterWrite]:
    """Creates a cluster, or only has it checked; yields progress, then the result.

    Repeating the call that made a cluster answers `unchanged`.

    Raises:
        ToolFailure: `invalid`, `blocked`, `already_exists`, `not_found`, `unsupported`.
        KubeError: the API server or the operator's webhook refused it, or did not answer.
    """
    place = _Place(await estate.namespace(namespace), order.name)
    order.check()
    if estate.read_only and not dry_run:
        raise ToolFailure(
            ErrorCode.BLOCKED, "This server is read-only.", "Call with dry_run=true to check only."
        )
    stand = await _standing(estate, place, order)
    if stand is None:
        try:
            prepared = await _prepare(estate, place, order)
            if dry_run:
                yield _dry_run(place, prepared, read_only=estate.read_only)
                return
            stand = await _make(estate, place, prepared)
        except AlreadyExists:  # another call was first by a moment
            stand = await _standing(estate, place, order)
            if stand is None:
                raise
    assessment = None
    async for step in _wait(estate, place, wait_seconds):
        if isinstance(step, Progress):
            yield step
        else:
            assessment = step
    yield _result(place, stand, assessment)


@dataclass(frozen=True)
class _Prepared:
    """An order that the API server would accept, and what could not be checked."""

    draft: Draft
    checked: Written
    unseen: Mapping[str, str]


@dataclass(frozen=True)
class _Stand:
    """The cluster that stands now; `made` is how, unless an earlier call of this order did it."""

    cluster: Cluster
    made: _Prepared | None = None
    warnings: tuple[str, ...] = ()


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
    image = await image_for_version(estate, place.namespace, order)
    ready = draft(order, place.namespace, image)
    checked = await estate.kube.create(CLUSTERS, place.namespace, ready.body, dry_run=True)
    return _Prepared(ready, checked, unseen)


async def _make(estate: Estate, place: _Place, prepared: _Prepared) -> _Stand:
    written = await estate.kube.create(CLUSTERS, place.namespace, prepared.draft.body)
    return _Stand(Cluster.parse(written.object), prepared, written.warnings)


async def _wait(
    estate: Estate, place: _Place, wait_seconds: int
) -> AsyncIterator[Progress | Assessment]:
    """Looks once a second until the verdict is settled or the time is up, and never longer."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    for look in itertools.count(1):
        left = wait_seconds - (loop.time() - start)
        if left <= 0:
            return
        await asyncio.sleep(min(_POLL_SECONDS, left))
        seen = await _look(estate, place, whole=look % _WHOLE_LOOK == 0, within=left)
        message = "no answer from the API server"
        if seen is not None:
            yield seen.assessment
            if seen.assessment.verdict in _SETTLED:
                return
            phase = seen.evidence.cluster.status.phase
            message = f"operator reports {quoted(phase)}" if phase else "not taken up yet"
        yield Progress(round(loop.time() - start, 1), wait_seconds, message)


async def _look(estate: Estate, place: _Place, *, whole: bool, within: float) -> Observation | None:
    """One look: at the Cluster alone while that says it is under way, but now and then at all.

    `None` when it fails or takes too long: the cluster has been created by then, so that ends
    nothing.
    """
    with contextlib.suppress(TimeoutError, KubeError, ToolFailure):
        async with asyncio.timeout(within):
            cluster = await read_cluster(estate, place.namespace, place.name)
            evidence = Evidence(cluster)
            alone = Observation(evidence, assess(evidence, estate.now()))
            if not whole and alone.assessment.verdict not in _SETTLED:
                return alone
            return await observe(estate, place.namespace, place.name)
    return None


def _dry_run(place: _Place, prepared: _Prepared, *, read_only: bool) -> ClusterWrite:
    sent, stored = prepared.draft.body["spec"], prepared.checked.object.get("spec")
    return ClusterWrite(
        outcome=Outcome.DRY_RUN,
        namespace=place.namespace,
        name=place.name,
        assumptions=prepared.draft.assumptions,
        defaults=_defaults(sent, stored),
        warnings=prepared.checked.warnings or None,
        unseen=prepared.unseen or None,
        next_step=_READ_ONLY if read_only else _NOT_STORED,
    )


def _result(place: _Place, stand: _Stand, assessment: Assessment | None) -> ClusterWrite:
    """`applied` only when instances, pods and phase were seen to agree after the write."""
    healthy = assessment is not None and assessment.verdict is Verdict.HEALTHY
    proven = healthy and assessment is not None and "pods" not in assessment.unseen
    made = stand.made
    outcome = Outcome.APPLIED if proven else Outcome.ACCEPTED
    return ClusterWrite(
        outcome=outcome if made else Outcome.UNCHANGED,
        namespace=place.namespace,
        name=place.name,
        verdict=assessment.verdict if assessment else None,
        findings=finding_results(assessment.findings) if assessment else None,
        assumptions=made.draft.assumptions if made else None,
        warnings=stand.warnings or None,
        unseen=(made.unseen or None) if made else None,
        connection=connection_result(connection_facts(stand.cluster)),
        next_step=None if proven else _ASK_STATUS,
    )


def _defaults(sent: JsonValue, stored: JsonValue) -> JsonValue:
    """What the operator filled in, as a part of the spec; `None` where that is nothing."""
    if not isinstance(stored, dict):
        return None if sent == stored else stored
    known = sent if isinstance(sent, dict) else {}
    parts = {key: _defaults(known.get(key), value) for key, value in stored.items()}
    return {key: part for key, part in parts.items() if part is not None} or None
