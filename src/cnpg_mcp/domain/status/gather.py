"""Reads the evidence on a cluster from the API server, all parts at once."""

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from cnpg_mcp.domain import resources
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import CHUNK
from cnpg_mcp.domain.status.evidence import (
    INSTANCE_REPORTS,
    REPORT_PATH,
    REPORT_PORT,
    REPORT_TIMEOUT,
    SOURCES,
    Evidence,
    Source,
)
from cnpg_mcp.domain.views.base import ObjectView
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
    """The evidence on a cluster; a part that cannot be read is named in `unseen`, with why."""
    parts = await asyncio.gather(*(_part(estate, cluster, source) for source in SOURCES.values()))
    named: dict[str, Any] = dict(zip(SOURCES, parts, strict=True))
    pods = named["pods"]
    named[INSTANCE_REPORTS] = pods if isinstance(pods, str) else await _reports(estate, pods)
    seen = {name: part for name, part in named.items() if not isinstance(part, str)}
    unseen = {name: part for name, part in named.items() if isinstance(part, str)}
    return Evidence(cluster=cluster, **seen, unseen=unseen)


async def _reports(estate: Estate, pods: Sequence[Pod]) -> tuple[InstanceReport, ...] | str:
    """What each running instance says of its PostgreSQL, or why nobody could ask."""
    running = [pod for pod in pods if pod.is_instance and pod.status.phase == _RUNNING]
    try:
        return tuple(await asyncio.gather(*(_report(estate, pod) for pod in running)))
    except Forbidden:
        return _FORBIDDEN


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


async def _part(estate: Estate, cluster: Cluster, source: Source) -> Sequence[ObjectView] | str:
    """The views of one part, or why it could not be read."""
    try:
        pages = await asyncio.gather(
            *(_select(estate, cluster, source, selector) for selector in source.selectors)
        )
    except NotFound:
        return ()  # the resource is not served here: there is nothing of it
    except Forbidden:
        return _FORBIDDEN
    except DeadlineExceeded:
        return _NO_ANSWER
    except KubeError:
        return _FAILED
    return tuple(view for page in pages for view in page if source.keep(cluster, view))


async def _select(
    estate: Estate, cluster: Cluster, source: Source, selector: Mapping[str, str]
) -> Sequence[ObjectView]:
    """All objects of one selector, read in chunks."""
    chosen = {key: value.format(name=cluster.name) for key, value in selector.items()}
    views: list[ObjectView] = []
    token = ""
    while True:
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
            return views
