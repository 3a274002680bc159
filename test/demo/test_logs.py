"""What goes wrong inside the demo is in its log with the trace, and a line on the screen."""

from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from cnpg_mcp.demo.logs import logged
from cnpg_mcp.demo.loopback import LoopbackServer
from cnpg_mcp.demo.simulation import Options, Simulation
from cnpg_mcp.demo.world import acting


async def _part() -> None:
    raise KeyError("a\nmistake")


async def test_mistake_of_a_part_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "demo.log"
    doing: acting.Acting[acting.World] = acting.Acting("node")
    with logged(log):
        for _ in range(2):
            await doing.guarded(_part())
    said = capsys.readouterr().err.splitlines()
    assert said == [f"cnpg-mcp-demo: node: KeyError('a\\nmistake') (more in {log})"]
    assert log.read_text().count("Traceback") == 1
    assert "in _part" in log.read_text()


async def test_mistake_in_an_answer_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(_: Scope, __: Receive, ___: Send) -> None:
        raise KeyError("mistake")

    log, server = tmp_path / "demo.log", LoopbackServer(broken)
    with logged(log):
        await server.start()
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(f"{server.address}/somewhere")
        await server.stop()
    assert answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    assert "no answer to GET /somewhere" in capsys.readouterr().err
    assert "KeyError: 'mistake'" in log.read_text()


async def test_nothing_is_told_where_nothing_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with logged(tmp_path / "demo.log"):
        simulation = Simulation(Options())
        await simulation.start()
        await simulation.stop()
    assert capsys.readouterr().err == ""
