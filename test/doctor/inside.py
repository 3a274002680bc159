"""Looking from inside: a place with settings of the test's own, and what is found there."""

import functools
from collections.abc import Sequence
from typing import Any

from cnpg_mcp.doctor.examination import Check, examine
from cnpg_mcp.doctor.findings import Report
from cnpg_mcp.doctor.inside.place import Place
from cnpg_mcp.doctor.probe import Probe
from cnpg_mcp.kube.connection import ConnectionSource, connect
from cnpg_mcp.kube.transport import Transport
from cnpg_mcp.settings import Settings

LONG = "made-up-key-of-a-test-and-long-enough"
PATIENCE = 30.0


async def look_inside(
    checks: Sequence[Check[Place]],
    url: str | None = None,
    *,
    patience: float = PATIENCE,
    **settings: Any,
) -> Report:
    """What these checks find with these settings, where an answer may take so many seconds."""
    given = Settings(**settings)
    source = ConnectionSource(given.kubeconfig, given.kube_context)
    transport = Transport(functools.partial(connect, source), deadline=patience)
    try:
        async with Probe(patience=patience) as probe:
            return await examine(checks, Place(given, transport, probe, url))
    finally:
        await transport.close()
