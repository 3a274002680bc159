"""Reads the evidence on a cluster from the API server, all parts at once."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from cnpg_mcp.domain import resources
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import CHUNK
from cnpg_mcp.domain.status.evidence import (
    INSTANCE_REPORTS,
    MAX_CHUNKS,
    PATIENCE,
    REPORT_PATH,
    REPORT_PORT,
    REPORT_TIMEOUT,
    SOURCES,
    Evidence,
    Source,
)
from cnpg_mcp.domain.views.base import View
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.reports import InstanceReport
from cnpg_mcp.domain.views.workloads import Pod
from cnpg_mcp.kube.client import Selection
from cnpg_mcp.kube.errors import (
    DeadlineExceeded,
    Forbidden,
    KubeError,
    NotFound,
    StatusError,
)

_FORBIDDEN = "forbidden"
_NO_ANSWER = "no answer in time"
_FAILED = "failed"
_RUNNING = "Running"


async def gather(estate: Estate, cluster: Cluster) -> Evidence:
    """The evidence on a cluster; a part that cannot be read is named in `unseen`, with why.

    Each part has its own time: one that is slow is not seen, and the others are.
    """
    parts = await asyncio.gather(*(_part(estate, cluster, source) for source in SOURCES.values()))
    read = dict(zip(SOURCES, parts, strict=True))
    read[INSTANCE_REPORTS] = await _reports(estate, read["pods"])
    seen: dict[str, Any] = {name: part.views for name, part in read.items()}
    unseen = {name: part.why for name, part in read.items() if part.why}
    return Evidence(cluster=cluster, **seen, unseen=unseen)


class _Part(NamedTuple):
    """What was read of a part, `None` for nothing that is of use; and why it is not the whole."""

    views: tuple[View, ...] | None
    why: str = ""


async def _reports(estate: Estate, pods: _Part) -> _Part:
    """What each running instance says of its PostgreSQL, or why nobody could ask."""
    if pods.views is None:
        return pods
    asked = [
        _report(estate, pod)
        for pod in pods.views
        if isinstance(pod, Pod) and pod.is_instance and pod.status.phase == _RUNNING
    ]
    try:
        async with asyncio.timeout(PATIENCE):
            return _Part(tuple(await asyncio.gather(*asked)))
    except Forbidden:
        return _Part(None, _FORBIDDEN)
    except TimeoutError:
        return _Part(None, _NO_ANSWER)


async def _report(estate: Estate, pod: Pod) -> InstanceReport:
    """A frozen PostgreSQL does not answer, an overloaded one refuses: both are reports, too."""
    name = f"https:{pod.name}:{REPORT_PORT}"
    try:
        body = await estate.kube.proxy(
            resources.PODS, pod.namespace, name, REPORT_PATH, patience=REPORT_TIMEOUT
        )
    except Forbidden:
        raise
    except StatusError as error:
        return InstanceReport.parse(pod.name, error.status, error.message)
    except KubeError:
        return InstanceReport.parse(pod.name, None, None)
    return InstanceReport.parse(pod.name, HTTPStatus.OK, body)


async def _part(estate: Estate, cluster: Cluster, source: Source) -> _Part:
    """The views of one part, or why it could not be read."""
    try:
        async with asyncio.timeout(PATIENCE):
            chosen = await asyncio.gather(
                *(_select(estate, cluster, source, selector) for selector in source.selectors)
            )
    except NotFound:
        return _Part(())  # the resource is not served here: there is nothing of it
    except Forbidden:
        return _Part(None, _FORBIDDEN)
    except (DeadlineExceeded, TimeoutError):
        return _Part(None, _NO_ANSWER)
    except KubeError:
        return _Part(None, _FAILED)
    views = tuple(view for one in chosen for view in one.views or () if source.keep(cluster, view))
    why = next((one.why for one in chosen if one.why), "")
    return _Part(views if source.partly or not why else None, why)


async def _select(
    estate: Estate, cluster: Cluster, source: Source, selector: Mapping[str, str]
) -> _Part:
    """The objects of one selector, read in chunks, at most so many as a part may have."""
    chosen = {key: value.format(name=cluster.name) for key, value in selector.items()}
    views: list[View] = []
    token = ""
    for _ in range(MAX_CHUNKS):
        page = await estate.kube.list(
            source.resource,
            Selection(
                namespace=None if source.anywhere else cluster.namespace,
                labels=chosen.get("labelSelector", ""),
                fields=chosen.get("fieldSelector", ""),
                limit=CHUNK,
                continue_token=token,
            ),
        )
        views += [source.view.parse(item) for item in page.items]
        token = page.continue_token
        if not token:
            return _Part(tuple(views))
    return _Part(tuple(views), f"more than {MAX_CHUNKS * CHUNK}")
