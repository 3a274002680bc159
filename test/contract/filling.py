"""Many clusters that look healthy, quickly; nothing runs them."""

import asyncio

from cnpg_mcp.demo.client import ApiClient
from test.controlplane.clusters import HEALTHY, cluster

AT_ONCE = 40
"""Requests on the wire while many clusters are made."""


async def fill(admin: ApiClient, namespace: str, count: int, labels: dict[str, str]) -> list[str]:
    """Creates the objects and writes the status that the operator would; their names."""
    names = [f"orders-db-{number:03d}" for number in range(count)]
    turn = asyncio.Semaphore(AT_ONCE)

    async def make(name: str) -> None:
        body = cluster(namespace, name)
        body["metadata"]["labels"] = labels
        async with turn:
            await admin.create(body)
            await admin.patch_status("clusters", namespace, name, _status(name))

    await asyncio.gather(*(make(name) for name in names))
    return names


def _status(cluster_name: str) -> dict[str, object]:
    """What the operator reports of a healthy cluster with one instance."""
    primary = f"{cluster_name}-1"
    return {
        "phase": HEALTHY,
        "image": "registry.example/postgresql:18.4",
        "instances": 1,
        "readyInstances": 1,
        "currentPrimary": primary,
        "targetPrimary": primary,
        "instanceNames": [primary],
        "instancesStatus": {"healthy": [primary]},
    }
