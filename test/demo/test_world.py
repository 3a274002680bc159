"""What node and operator work with: mistakes are told, an absent API server is not one."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from cnpg_mcp.demo.client import PATIENCE_SECONDS, ApiClient, until
from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.world import Acting, World
from cnpg_mcp.demo.world.conditions import condition, updated

OLD = "2001-01-01T00:00:00Z"


class Failing(ApiClient):
    """An API server whose watches fail, again and again."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.watches = 0

    async def request(self, *_: object, **__: object) -> KubeObject:
        """An empty list."""
        return {"items": [], "metadata": {"resourceVersion": "1"}}

    async def watch(self, *_: object) -> AsyncIterator[KubeObject]:
        """Nothing but the failure."""
        self.watches += 1
        if self.watches:
            raise self._error
        yield {}


async def _errors(error: Exception) -> list[str]:
    api = Failing(error)
    acting: Acting[World] = Acting("somebody")
    acting.start(World(api, ("clusters",)), ())
    try:
        await until(lambda: _again(api), PATIENCE_SECONDS, lambda: "it does not start over")
    finally:
        await acting.stop()
    return acting.errors


async def _again(api: Failing) -> bool:
    return api.watches > 1


@pytest.mark.parametrize("mistake", [ValueError("a bug"), KeyError("metadata")])
async def test_mistake_in_a_watch_is_told_and_it_starts_over(mistake: Exception) -> None:
    assert await _errors(mistake) == [repr(mistake)]


async def test_absent_api_server_is_no_mistake() -> None:
    assert await _errors(aiohttp.ClientConnectionError()) == []


def test_condition_keeps_its_time_while_its_status_stays() -> None:
    known = [
        {"type": kind, "status": "True", "lastTransitionTime": OLD}
        for kind in ("PodScheduled", "Ready")
    ]
    scheduled, unready = condition("PodScheduled", true=True), condition("Ready", true=False)
    now = {each["type"]: each["lastTransitionTime"] for each in updated(known, scheduled, unready)}
    assert now["PodScheduled"] == OLD
    assert now["Ready"] > OLD
