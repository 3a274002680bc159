"""Creating a cluster: nothing is overwritten or adopted, and "applied" is said when proven."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from pydantic import JsonValue

from cnpg_mcp.domain.connection import connection_facts
from cnpg_mcp.domain.creation.image import image_for_version
from cnpg_mcp.domain.creation.leftovers import find_leftovers
from cnpg_mcp.domain.creation.manifest import ORDER_DIGEST, Draft, draft
from cnpg_mcp.domain.creation.order import ClusterOrder
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import find_cluster
from cnpg_mcp.domain.progress import Progress
from cnpg_mcp.domain.resources import CLUSTERS
from cnpg_mcp.domain.results import ClusterWrite, Outcome
from cnpg_mcp.domain.shaping import connection_result, finding_results
from cnpg_mcp.domain.status.assessment import Assessment, Verdict
from cnpg_mcp.domain.status.observe import observe
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.kube.client import Written
from cnpg_mcp.kube.errors import KubeError
from cnpg_mcp.kube.objects import KubeObject

_POLL_SECONDS = 1.0
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
    existing = await find_cluster(estate, place.namespace, place.name)
    if existing is not None:
        yield _repeated(existing, order, place)
        return
    await _require_clean_ground(estate, place)
    image = await image_for_version(estate, place.namespace, order)
    ready = draft(order, place.namespace, image)
    checked = await _send(estate, place, ready, dry_run=True)
    if dry_run:
        yield _dry_run(place, ready, checked)
        return
    written = await _send(estate, place, ready, dry_run=False)
    assessment = None
    async for step in _wait(estate, place, wait_seconds):
        if isinstance(step, Progress):
            yield step
        else:
            assessment = step
    yield _created(place, ready, written, assessment)


def _repeated(existing: KubeObject, order: ClusterOrder, place: _Place) -> ClusterWrite:
    """The answer when the name is taken: by this very order, or by something else."""
    cluster = Cluster.parse(existing)
    if cluster.metadata.annotations.get(ORDER_DIGEST) == order.digest():
        return ClusterWrite(
            outcome=Outcome.UNCHANGED,
            namespace=place.namespace,
            name=place.name,
            connection=connection_result(connection_facts(cluster)),
            next_step=_ASK_STATUS,
        )
    raise ToolFailure(
        ErrorCode.ALREADY_EXISTS,
        f"Cluster {place.namespace}/{place.name} exists and was not made by this very call.",
        "Choose another name, or look at what exists with get_cluster_status.",
    )


async def _require_clean_ground(estate: Estate, place: _Place) -> None:
    """Refuses to build on what an earlier cluster of that name left: it would be adopted."""
    _, leftovers = await asyncio.gather(
        estate.require_namespace(place.namespace),
        find_leftovers(estate, place.namespace, place.name),
    )
    if leftovers:
        raise ToolFailure(
            ErrorCode.BLOCKED,
            f"An earlier cluster {place.name} left objects that a new one would adopt: "
            f"{', '.join(leftovers)}.",
            "Choose another name, or have a person look at them and delete what is not needed.",
        )


async def _send(estate: Estate, place: _Place, ready: Draft, *, dry_run: bool) -> Written:
    return await estate.kube.create(CLUSTERS, place.namespace, ready.body, dry_run=dry_run)


async def _wait(
    estate: Estate, place: _Place, wait_seconds: int
) -> AsyncIterator[Progress | Assessment]:
    """Looks once a second until the verdict is settled or the time is up.

    A look that fails ends the waiting, not the call: the cluster has been created by then.
    """
    loop = asyncio.get_running_loop()
    start = loop.time()
    while (waited := loop.time() - start) < wait_seconds:
        await asyncio.sleep(min(_POLL_SECONDS, wait_seconds - waited))
        try:
            seen = await observe(estate, place.namespace, place.name)
        except (KubeError, ToolFailure):
            return
        yield seen.assessment
        if seen.assessment.verdict in _SETTLED:
            return
        phase = seen.evidence.cluster.status.phase or "not taken up by the operator yet"
        yield Progress(round(loop.time() - start, 1), wait_seconds, phase)


def _dry_run(place: _Place, ready: Draft, checked: Written) -> ClusterWrite:
    return ClusterWrite(
        outcome=Outcome.DRY_RUN,
        namespace=place.namespace,
        name=place.name,
        assumptions=ready.assumptions,
        defaults=_defaults(ready.body["spec"], checked.object.get("spec")),
        warnings=checked.warnings or None,
        next_step="Nothing was stored. Call again without dry_run to create it.",
    )


def _created(
    place: _Place, ready: Draft, written: Written, assessment: Assessment | None
) -> ClusterWrite:
    """`applied` only when instances, pods and phase were seen to agree after the write."""
    proven = (
        assessment is not None
        and assessment.verdict is Verdict.HEALTHY
        and "pods" not in assessment.unseen
    )
    return ClusterWrite(
        outcome=Outcome.APPLIED if proven else Outcome.ACCEPTED,
        namespace=place.namespace,
        name=place.name,
        verdict=assessment.verdict if assessment else None,
        findings=finding_results(assessment.findings) if assessment else None,
        assumptions=ready.assumptions,
        warnings=written.warnings or None,
        connection=connection_result(connection_facts(Cluster.parse(written.object))),
        next_step=None if proven else _ASK_STATUS,
    )


def _defaults(sent: JsonValue, stored: JsonValue) -> JsonValue:
    """What the operator filled in, as a part of the spec; `None` where that is nothing."""
    if not isinstance(stored, dict):
        return None if sent == stored else stored
    known = sent if isinstance(sent, dict) else {}
    parts = {key: _defaults(known.get(key), value) for key, value in stored.items()}
    return {key: part for key, part in parts.items() if part is not None} or None
