"""One look at a cluster: read everything, then judge."""

from dataclasses import dataclass
from datetime import datetime

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import read_cluster
from cnpg_mcp.domain.status.assessment import Assessment
from cnpg_mcp.domain.status.evidence import Evidence
from cnpg_mcp.domain.status.gather import gather
from cnpg_mcp.domain.status.verdict import assess


@dataclass(frozen=True)
class Observation:
    """What was seen of a cluster, what it means, and at which moment."""

    evidence: Evidence
    assessment: Assessment
    moment: datetime


async def observe(estate: Estate, namespace: str, name: str) -> Observation:
    """Reads a cluster with everything around it and assesses it.

    Raises:
        ToolFailure: `not_found`, `invalid`, `unsupported`.
    """
    cluster = await read_cluster(estate, namespace, name)
    evidence = await gather(estate, cluster)
    now = estate.now()
    return Observation(evidence, assess(evidence, now), now)
