"""The evidence is read within bounds of time and size, part by part."""

import asyncio

from cnpg_mcp.domain.lookup import CHUNK
from cnpg_mcp.domain.status import gather as gathering
from cnpg_mcp.domain.status.evidence import MAX_CHUNKS, SOURCES
from cnpg_mcp.domain.status.gather import gather
from cnpg_mcp.domain.status.verdict import assess
from cnpg_mcp.domain.views.cluster import Cluster
from test.unit.build_cluster import NOW, healthy
from test.unit.served import Served, estate

SCENE = healthy()
OBJECTS = {SOURCES[part].resource.plural: objects for part, objects in SCENE.parts.items()}
PATIENCE = 3.0
"""Seconds: what answers at once does so within these, however busy the machine is."""
MORE = f"more than {MAX_CHUNKS * CHUNK}"


async def gathered(kube):
    return await gather(estate(kube), Cluster.parse(SCENE.cluster))


class Slow(Served):
    """Never answers for one collection."""

    def __init__(self, plural: str) -> None:
        super().__init__(SCENE.cluster, OBJECTS)
        self._plural = plural

    async def list(self, resource, selection):
        if resource.plural == self._plural:
            await asyncio.Event().wait()
        return await super().list(resource, selection)


class SlowReports(Served):
    """Lists at once; no instance ever answers."""

    async def proxy(self, *_, **__):
        await asyncio.Event().wait()


async def test_everything_is_seen_when_all_answer():
    evidence = await gathered(Served(SCENE.cluster, OBJECTS))
    assert evidence.missing() == {}
    assert len(evidence.pods) == len(evidence.instance_reports) == 3


async def test_slow_part_is_not_seen_and_the_others_are(monkeypatch):
    monkeypatch.setattr(gathering, "PATIENCE", PATIENCE)
    slow = (gathered(Slow(source.resource.plural)) for source in SOURCES.values())
    for part, evidence in zip(SOURCES, await asyncio.gather(*slow), strict=True):
        reports = {"instance_reports": "no answer in time"} if part == "pods" else {}
        assert evidence.missing() == {part: "no answer in time", **reports}
        assert getattr(evidence, part) is None


async def test_silent_instances_do_not_hold_the_answer_up(monkeypatch):
    monkeypatch.setattr(gathering, "PATIENCE", PATIENCE)
    evidence = await gathered(SlowReports(SCENE.cluster, OBJECTS))
    assert evidence.missing() == {"instance_reports": "no answer in time"}


async def test_long_collection_is_not_read_to_its_end():
    pages = {"events": MAX_CHUNKS + 1, "backups": MAX_CHUNKS + 1, "jobs": MAX_CHUNKS}
    evidence = await gathered(Served(SCENE.cluster, OBJECTS, pages))
    assert evidence.missing() == {"events": MORE, "backups": MORE}
    assert evidence.backups is None
    assert evidence.events == ()
    assert assess(evidence, NOW).unseen["events"] == MORE
