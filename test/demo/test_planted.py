"""Every recorded situation, planted as the demo plants it, gets the verdict of the real one."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastmcp import Client, FastMCP

from cnpg_mcp.demo import planting, recordings, rights, samples
from cnpg_mcp.demo.pace import Pace
from cnpg_mcp.demo.simulation import Options, Simulation
from cnpg_mcp.serving.app import build_estate, build_server
from cnpg_mcp.settings import Settings
from test.contract.caller import Answer, Caller
from test.controlplane.clusters import HEALTHY
from test.demo.running import start_apart


async def _asked(situation: str, kubeconfig: Path) -> Answer:
    simulation = Simulation(Options())
    await simulation.start()
    try:
        for obj in rights.objects():
            await simulation.api.create(obj)
        planted_at = datetime.now(UTC)
        await simulation.plant(situation)
        simulation.kubeconfig(kubeconfig, rights.ACCOUNT, namespace=planting.NAMESPACE)
        name = recordings.load(situation)["cluster_name"]
        async with Client(_server_of_a_moment(planted_at, kubeconfig)) as client:
            return await Caller(client).call("get_cluster_status", name=name)
    finally:
        await simulation.stop()


def _server_of_a_moment(moment: datetime, kubeconfig: Path) -> FastMCP:
    """A server whose clock stands still: what was recorded does not grow older than it was."""
    estate = build_estate(Settings(kubeconfig=str(kubeconfig)), "cnpg-mcp")
    return build_server("cnpg-mcp", replace(estate, now=lambda: moment))


@pytest.mark.parametrize("situation", recordings.names())
def test_verdict_is_the_truth(situation: str, tmp_path: Path) -> None:
    answer = asyncio.run(_asked(situation, tmp_path / "kubeconfig"))
    assert answer.content["verdict"] == recordings.load(situation)["truth"]["verdict"]


async def test_all_else_is_as_it_should_be_before_the_operator_is_gone() -> None:
    simulation = Simulation(Options(pace=Pace(2), barman=True))
    await simulation.start()
    try:
        await samples.make(simulation.api)
        await simulation.plant("operator-down-healthy")
        found = {each["metadata"]["name"]: each for each in await simulation.api.list("clusters")}
        for name in ("orders", "sessions", samples.RESTLESS):
            assert found[name]["status"]["phase"] == HEALTHY
            assert found[name]["status"]["readyInstances"] == found[name]["spec"]["instances"]
        (backup,) = await simulation.api.list("backups")
        assert backup["status"]["phase"] == "completed"
        assert (await simulation.api.list("databaseroles"))[0]["status"]["applied"]
        where = "deployments", "cnpg-system", "cnpg-controller-manager"
        assert not (await simulation.api.get(*where))["status"].get("readyReplicas")
        assert (simulation.node.errors, simulation.operator.errors) == ([], [])
    finally:
        await simulation.stop()


def test_situation_is_planted_by_the_command(tmp_path: Path) -> None:
    running = start_apart(tmp_path / "screen", "--situation", "archiving-failing")
    try:
        assert planting.NAMESPACE in running.said
        with running.desk(running.test, running.token) as desk:
            (row,) = desk.ask("list_postgres_clusters", namespace=planting.NAMESPACE).data[
                "clusters"
            ]
            status = desk.ask("get_cluster_status", name=row["name"], namespace=planting.NAMESPACE)
        assert status.data["verdict"] == "degraded"
        assert "archiving-failing" in [each["code"] for each in status.data["findings"]]
    finally:
        assert running.interrupt() == 0
